"""Web pages from elsewhere are refused by the local API, whatever they send."""

from __future__ import annotations

import pytest

from ops.local.foreign_pages import comes_from_another_site, refusal_of
from tests.support.api import OPERATOR, Api

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:4566",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::2]",
    "[",
]
FOREIGN_ORIGINS = ["https://evil.example", "null", "", "http://127.0.0.1.evil.example", "file://", "http://["]
OURS = ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "bucket.localhost:4566"]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_was_made_to_lead_here_is_refused(aws: None, host: str) -> None:
    assert host in refusal_of({"host": host})
    answer = Api(OPERATOR).call("GET", "/files", {}, headers={"Host": host})
    assert (answer.status, answer.body["Code"]) == (403, "ForbiddenError")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_page_is_refused_before_its_token_is_looked_at(aws: None, origin: str) -> None:
    answer = Api(OPERATOR).call("POST", "/replay", {}, b"{}", {"Host": "localhost:8000", "Origin": origin})
    assert (answer.status, answer.body["Code"]) == (403, "ForbiddenError")
    assert repr(origin) in answer.body["Message"]


@pytest.mark.parametrize("host", OURS)
def test_this_machines_own_pages_and_programs_are_served(aws: None, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert Api().call("GET", "/files", {}, headers=headers).status == 200
    assert refusal_of({}) == ""


def test_what_carries_no_origin_tells_its_site() -> None:
    assert comes_from_another_site({"sec-fetch-site": "cross-site"})
    assert not comes_from_another_site({"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"})
    assert not comes_from_another_site({})
