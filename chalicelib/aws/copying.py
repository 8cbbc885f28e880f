"""Create-once server-side copies: of any size, never over an object that is there, even in a race.

A multipart copy completed with `If-None-Match: *` has no 5 GB limit and fails rather than overwrite
(CopyObject's own condition is too young to rely on). Parts are copied with `CopySourceIfMatch`, so exactly
the version that was seen arrives. An object whose whole content was already read is simply put.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from chalicelib.aws.bucket import S3_KEYS, Bucket, StoredObject
from chalicelib.aws.conditional_write import write_if_condition_holds
from chalicelib.aws.failures import is_missing, is_precondition_failed
from chalicelib.aws.move_secret import MoveSecret
from chalicelib.events import S3_ETAG
from chalicelib.proof import PROOF, read_claims, signed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 512 * 1024**2  # at most 10,000 parts of at most 5 GB: objects up to 5 TB
RANGED_BYTES = 5 * 1024**2  # what is larger can be copied in more parts than one
PARALLEL_PARTS = 8
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # S3 answers with the key, in XML 1.0
IDENTITY_METADATA = "sluice-identity"
CONTENT_METADATA = "sluice-content"  # the ETag of the copied bytes in one part, where it is known
METADATA_LIMIT_BYTES = 2048


class SourceChanged(Exception):  # noqa: N818 - an answer (412 or 404 on the source), not a fault
    """The object to copy is no longer the one that was seen."""


class KeysTakenError(RuntimeError):
    """Other uploads hold every key that a copy could have."""


class CopyTarget:
    """The bucket that copies go into; `secret` signs them, so that they are told from what uploaders put."""

    def __init__(self, s3: S3Client, bucket: Bucket, secret: MoveSecret) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._secret = secret
        self.name = bucket.name

    def copy_once(
        self,
        source: Bucket,
        seen: StoredObject,
        keys: Sequence[str],
        identity: str,
        claims: dict[str, str] | None = None,
        *,
        unlike: str = "",
    ) -> str:
        """Copy `seen` to the first of `keys` that no other upload holds and return that key.

        A key that already holds the copy of `identity` counts as copied: an interrupted copy is finished by
        its repeat. `claims` are noted in the copy's metadata. A copy that goes back to where its file once
        lay is to be `unlike` that in its ETag, by which a late worker would delete it. Raise SourceChanged
        when the source is gone or newer.
        """
        return self._copy(source, seen, keys, {**(claims or {}), IDENTITY_METADATA: identity}, unlike)[0]

    def copy_new(
        self, source: Bucket, seen: StoredObject, keys: Sequence[str], identity: str
    ) -> tuple[str, bool]:
        """Copy like `copy_once`; return the key and whether the copy was made now."""
        return self._copy(source, seen, keys, {IDENTITY_METADATA: identity}, "")

    def _copy(
        self, source: Bucket, seen: StoredObject, keys: Sequence[str], claims: dict[str, str], unlike: str
    ) -> tuple[str, bool]:
        if content := _content_of_copy(seen, unlike):
            claims = {**claims, CONTENT_METADATA: content}
        for key in keys:
            wanted = signed(claims, self._secret.read(), self._place(key), seen.size)
            if self._create(source, seen, key, _fitting(seen.metadata, wanted), unlike):
                return key, True
            if self.holds(key, claims[IDENTITY_METADATA], seen):
                return key, False
        raise KeysTakenError(f"every key for {source.name}/{seen.key} is taken: {list(keys)!r}")

    def claims(self, found: StoredObject) -> dict[str, str]:
        """Return what Sluice noted when it made this copy; nothing of an object that others put there."""
        if PROOF not in found.metadata:
            return {}
        claims = read_claims(found.metadata, self._secret.read(), self._place(found.key), found.size)
        return claims if _may_hold(found, claims.get(CONTENT_METADATA, "")) else {}

    def is_copy(
        self,
        found: StoredObject,
        identity: str,
        of: StoredObject | None = None,
        *,
        named_by_row: bool = False,
    ) -> bool:
        """Tell whether Sluice made this copy for `identity`, with the content of `of` as far as ETags tell.

        Release 0.1.0 signed nothing. Its copies count when their content is that of `of`, or as far as ETags
        tell when a row names their place.
        """
        same = has_same_content(of, found) if of else None
        if same is False:
            return False
        if PROOF in found.metadata:
            return self.claims(found).get(IDENTITY_METADATA) == identity
        is_old = found.metadata.get(IDENTITY_METADATA) == identity
        return is_old and (bool(same) or named_by_row)

    def holds(
        self, key: str, identity: str, of: StoredObject | None = None, *, named_by_row: bool = False
    ) -> bool:
        """Tell whether a copy that Sluice made for `identity` lies at `key`; see `is_copy`."""
        found = self._bucket.head(key)
        return found is not None and self.is_copy(found, identity, of, named_by_row=named_by_row)

    def discard(self, key: str, identity: str) -> None:
        """Delete a copy that was made for `identity`, unless another upload holds the key."""
        found = self._bucket.head(key)
        if found and self.is_copy(found, identity):
            with suppress(ClientError):  # replaced meanwhile: no longer ours to delete
                self._s3.delete_object(Bucket=self.name, Key=key, IfMatch=f'"{found.etag}"')

    def _place(self, key: str) -> str:
        return f"{self.name}/{key}"

    def _create(
        self, source: Bucket, seen: StoredObject, key: str, metadata: dict[str, str], unlike: str
    ) -> bool:
        properties: dict[str, Any] = {"Metadata": metadata, **seen.headers}
        if seen.content_type:
            properties["ContentType"] = seen.content_type
        if seen.tag_count:
            properties["Tagging"] = self._tags_of(source, seen)
        if len(seen.first_bytes) == seen.size and ("-" in unlike or not unlike or not seen.size):
            return self._bucket.put_once(key, seen.first_bytes, **properties)
        if NOT_IN_XML.search(key):
            return self._copy_whole(source, seen, key, properties)
        return self._copy_parts(source, seen, key, properties, _part_bytes(seen.size, unlike))

    def _copy_whole(self, source: Bucket, seen: StoredObject, key: str, properties: dict[str, Any]) -> bool:
        """Copy by one call, whose answer does not hold the key: up to 5 GB (docs/adr/003)."""

        def copy() -> None:
            self._s3.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": source.name, "Key": seen.key},
                CopySourceIfMatch=f'"{seen.etag}"',
                IfNoneMatch="*",
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                **properties,
            )

        try:
            created = write_if_condition_holds(copy)
        except ClientError as error:
            if is_missing(error):
                raise SourceChanged(seen.key) from None
            raise
        if not created and not source.is_unchanged(seen):
            raise SourceChanged(seen.key)  # 412 tells of either condition
        return created

    def _copy_parts(
        self, source: Bucket, seen: StoredObject, key: str, properties: dict[str, Any], part_bytes: int
    ) -> bool:
        def copy() -> None:
            upload = self._s3.create_multipart_upload(Bucket=self.name, Key=key, **properties)["UploadId"]
            try:
                self._s3.complete_multipart_upload(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": self._parts(source, seen, key, upload, part_bytes)},
                    IfNoneMatch="*",
                )
            except BaseException:
                with suppress(ClientError):  # the bucket's lifecycle rule clears what this leaves
                    self._s3.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload)
                raise

        return write_if_condition_holds(copy)

    def _parts(self, source: Bucket, seen: StoredObject, key: str, upload: str, part_bytes: int) -> list[Any]:
        def copy(number: int) -> dict[str, Any]:
            first = (number - 1) * part_bytes
            last = min(first + part_bytes, seen.size) - 1
            # S3 takes ranges only of what is larger than 5 MB; one part is the whole
            part: Any = {"CopySourceRange": f"bytes={first}-{last}"} if seen.size > part_bytes else {}
            try:
                response = self._s3.upload_part_copy(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    CopySource={"Bucket": source.name, "Key": seen.key},
                    CopySourceIfMatch=f'"{seen.etag}"',
                    **part,
                )
            except ClientError as error:
                if is_precondition_failed(error) or is_missing(error):
                    raise SourceChanged(seen.key) from None
                raise
            return {"PartNumber": number, "ETag": response["CopyPartResult"]["ETag"]}

        numbers = range(1, -(-seen.size // part_bytes) + 1)
        if len(numbers) == 1:
            return [copy(1)]
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            return list(pool.map(copy, numbers))

    def _tags_of(self, source: Bucket, seen: StoredObject) -> str:
        try:
            tags = self._s3.get_object_tagging(Bucket=source.name, Key=seen.key)["TagSet"]
        except ClientError as error:
            if is_missing(error):
                raise SourceChanged(seen.key) from None
            raise
        return urlencode({tag["Key"]: tag["Value"] for tag in tags})


def _part_bytes(size: int, unlike: str) -> int:
    """Return the size of parts; their number is part of the ETag, and another than that of `unlike`.

    Only an object of one part of at most 5 MB cannot be copied in more: its copy may have the same ETag.
    """
    parts = int(unlike.partition("-")[2] or 0)
    if -(-size // PART_BYTES) != parts:
        return PART_BYTES
    return RANGED_BYTES if parts == 1 else 2 * PART_BYTES


def _content_of_copy(seen: StoredObject, unlike: str) -> str:
    """Return the ETag that the content of a copy has in one part; empty when that is not known before."""
    is_one_part = seen.size <= _part_bytes(seen.size, unlike)
    return _of_one_part(seen) if is_one_part and _is_digest(seen) and _parts_of(seen) in {"", "1"} else ""


def _may_hold(found: StoredObject, content: str) -> bool:
    """Tell whether an object may be the copy that was signed with this content, as far as its ETag tells."""
    is_known = bool(content) and found.encryption in S3_KEYS
    return not is_known or (_is_digest(found) and _of_one_part(found) == content)


def has_same_content(one: StoredObject, other: StoredObject) -> bool | None:
    """Tell whether two objects hold the same bytes; None when their ETags cannot tell.

    The ETag of an object that was put whole is its MD5, that of one part the MD5 of that. More parts, and
    other keys than S3's own, make ETags that tell nothing of another object.
    """
    if one.size != other.size:
        return False
    if not (_is_digest(one) and _is_digest(other)):
        return None
    if one.etag == other.etag:
        return True
    return (
        None if {_parts_of(one), _parts_of(other)} - {"", "1"} else _of_one_part(one) == _of_one_part(other)
    )


def _is_digest(found: StoredObject) -> bool:
    return found.encryption in S3_KEYS and S3_ETAG.fullmatch(found.etag) is not None


def _parts_of(found: StoredObject) -> str:
    return found.etag.partition("-")[2]


def _of_one_part(found: StoredObject) -> str:
    if _parts_of(found):
        return found.etag
    return hashlib.md5(bytes.fromhex(found.etag), usedforsecurity=False).hexdigest() + "-1"


def _fitting(theirs: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Drop the source's metadata when ours would push it over S3's limit, rather than fail the copy."""
    wanted = {**theirs, **ours}
    size = sum(len(name) + len(value) for name, value in wanted.items())
    return wanted if size <= METADATA_LIMIT_BYTES else ours
