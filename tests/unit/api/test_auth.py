"""Tokens and roles."""

from __future__ import annotations

import pytest

from chalicelib.api.auth import ALLOWED_METHODS, CachedTokens, Role, Tokens

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
    assert TOKENS.role_of(header) is role


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", ""])
def test_tokens_that_are_not_set_open_nothing(header: str) -> None:
    assert Tokens(reader="", operator="").role_of(header) is None


def test_one_token_for_both_roles_is_the_operators() -> None:
    assert Tokens(reader="same", operator="same").role_of("Bearer same") is Role.OPERATOR


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
