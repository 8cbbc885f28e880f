"""One S3 bucket: reads, conditional writes and listings that the lanes are built of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from chalicelib.aws.conditional_write import write_if_condition_holds
from chalicelib.aws.failures import code_of, is_missing, is_precondition_failed
from chalicelib.aws.listing_page import ARCHIVE_CLASSES, ListedObject, ListingPage, objects_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READ_WITHOUT_BODY = frozenset({"InvalidRange", "416", "InvalidObjectState"})  # empty, or in an archive tier
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
S3_KEYS = frozenset({"", "AES256"})  # encryptions under which an ETag tells the content
KEPT_HEADERS = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as one read saw it: `etag` without quotes, `first_bytes` up to what was asked for.

    With a `refusal` S3 did not give the object out: the other fields are those of a listing. `archived` names
    the storage class from which the content has to be restored first.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    content_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    tag_count: int = 0
    encryption: str = ""
    first_bytes: bytes = b""
    refusal: Exception | None = None
    archived: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A small object read whole; of one larger than was asked for, `body` is empty."""

    body: bytes
    etag: str
    last_modified: datetime
    size: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


class Bucket:
    """A bucket by name; every method is one S3 call unless it says otherwise."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def read(self, key: str, max_bytes: int) -> StoredObject | None:
        """Read the first `max_bytes` and what S3 knows of the object; None when it is not there.

        An empty object has no first byte to ask for (416): it takes a second call, as does an archived one.
        """
        if max_bytes == 0:
            return self.head(key)
        try:
            response = self._s3.get_object(Bucket=self.name, Key=key, Range=f"bytes=0-{max_bytes - 1}")
        except ClientError as error:
            if code_of(error) in READ_WITHOUT_BODY:
                return self.head(key)
            if is_missing(error):
                return None
            raise
        total = response.get("ContentRange", "").rpartition("/")[2]
        size = int(total) if total.isdigit() else response["ContentLength"]
        return _stored(key, response, size, response["Body"].read())

    def head(self, key: str) -> StoredObject | None:
        """Read what S3 knows of the object, without its content; None when it is not there."""
        try:
            response = self._s3.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return _stored(key, response, response["ContentLength"], b"")

    def as_listed(self, key: str, refusal: Exception) -> StoredObject | None:
        """Return what a listing tells of an object that S3 does not give out; None when it is not there."""
        listed = self.list_page(key).objects
        found = next((one for one in listed if one.key == key), None)
        if found is None:
            return None
        return StoredObject(key, found.size, found.etag, found.last_modified, headers={}, refusal=refusal)

    def read_document(
        self, key: str, unless_etag: str = "", max_bytes: int = MAX_DOCUMENT_BYTES
    ) -> Document | Literal["missing", "unchanged"]:
        """Read a small object whole, unless it is missing, still has `unless_etag` or is larger than that."""
        condition: Any = {"IfNoneMatch": f'"{unless_etag}"'} if unless_etag else {}
        try:
            response = self._s3.get_object(Bucket=self.name, Key=key, **condition)
        except ClientError as error:
            if code_of(error) in {"304", "NotModified"}:
                return "unchanged"
            if is_missing(error):
                return "missing"
            raise
        size = response["ContentLength"]
        return Document(
            response["Body"].read() if size <= max_bytes else b"",
            response["ETag"].strip('"'),
            _utc(response["LastModified"]),
            size,
            dict(response.get("Metadata", {})),
        )

    def put_once(self, key: str, body: bytes, **properties: Any) -> bool:
        """Create an object; return False, and leave alone what is there, when the key is taken."""

        def put() -> None:
            self._s3.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*", **properties)

        return write_if_condition_holds(put)

    def delete_if_unchanged(self, seen: StoredObject) -> bool:
        """Delete an object that is still the one that was seen; return False when it is gone or another.

        S3's own condition knows the ETag only, and the same bytes may have been put there again since: a look
        right before tells by time and metadata. What comes between that look and the delete, one round trip,
        with the same ETag, is deleted: an upload of the same bytes, never a file that Sluice brought back, as
        its ETag is another (`CopyTarget.copy_once`).
        """
        return self.is_unchanged(seen) and self.delete_if_match(seen.key, seen.etag)

    def is_unchanged(self, seen: StoredObject) -> bool:
        """Tell whether the object that was seen is still there, and not the same bytes put there again."""
        there = self.head(seen.key)
        before = (seen.etag, seen.last_modified, seen.metadata)
        return there is not None and (there.etag, there.last_modified, there.metadata) == before

    def delete_if_match(self, key: str, etag: str) -> bool:
        """Delete the object that still has `etag`; return False when it is gone or a newer one.

        A second call checks a refusal: when the object still has `etag`, the refusal is raised, so that the
        caller is called again. Nothing else would delete an object that was moved.
        """
        try:
            self._s3.delete_object(Bucket=self.name, Key=key, IfMatch=f'"{etag}"')
        except ClientError as error:
            if is_missing(error):
                return False
            if not is_precondition_failed(error) or self._still(key, etag):
                raise
            return False
        return True

    def _still(self, key: str, etag: str) -> bool:
        found = self.head(key)
        return found is not None and found.etag == etag

    def list_page(
        self, prefix: str, *, token: str = "", start_after: str = "", delimiter: str = ""
    ) -> ListingPage:
        """List up to 1,000 keys below `prefix`, after `start_after` (exclusive) or from `token`."""
        request: Any = {"Bucket": self.name, "Prefix": prefix}
        options = {"ContinuationToken": token, "StartAfter": start_after, "Delimiter": delimiter}
        request |= {name: value for name, value in options.items() if value}
        page = self._s3.list_objects_v2(**request)
        prefixes = [item["Prefix"] for item in page.get("CommonPrefixes", ())]
        return ListingPage(objects_of(page), prefixes, page.get("NextContinuationToken", ""))

    def list_objects(self, prefix: str) -> Iterator[ListedObject]:
        """Stream every object below `prefix`, in UTF-8 byte order; one call per 1,000 keys."""
        token = ""
        while True:
            page = self.list_page(prefix, token=token)
            yield from page.objects
            token = page.next_token
            if not token:
                return


def _stored(key: str, response: Any, size: int, first_bytes: bytes) -> StoredObject:
    return StoredObject(
        key=key,
        size=size,
        etag=response["ETag"].strip('"'),
        last_modified=_utc(response["LastModified"]),
        content_type=response.get("ContentType", ""),
        metadata=dict(response.get("Metadata", {})),
        headers={name: response[name] for name in KEPT_HEADERS if response.get(name)},
        tag_count=_tag_count(response),
        encryption=response.get("ServerSideEncryption", ""),
        first_bytes=first_bytes,
        archived=_archived(response),
    )


def _archived(response: Any) -> str:
    """Return the archive that an object has to be restored from; empty when it can be read."""
    if 'ongoing-request="false"' in response.get("Restore", ""):
        return ""
    storage_class = str(response.get("StorageClass", ""))
    return str(response.get("ArchiveStatus", "")) or (
        storage_class if storage_class in ARCHIVE_CLASSES else ""
    )


def _tag_count(response: Any) -> int:
    """Return how many tags an object has, from the header itself: older boto3 reads it for GET only."""
    return int(response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-tagging-count", 0))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
