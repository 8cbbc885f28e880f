"""Who gets in: without a token only `/health` and the page open; a reader's token does not act."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

import app
from chalicelib import __version__
from chalicelib.api.answers import unavailable
from chalicelib.errors import SettingsError
from chalicelib.settings import Settings
from tests.support.api import OPERATOR, READER, Api

GUARDED = [
    (path, method)
    for path, methods in app.app.routes.items()
    for method in methods
    if path not in {"/", "/health"}
]


def test_health_needs_no_token_and_no_aws() -> None:
    reply = Api(token="").get("/health")
    assert (reply.status, reply.body) == (200, {"status": "ok", "stage": "local", "version": __version__})


@pytest.mark.parametrize(("path", "method"), GUARDED)
@pytest.mark.parametrize("token", ["local-readerx", "LOCAL-OPERATOR"])
def test_a_token_that_is_nearly_one_is_401(path: str, method: str, token: str) -> None:
    assert Api(token).call(method, path, {}).status == 401


def test_a_bad_setting_is_named_with_what_is_accepted_and_its_value_kept_back(environ: Any) -> None:
    environ(PREVIEW_CHARS="-123")
    reply = Api(READER).get("/files")
    assert reply.status == 503
    assert "PREVIEW_CHARS is not usable: expected a whole number from 0 to 1000" in reply.body["Message"]
    assert "-123" not in reply.text


def test_missing_settings_are_named_together() -> None:
    with pytest.raises(SettingsError) as nothing_set:
        Settings.from_environ({})
    message = unavailable(nothing_set.value).body["Message"]
    assert "this process has no LANDING_BUCKET, NDJSON_BUCKET, " in message
    assert "make run" in message


@pytest.fixture
def kept_tokens(aws: None, environ: object) -> None:
    """Move to an AWS stage, whose tokens are secrets."""
    secrets = boto3.client("secretsmanager")
    for role in ("reader", "operator"):
        secrets.create_secret(Name=f"sluice-dev-api-token-{role}", SecretString=f"secret-{role}\n")
    environ(STAGE="dev", API_TOKENS_SECRET="sluice-dev-api-token")  # type: ignore[operator]


def test_in_aws_tokens_are_the_secrets(kept_tokens: None) -> None:
    assert Api("secret-reader", "dev").get("/files").status == 200
    assert Api(READER, "dev").get("/files").status == 401
    assert Api(OPERATOR, "dev").get("/files").status == 401


def test_a_rotated_secret_works_without_a_redeploy(
    kept_tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Api("secret-reader", "dev").get("/files").status == 200
    boto3.client("secretsmanager").put_secret_value(
        SecretId="sluice-dev-api-token-reader", SecretString="new"
    )
    monkeypatch.setattr("chalicelib.api.auth.CACHE_SECONDS", 0)
    assert Api("new", "dev").get("/files").status == 200
    assert Api("secret-reader", "dev").get("/files").status == 401


def test_a_stage_without_secrets_lets_nobody_in_and_says_why(aws: None, environ: object) -> None:
    environ(STAGE="dev", API_TOKENS_SECRET="sluice-dev-api-token")  # type: ignore[operator]
    reply = Api(OPERATOR, "dev").get("/files")
    assert reply.status == 503
    assert "GetSecretValue" in reply.body["Message"]


def test_without_settings_the_answer_names_them(environ: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANDING_BUCKET")
    environ()  # type: ignore[operator]
    reply = Api(READER, "dev").get("/files")
    assert reply.status == 503
    assert "LANDING_BUCKET" in reply.body["Message"]
    assert "function's log" in reply.body["Message"]
    assert "\n" not in reply.body["Message"]


def test_in_an_aws_stage_no_answer_speaks_of_make_run(environ: Any) -> None:
    environ(STAGE="prod", API_READER_TOKEN=READER)
    with mock_aws():
        message = Api(READER, "prod").get("/files").body["Message"]
    assert "ResourceNotFoundException" in message
    assert "make run" not in message
    assert "log" in message


def test_without_its_tables_the_answer_is_how_to_start() -> None:
    with mock_aws():
        reply = Api(READER).get("/files")
    assert reply.status == 503
    assert "ResourceNotFoundException" in reply.body["Message"]
    assert "make run" in reply.body["Message"]
