"""Plain `chalice local`: whose environment it gets, and what it says."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ops.chalice_hook import prepare
from ops.local.chalice_local import prepare_local
from ops.local.processes import free_port


def test_a_named_stage_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"LANDING_BUCKET": "mine"}
    prepare_local(None, None, environ)
    assert environ == {"LANDING_BUCKET": "mine"}
    assert capsys.readouterr().err == ""


def test_an_embedded_aws_that_is_up_lends_the_local_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        environ = {"AWS_PORT": port, "STAGE": "dev"}
        prepare_local(None, None, environ, tmp_path)
    assert environ["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{port}"
    assert (environ["STAGE"], environ["LANDING_BUCKET"]) == ("local", "sluice-local-landing")
    assert "embedded AWS" in capsys.readouterr().err


@pytest.mark.parametrize("port", [None, "", "no port", "99999"])
def test_without_one_it_says_in_one_line_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port: str | None
) -> None:
    environ = {"AWS_PORT": str(free_port()) if port is None else port}
    before = dict(environ)
    prepare_local("dev", None, environ, tmp_path)
    assert environ == before
    assert capsys.readouterr().err.count("\n") == 1


def test_a_stage_that_the_project_does_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prepare(["local", "--stage", "nope"], {})
    assert "no stage 'nope', only local, dev, prod" in capsys.readouterr().err
