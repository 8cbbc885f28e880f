"""Presigned uploads: a browser puts a file into a bucket without its bytes passing through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VALID_SECONDS = 900


class UploadUrls:
    """Presigned PUT requests into a bucket by name."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def create_url(self, key: str, content_type: str, size: int) -> str:
        """Return a URL that takes one PUT of `key`, for 15 minutes, while there is no object.

        Type and number of bytes are signed: S3 refuses any other, and another PUT after the first.
        """
        given = self._given(key, content_type, size)
        return self._s3.generate_presigned_url(
            ClientMethod="put_object", Params={**given, "IfNoneMatch": "*"}, ExpiresIn=VALID_SECONDS
        )

    def replace_url(self, key: str, content_type: str, size: int, etag: str) -> str:
        """Return a URL like that of `create_url`, for as long as the object under `key` has `etag`."""
        given = self._given(key, content_type, size)
        return self._s3.generate_presigned_url(
            ClientMethod="put_object", Params={**given, "IfMatch": f'"{etag}"'}, ExpiresIn=VALID_SECONDS
        )

    def _given(self, key: str, content_type: str, size: int) -> dict[str, str | int]:
        return {"Bucket": self.name, "Key": key, "ContentType": content_type, "ContentLength": size}

    def origin(self) -> str:
        """Return scheme and host of the URLs, which a page must be allowed to connect to.

        The bucket's name, and with it the account, is not told: the page's policy is for anyone to read.
        """
        listing: Any = {"ClientMethod": "list_objects_v2", "Params": {"Bucket": self.name}}
        parts = urlsplit(self._s3.generate_presigned_url(**listing))
        of_bucket = self.name + "."
        host = parts.netloc
        anyones = "*." + host.removeprefix(of_bucket) if host.startswith(of_bucket) else host
        return f"{parts.scheme}://{anyones}"
