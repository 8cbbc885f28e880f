"""The entries of a job config document: read into jobs, or every fault of them at once.

Faults come in the order of the document, each with its entry's index, its field, the fix, and its line where
the document has more than one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from chalicelib.errors import ConfigError
from chalicelib.events import LONE_SURROGATE
from chalicelib.json_text import Path, places, read_json
from chalicelib.landing.jobs import Job, Jobs, claimed_name

MAX_ID = 256  # of a job: its bytes are a key of the tracking table
TEXT_FIELDS = ("job_id", "job_name", "source_file_name", "target_table")
REQUIRED = (*TEXT_FIELDS, "upsert_keys")
OPTIONAL = ("is_active", "state_machine", "max_retries", "columns", "delimiter", "expected")
FIELDS = (*REQUIRED, *OPTIONAL)
MAX_TEXT = 1024
MAX_JOB_BYTES = 128 * 1024  # of Step Functions' 256 KiB of input
MAX_RETRIES = 5

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BY_TIME = frozenset({"by", "timezone", "days", "grace_minutes"})
BY_SPAN = frozenset({"every_hours", "grace_minutes"})
MAX_HOURS = 24 * 366
MAX_GRACE_MINUTES = 7 * 24 * 60
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Fault = tuple[Path, str]


def parse_jobs(body: bytes, version: str, machines: Collection[str] | None = None) -> Jobs:
    """Read a config document; raise ConfigError listing every fault.

    `machines` are the names that `state_machine` may have; None takes any.
    """
    repeated: list[str] = []
    try:
        text = body.decode("utf-8-sig")
        document = read_json(text, repeated.append)
    except (ValueError, RecursionError) as error:
        raise ConfigError(version, [f"the config is not JSON in UTF-8: {error}"]) from None
    entries = entries_of(document)
    if entries is None:
        raise ConfigError(version, [f"the config must be a list of job definitions, it is {_kind(document)}"])
    found = [
        ((index, *path), fault)
        for index, job in enumerate(entries)
        for path, fault in _faults_of(job, machines)
    ]
    found += _clashes(entries)
    if found or repeated:
        prefix: Path = ("jobs",) if isinstance(document, dict) else ()
        raise ConfigError(version, _in_order(text, [((*prefix, *path), why) for path, why in found], prefix))
    return Jobs(_job(entry) for entry in entries)


def entries_of(document: Any) -> list[Any] | None:
    """Return a document's entries: it is a list, or has them as `jobs` beside `$schema`. None has neither."""
    if isinstance(document, dict) and document.keys() == {"$schema", "jobs"}:
        document = document["jobs"]
    return document if isinstance(document, list) else None


def _in_order(text: str, found: list[Fault], prefix: Path) -> list[str]:
    """Return faults as they are told, in the document's order, fields that are given twice among them."""
    first: dict[Path, tuple[int, int]] = {}
    again: list[tuple[Path, tuple[int, int]]] = []
    for order, (path, line) in enumerate(places(text)):
        if path in first:
            again.append((path, (order, line)))
        elif len(path) <= 2 or isinstance(path[-1], str):
            first[path] = (order, line)
    twice = {path for path, _ in again}
    repeats = [
        (place, path, f"is given twice in one object, first on line {first[path][1]}: keep one of them")
        for path, place in again
        if not any(path[:length] in twice for length in range(1, len(path)))
    ]
    faults = [(first.get(path) or first[path[: len(prefix) + 1]], path, fault) for path, fault in found]
    has_lines = "\n" in text.strip()
    return [
        f"{_name(path[len(prefix) :] or path)} {fault}" + f" (line {line})" * has_lines
        for (_, line), path, fault in sorted(faults + repeats, key=lambda each: each[0])
    ]


def _name(path: Path) -> str:
    return "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in path).lstrip(".")


