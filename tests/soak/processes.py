"""The processes of a local Sluice under load: measure their memory, and kill workers."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.5


@dataclass
class Watch:
    """Resident memory in kB: of the server at each look, of each worker at its peak; and who was killed."""

    server: int
    server_kb: list[int] = field(default_factory=list)
    worker_kb: dict[int, int] = field(default_factory=dict)
    killed: list[int] = field(default_factory=list)

    def sample(self) -> None:
        """Look once at every process."""
        self.server_kb.append(resident_kb(self.server))
        for worker in workers_of(self.server):
            self.worker_kb[worker] = max(self.worker_kb.get(worker, 0), resident_kb(worker))

    def kill_one(self, chance: random.Random) -> None:
        """Kill a function's process as a machine's failure does, in the middle of whatever it does."""
        if workers := workers_of(self.server):
            victim = chance.choice(workers)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.killed.append(victim)


@contextmanager
def watched(server: int, kill_every: int) -> Iterator[Watch]:
    """Sample memory, and kill a worker at every n-th look, while the context lasts."""
    watch, done, chance = Watch(server), threading.Event(), random.Random()

    def look() -> None:
        while not done.wait(SAMPLE_SECONDS):
            watch.sample()
            if len(watch.server_kb) % kill_every == 0:
                watch.kill_one(chance)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def workers_of(server: int) -> list[int]:
    """Return the processes below the embedded AWS that run functions."""
    return [process for process in descendants(server) if is_worker(process)]


def descendants(process: int) -> list[int]:
    """Return all descendants of a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if parent_in(path.read_text()) == process:
                child = int(path.parent.name)
                found += [child, *descendants(child)]
    return found


def parent_in(stat: str) -> int:
    """Return the parent in a line of /proc; the process name before it may contain anything."""
    return int(stat.rpartition(")")[2].split()[1])


def resident_kb(process: int) -> int:
    """Return the resident memory of a process; 0 when it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def is_worker(process: int) -> bool:
    """Tell whether a process runs a function."""
    with suppress(OSError):
        return "ministack-lambda" in Path(f"/proc/{process}/cmdline").read_text()
    return False
