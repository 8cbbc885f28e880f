"""S3's rules that moto does not enforce."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any
from urllib.parse import unquote

from botocore.parsers import ResponseParserError
from moto.s3.models import s3_backends

from tests.support.strict.rules import Rejected

ACCOUNT = "123456789012"
KEY_BYTES = 1024
METADATA_BYTES = 2048
COPY_BYTES = 5 * 1024**3
RANGED_BYTES = 5 * 1024**2
DELETED_AT_ONCE = 1000

hidden_buckets: set[str] = set()  # buckets whose caller lacks s3:ListBucket

Parameters = Mapping[str, Any]


def _key(parameters: Parameters) -> None:
    if len(parameters["Key"].encode()) > KEY_BYTES:
        raise Rejected("KeyTooLongError", "Your key is too long")


def _metadata(parameters: Parameters) -> None:
    metadata = parameters.get("Metadata", {})
    if sum(len(name) + len(value) for name, value in metadata.items()) > METADATA_BYTES:
        raise Rejected("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")


def _create_once(parameters: Parameters) -> None:
    if parameters.get("IfNoneMatch", "*") != "*":
        raise Rejected("NotImplemented", "If-None-Match of a write accepts only *", 501)


def _copied_once(parameters: Parameters) -> None:
    _create_once(parameters)
    if "IfNoneMatch" in parameters and _object(parameters["Bucket"], parameters["Key"]) is not None:
        raise Rejected("PreconditionFailed", "At least one of the pre-conditions did not hold", 412)


def _answered_with_key(parameters: Parameters) -> None:
    """Answer as a parser does that meets a key which XML 1.0 cannot hold; moto escapes it."""
    if any((ord(one) < 32 and one not in "\t\n\r") or one in "\ufffe\uffff" for one in parameters["Key"]):
        raise ResponseParserError("Unable to parse response, invalid XML received")


def _source(parameters: Parameters) -> None:
    """Check a copy's source as AWS does: it exists, meets the conditions, is in range and within 5 GB."""
    found = _object(*_copy_source(parameters))
    if found is None:
        raise Rejected("NoSuchKey", "The specified key does not exist.", 404)
    wanted = parameters.get("CopySourceIfMatch", "").strip('"')
    if wanted and wanted != found.etag.strip('"'):
        raise Rejected("PreconditionFailed", "At least one of the pre-conditions did not hold", 412)
    if "CopySourceRange" in parameters and found.size <= RANGED_BYTES:
        raise Rejected(
            "InvalidRequest", "The specified copy source is not supported as a byte-range copy source"
        )
    first, last = _range(parameters, found.size)
    if first > last or last >= found.size:
        raise Rejected("InvalidArgument", f"Range is not valid for source object of size: {found.size}")
    if last - first >= COPY_BYTES:
        raise Rejected("InvalidRequest", "The specified copy source is larger than allowed: 5368709120")


def _object_source(parameters: Parameters) -> None:
    found = _object(*_copy_source(parameters))
    if found is None or found.size:  # unlike a part, a whole copy may be empty
        _source(parameters)


def _copy_source(parameters: Parameters) -> tuple[str, str]:
    """Return bucket and key of a copy's source, which botocore has encoded as a path."""
    bucket, _, key = unquote(parameters["CopySource"].partition("?versionId=")[0]).partition("/")
    return bucket, key


def _range(parameters: Parameters, size: int) -> tuple[int, int]:
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", parameters.get("CopySourceRange", ""))
    return (int(asked[1]), int(asked[2])) if asked else (0, size - 1)


def _visible(parameters: Parameters) -> None:
    if parameters["Bucket"] in hidden_buckets and _object(parameters["Bucket"], parameters["Key"]) is None:
        raise Rejected("AccessDenied", "no s3:ListBucket: a missing key is a secret", 403)


def _multipart(parameters: Parameters) -> None:
    uploads = s3_backends[ACCOUNT]["aws"].buckets[parameters["Bucket"]].multiparts
    if parameters["UploadId"] not in uploads:
        raise Rejected("NoSuchUpload", "The specified multipart upload does not exist.", 404)


def _deletions(parameters: Parameters) -> None:
    if len(parameters["Delete"]["Objects"]) > DELETED_AT_ONCE:
        raise Rejected("MalformedXML", "The XML you provided was not well-formed")


def _notifications(parameters: Parameters) -> None:
    filters = list(_filters(parameters["NotificationConfiguration"]))
    for one, other in combinations(filters, 2):
        if _overlap(one, other):
            raise Rejected("InvalidArgument", f"Configurations overlap: {one} and {other}")


def _filters(configuration: Mapping[str, Any]) -> Iterator[tuple[list[str], str, str]]:
    """Yield the events, prefix and suffix of every entry, whatever its destination."""
    for name, entries in configuration.items():
        if not name.endswith("Configurations"):
            continue
        for entry in entries:
            rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
            values = {rule["Name"].lower(): rule["Value"] for rule in rules}
            yield entry["Events"], values.get("prefix", ""), values.get("suffix", "")


def _overlap(one: tuple[list[str], str, str], other: tuple[list[str], str, str]) -> bool:
    events = any(_same_event(a, b) for a in one[0] for b in other[0])
    prefixes = one[1].startswith(other[1]) or other[1].startswith(one[1])
    suffixes = one[2].endswith(other[2]) or other[2].endswith(one[2])
    return events and prefixes and suffixes


def _same_event(one: str, other: str) -> bool:
    return one.rstrip("*").startswith(other.rstrip("*")) or other.rstrip("*").startswith(one.rstrip("*"))


def _object(bucket: str, key: str) -> Any:
    if bucket not in s3_backends[ACCOUNT]["aws"].buckets:
        return None
    return s3_backends[ACCOUNT]["aws"].get_object(bucket, key)


Rules = tuple[Callable[[Parameters], None], ...]
S3_RULES: dict[str, Rules] = {
    "s3.PutObject": (_key, _metadata, _create_once),
    "s3.CreateMultipartUpload": (_key, _metadata, _answered_with_key),
    "s3.CompleteMultipartUpload": (_multipart, _create_once),
    "s3.UploadPartCopy": (_multipart, _source),
    "s3.CopyObject": (_key, _metadata, _object_source, _copied_once),
    "s3.GetObject": (_key, _visible),
    "s3.HeadObject": (_key, _visible),
    "s3.GetObjectTagging": (_key, _visible),
    "s3.DeleteObjects": (_deletions,),
    "s3.PutBucketNotificationConfiguration": (_notifications,),
}
