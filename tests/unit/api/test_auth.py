"""Tokens and roles."""

from __future__ import annotations

import pytest

from chalicelib.api.auth import ALLOWED_METHODS, CachedTokens, Role, Tokens, methods_of

TOKENS = Tokens(reader="r-token", operator="o-token")


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Bearer r-token", Role.READER),
        ("bearer r-token", Role.READER),
        ("  Bearer   o-token ", Role.OPERATOR),
        ("Bearer", None),
        ("Bearer ", None),
        ("r-token", None),
        ("Basic r-token", None),
        ("Bearer R-TOKEN", None),
        ("Bearer r-token x", None),
        ("Bearer ünïcode", None),
        ("", None),
    ],
)
def test_a_header_stands_for_one_role_or_none(header: str, role: Role | None) -> None:
    assert TOKENS.principal_of(header) == role


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", ""])
def test_tokens_that_are_not_set_open_nothing(header: str) -> None:
    assert Tokens(reader="", operator="").principal_of(header) is None


def test_one_token_for_both_roles_is_the_operators() -> None:
    assert Tokens(reader="same", operator="same").principal_of("Bearer same") == Role.OPERATOR


def test_readers_look_and_operators_act() -> None:
    assert ALLOWED_METHODS == {Role.READER: ["GET"], Role.OPERATOR: ["GET", "POST"]}


class Rotating:
    """Secrets whose tokens change with every read."""

    reads = 0

    def token(self, role: str) -> str:
        self.reads += 1
        return f"{role}-{(self.reads + 1) // 2}"


def test_a_rotated_token_is_read_within_a_minute_and_no_more_often() -> None:
    now = [0.0]
    tokens = CachedTokens(Rotating(), clock=lambda: now[0])
    assert tokens.read() == Tokens("reader-1", "operator-1")
    now[0] = 59.9
    assert tokens.read() == Tokens("reader-1", "operator-1")
    now[0] = 60.0
    assert tokens.read() == Tokens("reader-2", "operator-2")


NAMED = Tokens(reader="", operator='{"alice": "a-token", "bob": "b-token", "nobody": ""}')


@pytest.mark.parametrize(
    ("token", "principal"),
    [("a-token", "operator:alice"), ("b-token", "operator:bob"), ("", None), ("alice", None)],
)
def test_a_named_token_tells_who_holds_it(token: str, principal: str | None) -> None:
    assert NAMED.principal_of(f"Bearer {token}") == principal


@pytest.mark.parametrize("token", ["{odd", '["a"]', "a:b", "{}"])
def test_a_token_of_today_works_whatever_it_looks_like(token: str) -> None:
    assert Tokens(reader=token, operator="").principal_of(f"Bearer {token}") == (
        None if token == "{}" else Role.READER
    )


def test_a_name_changes_nothing_of_what_its_role_may_do() -> None:
    assert methods_of("reader:alice") == ["GET"]
    assert methods_of("operator:alice") == methods_of("operator") == ["GET", "POST"]
