"""Who may call the API: bearer tokens and the two roles that they stand for.

A reader may look (GET); an operator may also act (POST). Tokens are compared in constant time, every known
one each time, so an answer's timing tells nothing of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Protocol

SCHEME = "bearer"
CACHE_SECONDS = 60.0  # a rotated token works, and its predecessor ends, within a minute


class Role(StrEnum):
    """What a token allows."""

    READER = "reader"
    OPERATOR = "operator"


ALLOWED_METHODS: dict[Role, list[str]] = {Role.READER: ["GET"], Role.OPERATOR: ["GET", "POST"]}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token of each role; an empty one opens nothing."""

    reader: str
    operator: str

    def role_of(self, authorization: str) -> Role | None:
        """Return the role of an `Authorization` header's value, or None when it names no token of ours."""
        scheme, _, token = authorization.strip().partition(" ")
        given = token.strip().encode()
        is_operator = _equal(given, self.operator)
        is_reader = _equal(given, self.reader)
        if scheme.lower() != SCHEME or not (is_operator or is_reader):
            return None
        return Role.OPERATOR if is_operator else Role.READER


class SecretStore(Protocol):
    """Where tokens are kept."""

    def token(self, role: str) -> str:
        """Return a role's token as it is now."""


class CachedTokens:
    """Tokens fetched again when they are older than a minute, so rotation needs no redeploy."""

    def __init__(self, store: SecretStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._tokens: Tokens | None = None
        self._read_at = 0.0

    def read(self) -> Tokens:
        """Return the tokens, at most `CACHE_SECONDS` old."""
        if self._tokens is None or self._clock() - self._read_at >= CACHE_SECONDS:
            self._tokens = Tokens(self._store.token(Role.READER), self._store.token(Role.OPERATOR))
            self._read_at = self._clock()
        return self._tokens


class GivenTokens:
    """Tokens that the environment holds: those of stage `local`."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def read(self) -> Tokens:
        """Return the tokens."""
        return self._tokens


def _equal(given: bytes, token: str) -> bool:
    return compare_digest(given, token.encode()) and bool(token)
