"""Who may call the API: bearer tokens and the two roles that they stand for.

A reader may look (GET); an operator may also act (POST). Tokens are compared in constant time, every known
one each time, so an answer's timing tells nothing of them. A token may carry the name of its holder, which
the audit of what was done with it tells.
"""

from __future__ import annotations

import json
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
    """The tokens of each role: one as it is, or several as a JSON object, `{"name": "token"}`.

    An empty token opens nothing.
    """

    reader: str
    operator: str

    def principal_of(self, authorization: str) -> str | None:
        """Return whom an `Authorization` header stands for: `role` or `role:name`, None for nobody."""
        scheme, _, token = authorization.strip().partition(" ")
        given = token.strip().encode()
        known = [
            f"{role}:{name}".removesuffix(":") if _equal(given, each) else None
            for role, text in ((Role.OPERATOR, self.operator), (Role.READER, self.reader))
            for name, each in _by_name(text).items()
        ]
        found = [principal for principal in known if principal]
        return found[0] if found and scheme.lower() == SCHEME else None


def methods_of(principal: str) -> list[str]:
    """Return what a principal may do."""
    return ALLOWED_METHODS[Role(principal.partition(":")[0])]


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


def _by_name(text: str) -> dict[str, str]:
    """Return the tokens of a secret by their names; a token that stands alone has none."""
    try:
        named = json.loads(text) if text.startswith("{") else None
    except ValueError:
        named = None
    return {str(name): str(each) for name, each in named.items()} if isinstance(named, dict) else {"": text}


def _equal(given: bytes, token: str) -> bool:
    return compare_digest(given, token.encode()) and bool(token)
