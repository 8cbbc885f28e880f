"""Where a browser is told to put a file: at a host that answers it without a redirect, which CORS forbids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.api.status_page import page_headers
from chalicelib.aws import clients
from chalicelib.aws.upload_urls import UploadUrls

BUCKET = "sluice-dev-landing-123456789012"


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    clients._client.cache_clear()
    yield
    clients._client.cache_clear()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "s3.amazonaws.com"),
        ("eu-west-1", "s3.eu-west-1.amazonaws.com"),
        ("eu-south-1", "s3.eu-south-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_in_aws_it_is_the_host_of_the_buckets_region_and_strangers_are_not_told_the_bucket(
    region: str, host: str
) -> None:
    urls = UploadUrls(clients.client("s3", region), BUCKET)
    assert urls.create_url("data/in/a.csv", "text/csv", 1).startswith(
        f"https://{BUCKET}.{host}/data/in/a.csv?"
    )
    assert f"connect-src 'self' https://*.{host};" in page_headers(urls.origin)["Content-Security-Policy"]


def test_type_length_and_what_may_be_there_are_signed() -> None:
    urls = UploadUrls(clients.client("s3", "eu-west-1"), BUCKET)
    create, replace = urls.create_url("a", "text/csv", 7), urls.replace_url("a", "text/csv", 7, "e")
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match&" in create
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-match&" in replace


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566", "http://emulator:80"])
def test_of_an_emulator_it_is_a_path(variable: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, endpoint)
    urls = UploadUrls(clients.client("s3", "eu-west-1"), BUCKET)
    assert urls.create_url("a", "text/csv", 1).startswith(endpoint.removesuffix(":80"))
    assert f"/{BUCKET}/a?" in urls.create_url("a", "text/csv", 1)
