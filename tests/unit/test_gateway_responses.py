"""What API Gateway answers by itself is deployed with the API, in our form and in words that help."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from chalice.deploy.swagger import SwaggerGenerator, TemplatedSwaggerGenerator

import app
from ops.gateway_responses import ANSWERS, EXTENSION, deploy_with_the_api


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the Swagger document of the routes as a deploy sends it."""
    monkeypatch.setattr(SwaggerGenerator, "generate_swagger", SwaggerGenerator.generate_swagger)  # put back
    deploy_with_the_api()
    return TemplatedSwaggerGenerator().generate_swagger(app.app)


def test_every_answer_is_one_that_api_gateway_knows() -> None:
    model = botocore.session.get_session().get_service_model("apigateway")
    assert set(ANSWERS) <= set(model.shape_for("GatewayResponseType").enum)  # type: ignore[attr-defined]


def test_the_deployed_api_refuses_in_our_form(document: Any) -> None:
    assert set(document["paths"]) == set(app.app.routes)
    for kind, response in document[EXTENSION].items():
        body = json.loads(response["responseTemplates"]["application/json"])
        assert (int(response["statusCode"]), body) == (ANSWERS[kind].status, ANSWERS[kind].body)
        assert "$" not in response["responseTemplates"]["application/json"]  # would be read as a variable


def test_a_client_without_a_token_is_told_which_kind_to_send(document: Any) -> None:
    parameters = document[EXTENSION]["UNAUTHORIZED"]["responseParameters"]
    assert parameters["gatewayresponse.header.WWW-Authenticate"] == "'Bearer'"