def _kind(value: Any) -> str:
    """Name a JSON value as whoever wrote the config knows it."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number" if isinstance(value, float) else "null")


def _faults_of(job: Any, machines: Collection[str] | None) -> Iterator[Fault]:
    if not isinstance(job, dict):
        yield (), f"must be an object with {', '.join(REQUIRED)}; it is {_kind(job)}"
        return
    yield from (((name,), "is missing: add it") for name in REQUIRED if name not in job)
    for name, value in job.items():
        if name in FIELDS:
            if wrong := _wrong(name, value, machines):
                yield (name,), f"is {value!r:.80}: {wrong}"
        elif meant := _meant(name):
            yield (name,), f"is not a field of Sluice: is {meant} meant? Rename it"
    if "delimiter" in job and "columns" not in job:
        yield ("delimiter",), "goes with columns, which are missing"
    yield from _as_whole(job)


def _as_whole(job: dict[str, Any]) -> Iterator[Fault]:
    if LONE_SURROGATE.search(json.dumps(job, ensure_ascii=False)):
        yield (), "holds half a surrogate pair (\\ud800 to \\udfff): no text in UTF-8 can"
    try:
        if len(json.dumps(job, allow_nan=False)) > MAX_JOB_BYTES:
            yield (), f"is larger than {MAX_JOB_BYTES} bytes: it would not fit an execution's input"
    except ValueError:
        yield (), "holds a number that is too large for JSON"


def _wrong(name: str, value: Any, machines: Collection[str] | None) -> str:
    check = CHECKS.get(name, _wrong_text)
    if wrong := check(value):
        return wrong
    if name == "job_id" and len(value) > MAX_ID:
        return f"must have at most {MAX_ID} characters; it has {len(value)}"
    if name == "source_file_name" and not claimed_name(value):
        return "must end in a file name"
    if name == "state_machine" and machines is not None and value not in machines:
        return (
            f"STATE_MACHINES names {', '.join(sorted(machines)) or 'none'}: use such a name, or add this one"
        )
    return ""


def _wrong_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        return "must be a text that is not empty"
    return "" if len(value) <= MAX_TEXT else f"must have at most {MAX_TEXT} characters; it has {len(value)}"


def _wrong_flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _wrong_names(value: Any) -> str:
    texts = isinstance(value, list) and all(isinstance(key, str) and key.strip() for key in value)
    return "" if texts else "must be a list of column names"


def _wrong_columns(value: Any) -> str:
    if wrong := _wrong_names(value):
        return wrong
    if not value:
        return "must name at least one column"
    return "" if len({*value}) == len(value) else "must name each column once"


def _wrong_retries(value: Any) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_RETRIES
    return "" if is_number else f"must be a whole number from 0 to {MAX_RETRIES}"


def _wrong_delimiter(value: Any) -> str:
    is_one = isinstance(value, str) and len(value) == 1 and value not in '"\r\n'
    return "" if is_one else "must be one character, neither a quote nor a line end"


def _wrong_expectation(value: Any) -> str:
    """Say what is wrong with an `expected`; empty when it is right."""
    if not isinstance(value, dict) or ("by" in value) == ("every_hours" in value):
        return 'must be an object with either "by", a time of day, or "every_hours"'
    accepted = BY_TIME if "by" in value else BY_SPAN
    if unknown := sorted(value.keys() - accepted):
        return f"{unknown[0]!r:.80} is not a field of it: it takes {', '.join(sorted(accepted))}"
    if not _is_number(value.get("grace_minutes", 0), 0, MAX_GRACE_MINUTES):
        return f"grace_minutes must be a whole number from 0 to {MAX_GRACE_MINUTES}"
    if "every_hours" in value:
        in_range = _is_number(value["every_hours"], 1, MAX_HOURS)
        return "" if in_range else f"every_hours must be a whole number from 1 to {MAX_HOURS}"
    return _wrong_time_of_day(value)


def _wrong_time_of_day(value: dict[str, Any]) -> str:
    if not isinstance(value["by"], str) or not TIME.fullmatch(value["by"]):
        return "by must be a time of day, 00:00 to 23:59"
    if not _is_time_zone(value.get("timezone", "UTC")):
        return "timezone must be a name of the IANA database, such as Europe/Berlin"
    days = value.get("days", list(DAYS))
    listed = isinstance(days, list) and days and all(day in DAYS for day in days)
    return "" if listed else f"days must list some of {', '.join(DAYS)}"


def _is_number(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_time_zone(name: Any) -> bool:
    from zoneinfo import ZoneInfo  # a config without expectations needs none

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):  # a folder of the database is an OSError
        return False
    return True


CHECKS: dict[str, Callable[[Any], str]] = {
    "is_active": _wrong_flag,
    "upsert_keys": _wrong_names,
    "columns": _wrong_columns,
    "max_retries": _wrong_retries,
    "delimiter": _wrong_delimiter,
    "expected": _wrong_expectation,
}


@lru_cache(maxsize=1024)
def _meant(name: str) -> str:
    """Return the field that a misspelt name is most like; empty for a name of its own."""
    from difflib import get_close_matches

    plain = {_plain(field): field for field in FIELDS}
    close = get_close_matches(_plain(name[:MAX_TEXT]), plain, n=1, cutoff=0.85)
    return plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _clashes(entries: list[Any]) -> Iterator[Fault]:
    readers: dict[str, Callable[[str], str]] = {"job_id": str, "source_file_name": claimed_name}
    for name, read in readers.items():
        first: dict[str, int] = {}
        for index, job in enumerate(entries):
            value = job.get(name) if isinstance(job, dict) else None
            if not isinstance(value, str) or not read(value):
                continue
            earlier = first.setdefault(read(value), index)
            if earlier != index:
                yield (index, name), f"is {value!r:.80}: [{earlier}] has it already; make it unique"


def _job(entry: dict[str, Any]) -> Job:
    known = {name: entry[name] for name in FIELDS if name in entry}
    for name in ("upsert_keys", "columns"):
        if name in known:
            known[name] = tuple(known[name])
    extra = {name: value for name, value in entry.items() if name not in (*REQUIRED, "is_active")}
    return Job(**known, extra=extra)
