"""Presigned uploads: a browser puts a file into a bucket without its bytes passing through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VALID_SECONDS = 900


class UploadUrls:
    """Presigned PUT requests into a bucket by name."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def put_url(self, key: str, content_type: str) -> str:
        """Return a URL that takes one PUT of `key` with exactly this content type, for 15 minutes."""
        return self._s3.generate_presigned_url(
            ClientMethod="put_object",
            Params={"Bucket": self.name, "Key": key, "ContentType": content_type},
            ExpiresIn=VALID_SECONDS,
        )

    def origin(self) -> str:
        """Return scheme and host of the URLs, which a page must be allowed to connect to."""
        parts = urlsplit(self.put_url("x", "text/plain"))
        return f"{parts.scheme}://{parts.netloc}"
