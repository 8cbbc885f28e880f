"""What every route of the status API needs: requests read, answers given, pages cut, callers known.

In come Chalice's requests. Out go checked parameters, positions in a list, roles of tokens, and `{"Code",
"Message"}` for whatever fails. `edge` is the only module beside app.py that knows Chalice; start reading
there and at `answers`.
"""
