"""What the status API tells: every GET route, one module for each subject.

In come query parameters. Out goes JSON, read from the catalogue, the tracking table, discovery's state and
the job config. Nothing here writes. Start reading at `files`; `explain` tells what happened to one key and
what would happen.
"""
