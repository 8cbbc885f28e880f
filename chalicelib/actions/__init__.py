"""What operators do through the API: replay, release, redrive, upload.

In comes a JSON body, which `requests` checks. Out go effects, by the same code as the lanes' own, and an
audit of who asked. Start reading at `replay`; `replay_plan` decides what each upload needs before anything
is done.
"""
