"""What API Gateway answers by itself is deployed with the API, in our form and in words that help."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from chalice.deploy.swagger import SwaggerGenerator, TemplatedSwaggerGenerator

import app
from ops.deploy.gateway_responses import ANSWERS, EXTENSION, OTHERS, deploy_with_the_api


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the Swagger document of the routes as a deploy sends it."""
    monkeypatch.setattr(SwaggerGenerator, "generate_swagger", SwaggerGenerator.generate_swagger)  # put back
    deploy_with_the_api()
    return TemplatedSwaggerGenerator().generate_swagger(app.app)


def body_of(response: Any) -> Any:
    return json.loads(response["responseTemplates"]["application/json"])


def test_every_answer_is_one_that_api_gateway_knows() -> None:
    model = botocore.session.get_session().get_service_model("apigateway")
    assert {*ANSWERS, *OTHERS} <= set(model.shape_for("GatewayResponseType").enum)  # type: ignore[attr-defined]


def test_the_deployed_api_refuses_in_our_form(document: Any) -> None:
    assert set(document["paths"]) == set(app.app.routes)
    responses = document[EXTENSION]
    for kind, answer in ANSWERS.items():
        assert responses[kind]["statusCode"] == str(answer.status)
        assert body_of(responses[kind]) == answer.body
    for response in responses.values():
        assert set(body_of(response)) == {"Code", "Message"}
        assert "$" not in response["responseTemplates"]["application/json"]  # would be read as a variable


def test_whatever_else_it_refuses_is_in_our_form_with_its_own_status(document: Any) -> None:
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
        assert body_of(document[EXTENSION][kind]) == OTHERS[kind]
        assert "statusCode" not in document[EXTENSION][kind]


def test_a_route_that_is_not_there_is_404_whatever_header_comes_along(document: Any) -> None:
    for kind in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE"):
        assert document[EXTENSION][kind]["statusCode"] == "404"
        assert body_of(document[EXTENSION][kind])["Code"] == "NotFoundError"


def test_a_client_without_a_token_is_told_which_kind_to_send(document: Any) -> None:
    parameters = document[EXTENSION]["UNAUTHORIZED"]["responseParameters"]
    assert parameters["gatewayresponse.header.WWW-Authenticate"] == "'Bearer'"
