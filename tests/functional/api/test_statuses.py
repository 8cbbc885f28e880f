"""Every status that every route can answer, and that each refusal says what to do.

The routes are those that app.py registers: a route without cases fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

import app
from tests.support.api import OPERATOR, READER, Api, Reply
from tests.support.lanes.ndjson import messages, upload
from tests.support.world import World

Route = tuple[str, str]

ROUTES: set[Route] = {(method, path) for path, methods in app.app.routes.items() for method in methods}
OPEN: set[Route] = {("GET", "/"), ("GET", "/health")}
GUARDED = ROUTES - OPEN
DEEDS = {route for route in GUARDED if route[0] == "POST"}
QUARANTINED, PENDING = "in/2026-01-15/bad.ndjson", "in/2026-01-15/good.ndjson"
TODAY_FAILED = {"status": "failed", "date": "2026-01-15"}


@dataclass(frozen=True)
class Case:
    """A request and the status that it gets; `says` is in the answer."""

    status: int
    given: Any = None
    says: str = ""


SPECIFIC: dict[Route, list[Case]] = {
    ("GET", "/"): [Case(200)],
    ("GET", "/health"): [Case(200)],
    ("GET", "/summary"): [Case(200), Case(400, {"date": "soon"}, "YYYY-MM-DD")],
    ("GET", "/trend"): [Case(200, {"days": 31}), Case(400, {"days": 32}, "1 to 31")],
    ("GET", "/alerts"): [Case(200), Case(400, {"date": "soon"}, "YYYY-MM-DD")],
    ("GET", "/files"): [
        Case(200),
        Case(400, {"status": "lost"}, "triggered"),
        Case(400, {"limit": 0}, "1 to 100"),
    ],
    ("GET", "/file"): [
        Case(200, {"key": "data/in/customers.csv"}),
        Case(400, says="key is missing"),
        Case(404, {"key": "absent"}, "/explain"),
    ],
    ("GET", "/explain"): [Case(200, {"key": "absent"}), Case(400, says="key is missing")],
    ("GET", "/batches"): [Case(200), Case(400, {"cursor": "AAAA"}, "next_cursor")],
    ("GET", "/manifests"): [Case(200), Case(400, {"data": "2026-01-15"}, "it takes date")],
    ("GET", "/quarantine"): [Case(200), Case(400, {"limit": "many"}, "1 to 100")],
    ("GET", "/jobs"): [Case(200), Case(400, {"limit": 101}, "1 to 100")],
    ("GET", "/discovery"): [Case(200), Case(400, {"cursor": "AAAA"}, "next_cursor")],
    ("POST", "/replay"): [
        Case(200, {"keys": ["data/in/customers.csv"]}),
        Case(200, TODAY_FAILED),
        Case(400, {"keys": []}, "at least one"),
    ],
    ("POST", "/quarantine/release"): [
        Case(200, {"key": QUARANTINED}),
        Case(400, {}, "key is missing"),
        Case(404, {"key": "absent"}, "/quarantine"),
        Case(409, {"key": PENDING}, "it is pending"),
    ],
    ("POST", "/redrive"): [Case(200, {"queue": "ndjson"}), Case(400, {"queue": "all"}, "landing")],
    ("POST", "/upload"): [
        Case(200, {"key": "data/in/a.csv", "size": 1}),
        Case(400, {"key": "data/in/a/", "size": 1}, "add the file's name"),
    ],
}
CASES = [(route, case) for route, cases in sorted(SPECIFIC.items()) for case in cases]


def ask(token: str, route: Route, given: Any) -> Reply:
    method, path = route
    return Api(token).get(path, given) if method == "GET" else Api(token).post(path, given)


def assert_refused(reply: Reply, status: int, code: str, says: str) -> None:
    assert (reply.status, reply.body["Code"]) == (status, code)
    assert says in reply.body["Message"]
    assert set(reply.body) == {"Code", "Message"}


@pytest.fixture
def filled(world: World) -> None:
    """Hold a triggered file, a quarantined one, and one that waits for its batch."""
    world.land("data/in/customers.csv")
    for event in [*messages(upload(QUARANTINED, body=b"not json\n")), *messages(upload(PENDING))]:
        app.ndjson_arrived(event, None)


def test_every_registered_route_has_cases() -> None:
    assert set(SPECIFIC) == ROUTES
    for route, cases in SPECIFIC.items():
        least = {200} if route in OPEN else {200, 400}
        assert least <= {case.status for case in cases}, route


@pytest.mark.parametrize(("route", "case"), CASES, ids=str)
def test_a_route_answers_with_the_status_of_its_case(filled: None, route: Route, case: Case) -> None:
    reply = ask(OPERATOR, route, case.given)
    assert reply.status == case.status, reply.text
    assert case.says in reply.text
    if case.status != 200:
        assert set(reply.body) == {"Code", "Message"}


@pytest.mark.parametrize("route", sorted(ROUTES), ids=str)
def test_an_unknown_parameter_or_field_is_400_naming_what_is_taken(aws: None, route: Route) -> None:
    reply = ask(OPERATOR, route, {"colour": "blue"})
    if route in OPEN:
        assert reply.status == 200
    else:
        assert_refused(reply, 400, "BadRequestError", "it takes ")


@pytest.mark.parametrize("route", sorted(GUARDED), ids=str)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_a_known_token_it_is_401_naming_the_header(route: Route, token: str) -> None:
    reply = ask(token, route, {})
    assert_refused(reply, 401, "UnauthorizedError", "send the header `Authorization: Bearer <token>`")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", sorted(DEEDS), ids=str)
def test_a_deed_of_a_reader_is_403_naming_whose_token_it_takes(route: Route) -> None:
    assert_refused(ask(READER, route, {}), 403, "ForbiddenError", "send an operator's token")


@pytest.mark.parametrize("path", ["/file/data/in/a.csv", "/fils", "/replay/all"])
@pytest.mark.parametrize("token", ["", READER])
def test_an_unknown_path_is_404_and_repeats_no_token(path: str, token: str) -> None:
    reply = Api(token).get(path)
    assert_refused(reply, 404, "NotFoundError", "Object keys travel as query parameters")
    assert READER not in reply.text


@pytest.mark.parametrize("route", sorted(ROUTES), ids=str)
def test_another_method_is_405_naming_the_right_one(route: Route) -> None:
    method, path = route
    reply = Api(OPERATOR).call("PATCH", path, {})
    assert_refused(reply, 405, "MethodNotAllowedError", f"use {method}")
    assert reply.headers["Allow"] == method


@pytest.mark.parametrize("route", sorted(DEEDS), ids=str)
@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 3000, b"a=1"])
def test_a_body_that_is_not_json_is_400_showing_one_that_is(aws: None, route: Route, raw: bytes) -> None:
    assert_refused(Api(OPERATOR).post(route[1], raw=raw), 400, "BadRequestError", "send an object, as {")


@pytest.mark.parametrize("route", sorted(DEEDS), ids=str)
def test_another_content_type_is_415_naming_it(route: Route) -> None:
    reply = Api(OPERATOR).post(route[1], raw=b"a=1", **{"Content-Type": "text/plain"})
    assert_refused(reply, 415, "UnsupportedMediaType", "text/plain")


@pytest.mark.parametrize("route", sorted(GUARDED), ids=str)
def test_without_its_resources_it_is_503_saying_how_to_start(route: Route) -> None:
    given = next(case.given for case in SPECIFIC[route] if case.status == 200)
    with mock_aws():
        reply = ask(OPERATOR, route, given)
    if route != ("POST", "/upload"):  # it signs an address and calls no AWS
        assert_refused(reply, 503, "ServiceUnavailableError", "make run")
