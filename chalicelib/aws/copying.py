"""Create-once server-side copies: of any size, never over an object that is there, even in a race.

A multipart copy completed with `If-None-Match: *` has no 5 GB limit and fails rather than overwrite
(CopyObject's own condition is too young to rely on). Parts are copied with `CopySourceIfMatch`, so exactly
the version that was seen arrives. An object whose whole content was already read is simply put.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.conditional_write import write_if_condition_holds
from chalicelib.aws.failures import is_missing, is_precondition_failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 512 * 1024**2  # at most 10,000 parts of at most 5 GB: objects up to 5 TB
PARALLEL_PARTS = 8
IDENTITY_METADATA = "sluice-identity"
METADATA_LIMIT_BYTES = 2048


class SourceChanged(Exception):  # noqa: N818 - an answer (412 or 404 on the source), not a fault
    """The object to copy is no longer the one that was seen."""


class KeysTakenError(RuntimeError):
    """Other uploads hold every key that a copy could have."""


class CopyTarget:
    """The bucket that copies go into."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self._bucket = Bucket(s3, name)
        self.name = name

    def copy_once(
        self,
        source: Bucket,
        seen: StoredObject,
        keys: Sequence[str],
        identity: str,
        metadata: dict[str, str] | None = None,
    ) -> str:
        """Copy `seen` to the first of `keys` that no other upload holds and return that key.

        A key that already holds `identity` counts as copied: an interrupted copy is finished by its repeat.
        Raise SourceChanged when the source is gone or newer.
        """
        wanted = _fitting(seen.metadata, {**(metadata or {}), IDENTITY_METADATA: identity})
        for key in keys:
            if self._create(source, seen, key, wanted) or self.holds(key, identity):
                return key
        raise KeysTakenError(f"every key for {source.name}/{seen.key} is taken: {list(keys)!r}")

    def holds(self, key: str, identity: str) -> bool:
        """Tell whether a copy that `identity` made lies at `key`."""
        return self._find(key, identity) is not None

    def discard(self, key: str, identity: str) -> None:
        """Delete a copy that `identity` made, unless another upload holds the key."""
        if found := self._find(key, identity):
            with suppress(ClientError):  # replaced meanwhile: no longer ours to delete
                self._s3.delete_object(Bucket=self.name, Key=key, IfMatch=f'"{found.etag}"')

    def _find(self, key: str, identity: str) -> StoredObject | None:
        found = self._bucket.head(key)
        return found if found and found.metadata.get(IDENTITY_METADATA) == identity else None

    def _create(self, source: Bucket, seen: StoredObject, key: str, metadata: dict[str, str]) -> bool:
        properties: dict[str, Any] = {"Metadata": metadata, **seen.headers}
        if seen.content_type:
            properties["ContentType"] = seen.content_type
        if seen.tag_count:
            properties["Tagging"] = self._tags_of(source, seen)
        if len(seen.first_bytes) == seen.size:
            return self._bucket.put_once(key, seen.first_bytes, **properties)
        return self._copy_parts(source, seen, key, properties)

    def _copy_parts(self, source: Bucket, seen: StoredObject, key: str, properties: dict[str, Any]) -> bool:
        def copy() -> None:
            upload = self._s3.create_multipart_upload(Bucket=self.name, Key=key, **properties)["UploadId"]
            try:
                self._s3.complete_multipart_upload(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": self._parts(source, seen, key, upload)},
                    IfNoneMatch="*",
                )
            except BaseException:
                with suppress(ClientError):  # the bucket's lifecycle rule clears what this leaves
                    self._s3.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload)
                raise

        return write_if_condition_holds(copy)

    def _parts(self, source: Bucket, seen: StoredObject, key: str, upload: str) -> list[Any]:
        def copy(number: int) -> dict[str, Any]:
            first = (number - 1) * PART_BYTES
            last = min(first + PART_BYTES, seen.size) - 1
            # S3 takes ranges only of what is larger than 5 MB; one part is the whole
            part: Any = {"CopySourceRange": f"bytes={first}-{last}"} if seen.size > PART_BYTES else {}
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

        numbers = range(1, -(-seen.size // PART_BYTES) + 1)
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


def _fitting(theirs: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Drop the source's metadata when ours would push it over S3's limit, rather than fail the copy."""
    wanted = {**theirs, **ours}
    size = sum(len(name) + len(value) for name, value in wanted.items())
    return wanted if size <= METADATA_LIMIT_BYTES else ours
