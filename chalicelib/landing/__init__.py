"""The landing lane: an object lands in the bucket, is catalogued, and starts its job or is put aside.

In comes an `ObjectEvent`, from S3, from discovery, from a replay or from `repair`. Out goes one row of the
catalogue, and with it an execution, a file that was moved, or an alert. Start reading at `routing`: it
looks at the object and decides; `outcomes` carries the decision out.
"""
