"""A small project to derive permissions from: one adapter, one handler, and whatever a test puts in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ops.policies.reading.core import Values
from ops.policies.reading.data import Setting, Text
from ops.policies.reading.handlers import Handler, read_handlers

SOURCES = {
    "chalicelib/__init__.py": "",
    "chalicelib/aws/__init__.py": "",
    "chalicelib/settings.py": """
        from dataclasses import dataclass

        @dataclass(frozen=True)
        class Settings:
            landing_bucket: str
            ndjson_bucket: str
            region: str = ""

            @classmethod
            def from_environ(cls, environ):
                return cls(**environ)
        """,
    "chalicelib/aws/clients.py": """
        def client(service, region):
            import boto3
            return boto3.client(service, region_name=region)
        """,
    "chalicelib/aws/store.py": """
        class Store:
            def __init__(self, s3, name):
                self._s3 = s3
                self.name = name

            def read(self, key):
                return self._s3.get_object(Bucket=self.name, Key=key)

            def write(self, key, body):
                self._s3.put_object(Bucket=self.name, Key=key, Body=body)

            def delete(self, key):
                self._s3.delete_object(Bucket=self.name, Key=key)
        """,
    "app.py": """
        import os
        from chalice import Chalice
        from chalicelib import work
        from chalicelib.aws.clients import client
        from chalicelib.aws.store import Store
        from chalicelib.settings import Settings

        app = Chalice(app_name="small")

        def settings():
            return Settings.from_environ(os.environ)

        @app.lambda_function()
        def handler(event, context):
            config = settings()
            landing = Store(client("s3", config.region), config.landing_bucket)
            ndjson = Store(client("s3", config.region), config.ndjson_bucket)
            return work.run(landing, ndjson, event)
        """,
}

Reader = Callable[..., set[str]]


def resources_of(values: Values) -> list[str]:
    """Return the settings that a parameter is made of."""
    parts = [part for value in values if isinstance(value, Text) for part in value.parts]
    return sorted(part.name for part in parts if isinstance(part, Setting))


def shown(handler: Handler) -> set[str]:
    """Return a handler's calls as `operation setting`."""
    return {
        f"{call.operation.name} {name}"
        for call in handler.calls
        for name in resources_of(call.parameters["Bucket"])
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write the small project; its `chalicelib/work.py` is left to the test."""
    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
    return tmp_path


@pytest.fixture
def reads(project: Path) -> Reader:
    """Return a function that puts `work` (and other files) into the project and reads its one handler."""

    def read(work: str, **others: str) -> set[str]:
        (project / "chalicelib" / "work.py").write_text(dedent(work))
        for name, source in others.items():
            (project / "chalicelib" / "aws" / f"{name}.py").write_text(dedent(source))
        return shown(read_handlers(project)[0])

    return read
