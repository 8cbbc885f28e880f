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
    ("region", "origin"),
    [
        ("us-east-1", f"https://{BUCKET}.s3.amazonaws.com"),
        ("eu-west-1", f"https://{BUCKET}.s3.eu-west-1.amazonaws.com"),
        ("eu-south-1", f"https://{BUCKET}.s3.eu-south-1.amazonaws.com"),
        ("cn-north-1", f"https://{BUCKET}.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_in_aws_it_is_the_host_of_the_buckets_region(region: str, origin: str) -> None:
    urls = UploadUrls(clients.client("s3", region), BUCKET)
    assert urls.put_url("data/in/a.csv", "text/csv").startswith(f"{origin}/data/in/a.csv?")
    assert f"connect-src 'self' {origin};" in page_headers(urls.origin())["Content-Security-Policy"]


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566", "http://emulator:80"])
def test_of_an_emulator_it_is_a_path(variable: str, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, endpoint)
    urls = UploadUrls(clients.client("s3", "eu-west-1"), BUCKET)
    assert urls.put_url("a", "text/csv").startswith(endpoint.removesuffix(":80"))
    assert f"/{BUCKET}/a?" in urls.put_url("a", "text/csv")
