"""Jobs, and which of them takes a file: by its name alone.

`config/config.json` in the landing bucket lists them; `entries` reads that, and `config` tells which version
of it is in force.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Any, NamedTuple

WILDCARD = re.compile(r"\*|\?|\[[^]]+\]")
MAX_PATTERNS = 20_000  # that a process keeps compiled


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the config; `extra` is what its executions get beside the first five fields."""

    job_id: str
    job_name: str
    source_file_name: str
    target_table: str
    upsert_keys: tuple[str, ...]
    is_active: bool = False
    state_machine: str = ""  # an alias of STATE_MACHINES; empty: the state machine of STEP_FUNCTION_ARN
    max_retries: int = 0
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    expected: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Jobs:
    """The jobs of one valid config, indexed for matching."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.all = tuple(jobs)
        self._exact = {claimed_name(job.source_file_name): job for job in self.all}
        patterns = [
            (_Pattern.of(claimed_name(job.source_file_name)), job)
            for job in self.all
            if WILDCARD.search(job.source_file_name)
        ]
        self._patterns = sorted(patterns, key=lambda each: -each[0].literal_length)

    def find_matching_job(self, key: str) -> Job | None:
        """Return the job whose `source_file_name` matches the key's last path segment, or None.

        Both sides are stripped and lower-cased, and compared in Unicode's form NFC. An exact name wins over
        shell-style patterns, then the pattern with the longest literal part, then the first in the config. As
        in a shell, a wildcard never stands for a dot that a name begins with.
        """
        name = claimed_name(key)
        exact = self._exact.get(name)
        return exact or next((job for pattern, job in self._patterns if pattern.takes(name)), None)


class _Pattern(NamedTuple):
    """A shell-style pattern; `head` and `tail` are what lies around its wildcards."""

    glob: str
    head: str
    tail: str
    literal_length: int

    @classmethod
    def of(cls, glob: str) -> _Pattern:
        literals = WILDCARD.split(glob)
        return cls(glob, literals[0], literals[-1], sum(map(len, literals)))

    def takes(self, name: str) -> bool:
        if not (name.startswith(self.head) and name.endswith(self.tail)):
            return False
        if name.startswith(".") and not self.head:
            return False
        return _compiled(self.glob).match(name) is not None


@lru_cache(maxsize=MAX_PATTERNS)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def normalize(text: str | None) -> str:
    """Strip, lower-case and compose (NFC) for comparison; None becomes empty."""
    if not text:
        return ""
    lowered = text.strip().lower()
    return lowered if lowered.isascii() else unicodedata.normalize("NFC", lowered)


def claimed_name(path: str) -> str:
    """Return what is compared of a key or a `source_file_name`: its last segment, normalized."""
    return normalize(path.rpartition("/")[2])
