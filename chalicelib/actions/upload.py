"""`POST /upload`: where an operator's browser may put one file.

The URL acts with the API's rights, so it is for what an operator may do: bring a file to where files are
routed or batched. The job config decides what starts, and is not an operator's to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.actions.requests import read_body, read_flag, read_object_key, read_text
from chalicelib.api.answers import Body
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.upload_urls import VALID_SECONDS, UploadUrls
from chalicelib.errors import RequestError
from chalicelib.settings import BYTES_PER_MB, Settings

CONTENT_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}(; ?charset=[A-Za-z0-9-]+)?"
)
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket to upload to."""

    urls: UploadUrls
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Uploads:
    """What places to upload to are offered from."""

    landing: Place
    ndjson: Place
    settings: Settings


def offer_upload(uploads: Uploads, body: object) -> Body:
    """Return a presigned PUT for a new key of a watched bucket, or with `replace` for the version there."""
    fields = read_body(body, "key", "content_type", "size", "replace", "bucket")
    name = read_text(fields, "bucket", "landing")
    if name not in {"landing", "ndjson"}:
        raise RequestError(f"bucket={name[:80]!r} is not accepted: use one of landing, ndjson")
    if name == "ndjson":
        return _offer(uploads.ndjson, fields, uploads.settings, _check_ndjson)
    return _offer(uploads.landing, fields, uploads.settings, _check_landing)


def _offer(
    place: Place, fields: Mapping[str, Any], settings: Settings, check: Callable[[str, Settings], None]
) -> Body:
    key, content_type = read_object_key(fields), read_text(fields, "content_type", "") or DEFAULT_TYPE
    if not CONTENT_TYPE.fullmatch(content_type):
        raise RequestError(f"content_type={content_type[:80]!r} is not a media type, such as text/csv")
    check(key, settings)
    _check_place(key, settings)
    size = _size(fields, settings)
    there = place.bucket.head(key) if read_flag(fields, "replace") else None
    if there:
        url, condition = (
            place.urls.replace_url(key, content_type, size, there.etag),
            {"If-Match": f'"{there.etag}"'},
        )
    else:
        url, condition = place.urls.create_url(key, content_type, size), {"If-None-Match": "*"}
    return {
        "url": url,
        "method": "PUT",
        "headers": {"Content-Type": content_type, **condition},
        "bucket": place.urls.name,
        "key": key,
        "size": size,
        "expires_in_seconds": VALID_SECONDS,
    }


def _check_landing(key: str, settings: Settings) -> None:
    watched = [settings.input_prefix]
    if settings.s3_source_bucket == settings.landing_bucket:
        watched.append(settings.s3_prefix)
    if key == settings.config_key or not key.startswith(tuple(watched)):
        places = " or ".join(f"{prefix}…" for prefix in watched)
        raise RequestError(f"key={key[:200]!r} is not where files are uploaded: choose {places}")


def _check_ndjson(key: str, settings: Settings) -> None:
    if not key.lower().endswith(settings.ndjson_suffixes):
        endings = " or ".join(settings.ndjson_suffixes)
        raise RequestError(f"key={key[:200]!r} is no NDJSON file by its name: it must end in {endings}")


def _check_place(key: str, settings: Settings) -> None:
    if key.endswith("/"):
        raise RequestError("key ends in a slash: that is a folder; add the file's name")
    if key.startswith(tuple(prefix for prefix in settings.own_outputs if prefix)):
        raise RequestError(f"key={key[:200]!r} lies where Sluice itself writes: choose another folder")


def _size(fields: Mapping[str, Any], settings: Settings) -> int:
    size, limit = fields.get("size"), settings.max_upload_mb * BYTES_PER_MB
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= limit:
        raise RequestError(
            f"size is {size!r:.80}: give the file's number of bytes, which is signed, from 0 to {limit} "
            "(MAX_UPLOAD_MB)"
        )
    return size
