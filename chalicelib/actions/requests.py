"""What an operator asks for: request bodies, checked field by field, and who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.api.cursors import Position, decode_cursor
from chalicelib.api.parameters import checked_key, is_date
from chalicelib.errors import RequestError
from chalicelib.landing.catalog import UploadStatus

MAX_KEYS = 100
WHICH = 'give either "keys": [...] or "status", with a "date" or for today'


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Uploads to route again: those of `keys`, or a page of those with a status on a date."""

    keys: tuple[str, ...] = ()
    status: str = ""
    date: str = ""
    dry_run: bool = False
    force: bool = False
    after: Position | None = None

    @property
    def query(self) -> str:
        """The query that a cursor belongs to."""
        return f"replay?date={self.date}&status={self.status}"


def read_body(body: object, *accepted: str) -> dict[str, Any]:
    """Return a JSON object's fields; raise RequestError for anything else and for unknown fields."""
    if not isinstance(body, dict):
        raise RequestError(f"the body must be a JSON object with {', '.join(accepted)}")
    for name in body:
        if name not in accepted:
            raise RequestError(f"{name[:80]!r} is not a field of this body: it takes {', '.join(accepted)}")
    return body


def read_replay(body: object, today: str) -> ReplayRequest:
    """Read the body of `POST /replay`; a status without a date means `today`."""
    fields = read_body(body, "keys", "status", "date", "dry_run", "force", "cursor")
    dry_run, force = read_flag(fields, "dry_run"), read_flag(fields, "force")
    if ("keys" in fields) == ("status" in fields or "date" in fields):
        raise RequestError(WHICH)
    if "keys" in fields:
        if "cursor" in fields:
            raise RequestError("cursor goes with status and date; keys are all replayed at once")
        return ReplayRequest(keys=_keys(fields["keys"]), dry_run=dry_run, force=force)
    request = ReplayRequest(status=_status(fields), date=_date(fields, today), dry_run=dry_run, force=force)
    return replace(request, after=decode_cursor(request.query, read_text(fields, "cursor", "")))


def read_flag(fields: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false; false when it is not given."""
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise RequestError(f"{name} is {value!r:.80}: write true or false")
    return value


def read_text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a text field; raise RequestError when it is missing and has no default, or is no text."""
    value = fields.get(name, default)
    if value is None:
        raise RequestError(f"{name} is missing: it must be a text")
    if not isinstance(value, str):
        raise RequestError(f"{name} is {value!r:.80}: it must be a text")
    return value


def read_object_key(fields: Mapping[str, Any]) -> str:
    """Return the field `key`, an object key exactly as given."""
    return checked_key(read_text(fields, "key"), "key")


def _keys(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(key, str) for key in value):
        raise RequestError("keys must be a list of object keys, at least one")
    unique = tuple(dict.fromkeys(checked_key(key, f"keys[{index}]") for index, key in enumerate(value)))
    if len(unique) > MAX_KEYS:
        raise RequestError(f"keys has {len(unique)} entries: replay at most {MAX_KEYS} at once")
    return unique


def _status(fields: Mapping[str, Any]) -> str:
    status = read_text(fields, "status", "")
    if status not in tuple(UploadStatus):
        raise RequestError(
            f"status={status[:80]!r} is not accepted: use one of {', '.join(UploadStatus)}; {WHICH}"
        )
    return status


def _date(fields: Mapping[str, Any], today: str) -> str:
    date = read_text(fields, "date", today)
    if not is_date(date):
        raise RequestError(f"date={date[:80]!r} is not a calendar date: write YYYY-MM-DD; {WHICH}")
    return date
