"""Discovery: CSV files that no event announced are found by listing and comparing with what was seen before.

`scan` walks folders (`listing`), compares them with the stored state (`merge`), queues what is new or
changed (`enqueue`) and stores the state anew. `consumer` takes the queued messages and gives them to the
landing lane. Start reading at `scan`; the form of the state is `state_document`.
"""
