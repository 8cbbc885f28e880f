"""Table manifests: once an hour, one list per table names the files that belong to it.

In comes a listing of the landing bucket and the `target_table`s of the jobs. Out goes
`manifests/tables/<table>.manifest`, written only when its bytes change. Start reading at `manifests`; which
table a file belongs to is `matching`.
"""
