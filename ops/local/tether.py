"""Run a Python program that ends when the process that started it does: `tether.py [-m module | script] ...`.

A parent that is killed outright cannot stop its children; so each watches for being orphaned. Only the
standard library: it also runs inside the embedded AWS's own environment.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

CHECK_SECONDS = 0.5


def _end_when_orphaned(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the program that the arguments name, tied to the present parent."""
    threading.Thread(target=_end_when_orphaned, args=(os.getppid(),), daemon=True).start()
    del sys.argv[0]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
