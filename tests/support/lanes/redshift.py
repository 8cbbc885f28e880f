"""A validator of Redshift COPY manifests, written from AWS's description of the format."""

from __future__ import annotations

import json
import re
from typing import Any

URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)


class InvalidManifest(Exception):  # noqa: N818 - what COPY would refuse
    """COPY would reject the manifest, or load other files than it names."""


def load_manifest(body: bytes) -> dict[str, int]:
    """Return the key of every object that COPY would load and its length; raise InvalidManifest."""
    try:
        document = json.loads(body.decode())
    except ValueError as error:
        raise InvalidManifest(f"not JSON in UTF-8: {error}") from None
    if not isinstance(document, dict) or set(document) != {"entries"}:
        raise InvalidManifest("the document must be an object with nothing but entries")
    if not isinstance(document["entries"], list):
        raise InvalidManifest("entries must be a list")
    objects: dict[str, int] = {}
    for index, entry in enumerate(document["entries"]):
        key, length = _read(index, entry)
        if key in objects:
            raise InvalidManifest(f"[{index}] would be loaded twice: {key!r}")
        objects[key] = length
    return objects


def _read(index: int, entry: Any) -> tuple[str, int]:
    if not isinstance(entry, dict) or set(entry) != {"url", "mandatory", "meta"}:
        raise InvalidManifest(f"[{index}] must have url, mandatory and meta: {entry!r}")
    address = URL.fullmatch(entry["url"]) if isinstance(entry["url"], str) else None
    if not address:
        raise InvalidManifest(f"[{index}] url must be s3://bucket/key: {entry['url']!r}")
    if entry["mandatory"] is not True:
        raise InvalidManifest(f"[{index}] a file that is missing would be passed over")
    length = entry["meta"].get("content_length") if isinstance(entry["meta"], dict) else None
    if not isinstance(length, int) or isinstance(length, bool) or length <= 0:
        raise InvalidManifest(f"[{index}] content_length must be a number of bytes: {length!r}")
    return address[2], length
