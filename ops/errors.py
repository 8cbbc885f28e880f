"""The error of every command: a person must mend something."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable


class OperationError(Exception):
    """An operation was refused or failed; the message names the input and the fix."""


def or_exit(step: Callable[[], None]) -> None:
    """Run a step inside Chalice; when it cannot be done, say why and end the command."""
    try:
        step()
    except OperationError as error:
        print(f"sluice: {error}", file=sys.stderr, flush=True)
        if threading.current_thread() is not threading.main_thread():
            os._exit(2)  # chalice local loads the app in a thread; sys.exit would end only that thread
        sys.exit(2)
