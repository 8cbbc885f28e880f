"""Run a Python program that ends when its parent process ends: `end_with_parent.py <script> ...`.

A killed parent cannot stop its children, so each child watches its parent. This file needs only the standard
library, because it also runs in the embedded AWS's own environment.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

CHECK_SECONDS = 0.5


def tied(python: str, *script: str) -> list[str]:
    """Return the command that runs a script of `python`, tied to the process that starts it."""
    return [python, "-P", __file__, *script]


def _end_when_orphaned(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the script that the arguments name, tied to the present parent."""
    threading.Thread(target=_end_when_orphaned, args=(os.getppid(),), daemon=True).start()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
