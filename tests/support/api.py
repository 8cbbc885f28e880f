"""The API as a caller sees it: requests with a token, answers as status and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

import app
from ops.deploy import gateway_responses

gateway_responses.answer_locally()  # the commands `chalice deploy` and `chalice local` have it on their path
READER = "local-reader"
OPERATOR = "local-operator"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The JSON body."""
        return json.loads(self.text)


class Api:
    """Calls of the API through Chalice's own local gateway, authorizer included."""

    def __init__(self, token: str = READER, stage: str = "local") -> None:
        self._http = Client(app.app, stage_name=stage).http
        self._token = token

    def get(self, path: str, query: Any = None, **values: Any) -> Reply:
        """GET a path; `query` is a list of pairs where a parameter repeats."""
        return self.call("GET", path, query or values)

    def post(self, path: str, body: Any = None, raw: bytes | None = None, **headers: str) -> Reply:
        """POST JSON, or `raw` bytes."""
        content = json.dumps(body).encode() if raw is None else raw
        return self.call("POST", path, {}, content, {"Content-Type": "application/json", **headers})

    def call(
        self, method: str, path: str, query: Any, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        """Make one request and return its answer."""
        url = f"{path}?{urlencode(query)}" if query else path
        sent = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer = self._http.request(method, url, headers={**sent, **(headers or {})}, body=body)
        return Reply(answer.status_code, answer.headers, answer.body.decode())

    def items(self, path: str, **values: Any) -> list[dict[str, Any]]:
        """Walk all pages of a list."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            reply = self.get(path, **values, **({"cursor": cursor} if cursor else {}))
            assert reply.status == 200, reply.text
            rows += reply.body["items"]
            cursor = reply.body["next_cursor"]
            if not cursor:
                return rows
