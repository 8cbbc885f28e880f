"""Files that should have come: which are due, which are late, and which came after all.

In come the jobs that have `expected`, and when a file last started each of them, which the landing lane notes
beside its row. Out go two alerts, "Expected File Is Late" and "Expected File Has Come", each once per due
time. Start reading at `watch`; `due` reckons due times, `state` decides what is told.
"""
