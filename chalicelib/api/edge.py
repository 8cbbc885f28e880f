"""Where Chalice meets Sluice: events as they come, answers as API Gateway and `chalice local` give them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from chalice.app import AuthResponse, AuthRoute, Response

if TYPE_CHECKING:
    from chalice.app import Chalice

    from chalicelib.api.answers import Answer

try:  # what `chalice local` turns into an answer; Lambda has no such module
    from chalice.local import LocalGatewayException

    GatewayError: type[Exception] = LocalGatewayException
except ImportError:
    GatewayError = Exception


class AnyEvent:
    """A Lambda event as it is: Chalice's own classes fail on payloads that Sluice accepts."""

    def __init__(self, payload: Any, context: Any) -> None:
        self.payload = payload
        self.context = context


def take_any_event(app: Chalice) -> None:
    """Have the handlers that are registered so far called with an `AnyEvent`."""
    for handler in app.handler_map.values():
        handler.event_class = AnyEvent  # type: ignore[attr-defined]  # Chalice types them as plain functions


class RefusedCallError(GatewayError):  # type: ignore[misc,valid-type]  # the import above decides which
    """The authorizer turns a caller away; API Gateway answers 401 to the word "Unauthorized" alone."""

    def __init__(self, refusal: Answer) -> None:
        Exception.__init__(self, "Unauthorized" if refusal.status == 401 else refusal.body["Message"])
        self.CODE, self.headers = refusal.status, {"WWW-Authenticate": "Bearer"}
        self.body = json.dumps(refusal.body).encode()


def authorized(principal: Callable[[], str | None]) -> AuthResponse:
    """Let a caller do what its role may; raise RefusedCallError for one that no token makes known."""
    from chalicelib.api.answers import UNAUTHORIZED, answer
    from chalicelib.api.auth import methods_of

    caller = answer(principal)
    if not caller.body or caller.status != 200:
        raise RefusedCallError(caller if caller.status != 200 else UNAUTHORIZED)
    return AuthResponse([AuthRoute("*", methods_of(str(caller.body)))], str(caller.body))


def answered(view: Callable[[], Any]) -> Callable[[], Response]:
    """Answer a route with what `view` returns, or with the reason why it returns nothing."""

    @wraps(view)
    def respond() -> Response:
        from chalicelib.api.answers import answer

        given = answer(view)
        return Response(given.body, {"Cache-Control": "no-store"}, given.status)

    return respond
