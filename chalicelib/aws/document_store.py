"""Documents that may be too large for memory: read in ranges of one version, replaced only if unchanged."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws.conditional_write import write_if_condition_holds
from chalicelib.aws.failures import code_of, is_conflict, is_missing, is_precondition_failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class DocumentReplaced(Exception):  # noqa: N818 - an answer (412 or 404), not a fault
    """The version being read is no longer there: someone else replaced it."""


class Chunk(NamedTuple):
    """A range of one version of a document; `total_bytes` is the whole document's size."""

    body: bytes
    etag: str
    total_bytes: int


class DocumentStore:
    """The documents of a bucket by name."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def read_first(self, key: str, max_bytes: int) -> Chunk | None:
        """Read the first `max_bytes` of the current version; None when the document is not there."""
        try:
            response = self._s3.get_object(Bucket=self.name, Key=key, Range=f"bytes=0-{max_bytes - 1}")
        except ClientError as error:
            if code_of(error) in {"InvalidRange", "416"}:  # an empty object has no first byte
                return Chunk(b"", "", 0)
            if is_missing(error):
                return None
            raise
        return _chunk(response)

    def read_range(self, key: str, offset: int, max_bytes: int, etag: str) -> Chunk:
        """Read `max_bytes` from `offset` of the version `etag`; raise DocumentReplaced when it is gone."""
        try:
            response = self._s3.get_object(
                Bucket=self.name,
                Key=key,
                Range=f"bytes={offset}-{offset + max_bytes - 1}",
                IfMatch=f'"{etag}"',
            )
        except ClientError as error:
            if is_precondition_failed(error) or is_missing(error) or code_of(error) == "InvalidRange":
                raise DocumentReplaced(key) from None
            raise
        return _chunk(response)

    def replace(self, key: str, body: IO[bytes], etag: str, **properties: Any) -> bool:
        """Write `body` (from its start) over the version `etag`, or as a new document when `etag` is empty.

        Return False, and leave alone what is there, when someone else was faster.
        """
        condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}

        def put() -> None:
            body.seek(0)
            self._s3.put_object(Bucket=self.name, Key=key, Body=body, **condition, **properties)

        try:
            return write_if_condition_holds(put)
        except ClientError as error:
            if is_missing(error) or is_conflict(error):
                return False
            raise

    def put(self, key: str, body: bytes, **properties: Any) -> None:
        """Write a small document, whatever is there."""
        self._s3.put_object(Bucket=self.name, Key=key, Body=body, **properties)


def _chunk(response: Any) -> Chunk:
    total = response.get("ContentRange", "").rpartition("/")[2]
    body = response["Body"].read()
    return Chunk(body, response["ETag"].strip('"'), int(total) if total.isdigit() else len(body))
