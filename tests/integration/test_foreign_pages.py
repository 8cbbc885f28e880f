"""While `make run` is up, a web page from elsewhere reaches neither the embedded AWS nor the API."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.request import Request, urlopen

import pytest

from ops.local.processes import HOST
from tests.support.deployed import DeployedSluice

CREATE = ("POST", "/2015-03-31/functions")
ATTACKS = {
    "page": {"Origin": "https://evil.example"},
    "sandboxed page": {"Origin": "null"},
    "rebound name": {"Host": "evil.example"},
    "image": {"Sec-Fetch-Site": "cross-site"},
}


def _asked(port: int, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str]:
    connection = HTTPConnection(HOST, port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Access-Control-Allow-Origin", "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_foreign_page_cannot_use_the_embedded_aws(stack: DeployedSluice, attack: str) -> None:
    headers, port = ATTACKS[attack], stack.stack.aws_port
    for method, path in (
        CREATE,
        ("OPTIONS", "/"),
        ("GET", "/?Action=ListQueues"),
        ("POST", "/_ministack/reset"),
    ):
        assert _asked(port, method, path, headers, b"{}" if method == "POST" else b"") == (403, "")
    assert stack.client("lambda").list_functions()["Functions"]


def test_a_foreign_page_cannot_use_the_api(stack: DeployedSluice) -> None:
    token = {"Authorization": "Bearer local-operator"}
    for attack in ("page", "sandboxed page", "rebound name"):
        assert _asked(stack.stack.api_port, "GET", "/files", token | ATTACKS[attack])[0] == 403


def test_the_pages_own_uploads_are_taken(stack: DeployedSluice) -> None:
    asked = {"key": "data/in/by-page.txt", "content_type": "text/plain", "size": 4}
    status, offered = stack.api("/upload", "local-operator", "POST", asked)
    assert status == 200, offered
    page = {"Origin": stack.stack.api_url, "Sec-Fetch-Site": "same-site", **offered.get("headers", {})}
    with urlopen(Request(offered["url"], b"text", page, method="PUT"), timeout=10) as answer:
        assert answer.status == 200
