"""The NDJSON lane: files are validated and tracked, and batches of them are written as manifests.

In come messages of the lane's queue. Out go rows of the tracking table, manifests in S3, runs of a Glue
job, and for invalid files a copy in the quarantine bucket. Start reading at `arrivals`, then `threshold`,
then `manifests`; `repair_batches` and `repair_arrivals` finish what a dead process left and find what no
event announced.
"""
