"""What a request of the API carries, read from the request that Chalice's app is answering."""

from __future__ import annotations

from typing import Any, NamedTuple

from chalicelib.errors import RequestError
from chalicelib.json_text import RepeatedFieldError, read_json


class Operator(NamedTuple):
    """Who asks: the token's role, with its name after a colon if it has one; and where from."""

    role: str
    address: str


def query_of(app: Any) -> dict[str, list[str]]:
    """Return the query parameters of the app's current request, with every repeat."""
    given = app.current_request.query_params
    return {name: given.getlist(name) for name in given} if given else {}


def body_of(app: Any) -> Any:
    """Return the JSON body, None without one; raise RequestError for no JSON, or a field given twice."""
    request = app.current_request
    try:
        return read_json(request.raw_body) if request.raw_body else None
    except RepeatedFieldError as error:
        raise RequestError(str(error)) from None
    except (ValueError, RecursionError):
        raise RequestError('the body is not JSON: send an object, as {"key": "data/in/a.csv"}') from None


def caller_of(app: Any) -> Operator:
    """Return who asks, as the authorizer and the gateway know them."""
    context = app.current_request.context
    return Operator(context["authorizer"]["principalId"], context["identity"]["sourceIp"])
