"""The answers that API Gateway gives by itself, in the words and the form of Sluice's own answers.

API Gateway refuses an unknown token, an action of a reader and an unknown route before Sluice's code runs. A
deploy gives it these answers in the API's Swagger document; `chalice local` is given them directly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalice.deploy.swagger import SwaggerGenerator
from chalice.local import ForbiddenError, LocalGateway, LocalGatewayException, NotAuthorizedError

from chalicelib.api.answers import UNAUTHORIZED, Answer
from ops.deploy.patching import wrap
from ops.local.foreign_pages import refusal_of

EXTENSION = "x-amazon-apigateway-gateway-responses"
DENIED = Answer(
    403,
    {
        "Code": "ForbiddenError",
        "Message": "A reader's token may look only (GET): send an operator's token to act",
    },
)
NO_ROUTE = Answer(
    404,
    {
        "Code": "NotFoundError",
        "Message": "There is no such path, or it does not take this method: GET / is the page, and "
        "docs/api.md lists the routes. Object keys travel as query parameters, URL-encoded",
    },
)
NO_TOKENS = Answer(
    503,
    {
        "Code": "ServiceUnavailableError",
        "Message": "The API's tokens cannot be read, so nobody is let in: the log of the function "
        "`authorize` tells why",
    },
)
BUSY = Answer(
    429,
    {"Code": "TooManyRequestsError", "Message": "Too many requests at once: try again in a second"},
)
TOO_SLOW = Answer(
    504,
    {
        "Code": "GatewayTimeoutError",
        "Message": "The answer took longer than API Gateway waits: ask for less by `limit`; what was begun "
        "goes on, so look before you repeat an action",
    },
)
TOO_LARGE = Answer(
    413,
    {
        "Code": "RequestEntityTooLargeError",
        "Message": "A request has at most 10 MB: replay by status and date, or fewer keys at once",
    },
)
ANSWERS = {
    "UNAUTHORIZED": UNAUTHORIZED,
    "ACCESS_DENIED": DENIED,
    "MISSING_AUTHENTICATION_TOKEN": NO_ROUTE,  # AWS's name for a route that is not there
    "INVALID_SIGNATURE": NO_ROUTE,  # the same when an Authorization header came, which AWS would repeat
    "AUTHORIZER_FAILURE": NO_TOKENS,
    "AUTHORIZER_CONFIGURATION_ERROR": NO_TOKENS,
    "THROTTLED": BUSY,
    "REQUEST_TOO_LARGE": TOO_LARGE,
    "INTEGRATION_TIMEOUT": TOO_SLOW,
}
OTHERS = {  # every kind that is not named above, each with its own status
    "DEFAULT_4XX": {
        "Code": "BadRequestError",
        "Message": "API Gateway refused this request: there is no such path, or it does not take what was "
        "sent; docs/api.md lists the routes",
    },
    "DEFAULT_5XX": {
        "Code": "InternalServerError",
        "Message": "The API's function gave no answer that can be passed on: its log tells why; look before "
        "you repeat an action",
    },
}


def deploy_with_the_api() -> None:
    """Put the answers into the Swagger document that Chalice makes of the routes."""

    def with_answers(generate: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def generated(generator: SwaggerGenerator, app: Any, rest_api: Any = None) -> dict[str, Any]:
            return {**generate(generator, app, rest_api), EXTENSION: gateway_responses()}

        return generated

    wrap(SwaggerGenerator, "generate_swagger", with_answers)


def gateway_responses() -> dict[str, Any]:
    """Return the answers as API Gateway's Swagger extension has them.

    A default has no status, because its status would replace those of all other kinds (AWS rule).
    """
    named = {
        kind: {"statusCode": str(answer.status), **_response(answer.body, answer.status == 401)}
        for kind, answer in ANSWERS.items()
    }
    return named | {kind: _response(body) for kind, body in OTHERS.items()}


def _response(body: Any, asks_for_token: bool = False) -> dict[str, Any]:
    asks = {"gatewayresponse.header.WWW-Authenticate": "'Bearer'"} if asks_for_token else {}
    return {
        "responseParameters": {"gatewayresponse.header.Cache-Control": "'no-store'", **asks},
        "responseTemplates": {"application/json": json.dumps(body)},
    }


def answer_locally() -> None:
    """Have Chalice's local gateway refuse in the same words, and pages from elsewhere."""
    wrap(LocalGateway, "handle_request", _refusing)


class _Refusal(LocalGatewayException):
    def __init__(self, answer: Answer) -> None:
        asks = {"WWW-Authenticate": "Bearer"} if answer.status == 401 else {}
        super().__init__({"Content-Type": "application/json", **asks}, json.dumps(answer.body).encode())
        self.CODE = answer.status


def _refusing(handle: Callable[..., Any]) -> Callable[..., Any]:
    def handled(gateway: LocalGateway, method: str, path: str, headers: Any, body: Any) -> Any:
        if foreign := refusal_of({name.lower(): value for name, value in headers.items()}):
            raise _Refusal(Answer(403, {"Code": "ForbiddenError", "Message": foreign}))
        try:
            response = handle(gateway, method, path, headers, body)
        except NotAuthorizedError:
            raise _Refusal(UNAUTHORIZED) from None
        except ForbiddenError as error:
            raise _Refusal(DENIED if b"not authorized" in (error.body or b"") else NO_ROUTE) from None
        if response["statusCode"] == 405:
            allowed = response["headers"].get("Allow", "")
            message = f"{method} is not taken here: use {allowed}"
            response["body"] = json.dumps({"Code": "MethodNotAllowedError", "Message": message})
        return response

    return handled
