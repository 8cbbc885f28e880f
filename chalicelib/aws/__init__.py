"""Adapters: one class per resource, the only importers of boto3 and botocore.

In come names and plain values. Out come plain values too; a refusal that is an answer (taken, changed,
gone) is a value, all else is an exception. Start reading at `clients`, then at the class that a lane's
`wiring` names.
"""
