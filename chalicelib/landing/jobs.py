"""The job config: which file name starts which ETL job.

`config/config.json` in the landing bucket is a list of jobs. Every fault of it is reported at once, each
with its index, field and fix. `config` tells which version of it is in force.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any

from chalicelib.errors import ConfigError
from chalicelib.events import LONE_SURROGATE

TEXT_FIELDS = ("job_id", "job_name", "source_file_name", "target_table")
FIELDS = (*TEXT_FIELDS, "upsert_keys", "is_active")
MAX_JOB_BYTES = 128 * 1024  # of Step Functions' 256 KiB of input
WILDCARD = re.compile(r"\*|\?|\[[^]]+\]")


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the config; `extra` keeps the fields that Sluice does not know."""

    job_id: str
    job_name: str
    source_file_name: str
    target_table: str
    upsert_keys: tuple[str, ...]
    is_active: bool
    extra: dict[str, Any] = field(default_factory=dict)


class Jobs:
    """The jobs of one valid config, indexed for matching."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.all = tuple(jobs)
        self._exact = {claimed_name(job.source_file_name): job for job in self.all}
        patterns = [job for job in self.all if WILDCARD.search(job.source_file_name)]
        patterns.sort(key=lambda job: -_literal_length(job.source_file_name))
        self._patterns = [
            (re.compile(translate(claimed_name(job.source_file_name))), job) for job in patterns
        ]

    def find_matching_job(self, key: str) -> Job | None:
        """Return the job whose `source_file_name` matches the key's last path segment, or None.

        Both sides are stripped and lower-cased. An exact name wins over shell-style patterns, then the
        pattern with the longest literal part, then the first in the config.
        """
        name = claimed_name(key)
        exact = self._exact.get(name)
        return exact or next((job for pattern, job in self._patterns if pattern.match(name)), None)


def normalize(text: str | None) -> str:
    """Strip and lower-case for comparison; None becomes empty."""
    return text.strip().lower() if text else ""


def claimed_name(path: str) -> str:
    """Return what is compared of a key or a `source_file_name`: its last segment, normalized."""
    return normalize(path.rpartition("/")[2])


def parse_jobs(body: bytes, version: str) -> Jobs:
    """Read a config document; raise ConfigError listing every fault with its index, field and fix."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(version, [f"the config is not JSON in UTF-8: {error}"]) from None
    if not isinstance(document, list):
        raise ConfigError(version, [f"the config must be a list of job definitions, it is {_kind(document)}"])
    faults = [fault for index, job in enumerate(document) for fault in _faults_of(index, job)]
    faults += _clashes(document)
    if faults:
        raise ConfigError(version, faults)
    return Jobs(_job(entry) for entry in document)


def _kind(value: Any) -> str:
    """Name a JSON value as whoever wrote the config knows it."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number" if isinstance(value, float) else "null")


def _faults_of(index: int, job: Any) -> Iterator[str]:
    if not isinstance(job, dict):
        yield f"[{index}] must be an object with {', '.join(FIELDS)}; it is {_kind(job)}"
        return
    for name in FIELDS:
        if name not in job:
            yield f"[{index}].{name} is missing: add it"
        elif wrong := _wrong(name, job[name]):
            yield f"[{index}].{name} is {job[name]!r:.80}: {wrong}"
    if LONE_SURROGATE.search(json.dumps(job, ensure_ascii=False)):
        yield f"[{index}] holds half a surrogate pair (\\ud800 to \\udfff): no text in UTF-8 can"
    if len(json.dumps(job)) > MAX_JOB_BYTES:
        yield f"[{index}] is larger than {MAX_JOB_BYTES} bytes: it would not fit an execution's input"


def _wrong(name: str, value: Any) -> str:
    if name == "is_active":
        return "" if isinstance(value, bool) else "must be true or false"
    if name == "upsert_keys":
        texts = isinstance(value, list) and all(isinstance(key, str) and key.strip() for key in value)
        return "" if texts else "must be a list of column names"
    if not isinstance(value, str) or not value.strip():
        return "must be a text that is not empty"
    if name == "source_file_name" and not claimed_name(value):
        return "must end in a file name"
    return ""


def _clashes(document: list[Any]) -> Iterator[str]:
    readers: dict[str, Callable[[str], str]] = {"job_id": str, "source_file_name": claimed_name}
    for name, read in readers.items():
        first: dict[str, int] = {}
        for index, job in enumerate(document):
            value = job.get(name) if isinstance(job, dict) else None
            if not isinstance(value, str) or not read(value):
                continue
            earlier = first.setdefault(read(value), index)
            if earlier != index:
                yield f"[{index}].{name} is {value!r:.80}: [{earlier}] has it already; make it unique"


def _job(entry: dict[str, Any]) -> Job:
    known = {name: entry[name] for name in FIELDS} | {"upsert_keys": tuple(entry["upsert_keys"])}
    return Job(**known, extra={name: value for name, value in entry.items() if name not in FIELDS})


def _literal_length(source_file_name: str) -> int:
    return len(WILDCARD.sub("", claimed_name(source_file_name)))
