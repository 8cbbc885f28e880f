"""What callers of the API may ask: every parameter checked, every refusal naming what is accepted.

A parameter that a route does not know is refused rather than ignored: `?stats=failed` must not look like
"nothing failed". A repeated one is refused too: one of its values would win silently.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date as calendar_date

from chalicelib.errors import RequestError
from chalicelib.events import MAX_KEY_BYTES

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
PAGING = ("limit", "cursor")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[0-9]{1,6}")

Given = Mapping[str, Sequence[str]]


def read_parameters(given: Given, *accepted: str) -> dict[str, str]:
    """Return the query parameters that have a value; raise RequestError for an unknown or repeated one."""
    for name, values in given.items():
        if name not in accepted:
            raise RequestError(f"{name[:80]!r} is not a parameter of this route: {_accepted(accepted)}")
        if len(values) != 1:
            raise RequestError(f"{name} was given {len(values)} times: give it once")
    return {name: values[0] for name, values in given.items() if values[0]}


def read_date(values: Mapping[str, str], default: str) -> str:
    """Return `date`, or `default` when it was not given."""
    given = values.get("date", default)
    if not is_date(given):
        raise RequestError(f"date={given[:80]!r} is not a calendar date: write YYYY-MM-DD, as 2026-01-31")
    return given


def is_date(text: str) -> bool:
    """Tell whether `text` is a calendar date, YYYY-MM-DD."""
    try:
        return bool(DATE.fullmatch(text) and calendar_date.fromisoformat(text))
    except ValueError:
        return False


def read_limit(values: Mapping[str, str]) -> int:
    """Return `limit`, 1 to 100; 50 when it was not given."""
    return read_number(values, "limit", DEFAULT_LIMIT, MAX_LIMIT)


def read_number(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a number from 1 to `most`, or `default` when it was not given."""
    given = values.get(name, str(default))
    if not NUMBER.fullmatch(given) or not 1 <= int(given) <= most:
        raise RequestError(f"{name}={given[:80]!r} is not accepted: write a number from 1 to {most}")
    return int(given)


def read_choice(values: Mapping[str, str], name: str, choices: Collection[str]) -> str:
    """Return one of `choices`, or empty when the parameter was not given."""
    if name not in values:
        return ""
    if values[name] not in choices:
        raise RequestError(f"{name}={values[name][:80]!r} is not accepted: use one of {', '.join(choices)}")
    return values[name]


def read_key(values: Mapping[str, str], name: str = "key") -> str:
    """Return an object key exactly as given, spaces and all."""
    if not values.get(name):
        raise RequestError(f"{name} is missing: give the whole object key, URL-encoded, as {name}=data/in/…")
    return checked_key(values[name], name)


def checked_key(key: str, name: str) -> str:
    """Return `key` if S3 could hold it; raise RequestError when it could not."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise RequestError(f"{name} is not valid Unicode: {key[:80]!r}") from None
    if not 0 < length <= MAX_KEY_BYTES:
        raise RequestError(f"{name} has {length} bytes: an object key has 1 to {MAX_KEY_BYTES}")
    return key


def _accepted(names: Sequence[str]) -> str:
    return f"it takes {', '.join(names)}" if names else "it takes none"
