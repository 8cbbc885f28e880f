"""`POST /upload`: where an operator's browser may put one file."""

from __future__ import annotations

import re

from chalicelib.actions.requests import read_body, read_object_key, read_text
from chalicelib.api.answers import Body
from chalicelib.aws.upload_urls import VALID_SECONDS, UploadUrls
from chalicelib.errors import RequestError
from chalicelib.settings import Settings

CONTENT_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}(; ?charset=[A-Za-z0-9-]+)?"
)
DEFAULT_TYPE = "application/octet-stream"


def offer_upload(urls: UploadUrls, settings: Settings, body: object) -> Body:
    """Return a presigned PUT for a key of the landing bucket; it grants nothing else."""
    fields = read_body(body, "key", "content_type")
    key, content_type = read_object_key(fields), read_text(fields, "content_type", "") or DEFAULT_TYPE
    if not CONTENT_TYPE.fullmatch(content_type):
        raise RequestError(f"content_type={content_type[:80]!r} is not a media type, such as text/csv")
    if key.endswith("/"):
        raise RequestError("key ends in a slash: that is a folder; add the file's name")
    if key.startswith(tuple(prefix for prefix in settings.own_outputs if prefix)):
        raise RequestError(
            f"key={key[:200]!r} lies where Sluice itself writes: choose {settings.input_prefix}…"
        )
    return {
        "url": urls.put_url(key, content_type),
        "method": "PUT",
        "headers": {"Content-Type": content_type},
        "bucket": urls.name,
        "key": key,
        "expires_in_seconds": VALID_SECONDS,
    }
