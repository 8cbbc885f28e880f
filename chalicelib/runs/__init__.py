"""How what was started ended: executions of state machines and Glue runs of batch manifests.

In come EventBridge's events of their ends, and the questions that `lost` asks where no event came. Out go
the row's or record's final status, an alert for a failure, and the next attempt. Start reading at `changes`,
then `ending`, which brings a row on, and `finishing`, which does what an end asks for.
"""
