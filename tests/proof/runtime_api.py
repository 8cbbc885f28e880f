"""Lambda's runtime API for one invocation: what AWS's runtime client asks for its event and answers to."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

VERSION = "/2018-06-01/runtime"
SECONDS = 30


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that is ended while it waits for its next event."""

    def __init__(self, event: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.events: Queue[Any] = Queue()
        self.events.put(event)
        self.told: Queue[tuple[str, Any]] = Queue()


class _Request(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the event; the next one never comes, as in a function that is frozen."""
        assert self.path == f"{VERSION}/invocation/next"
        body = json.dumps(self.server.events.get()).encode()
        self.send_response(200)  # AWS always sends these headers; without one of them the client crashes
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + SECONDS) * 1000)))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f"
        )
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Keep what the runtime client says of the invocation, or of its own start."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.put((self.path.rpartition("/")[2], json.loads(body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing: the client's own words are what counts."""


def invoke(command: list[str], environ: Mapping[str, str], event: Any) -> tuple[str, Any, list[str]]:
    """Run the runtime client for one event; return `response` or `error`, its body and the lines it wrote."""
    api = _Api(event)
    Thread(target=api.serve_forever, daemon=True).start()
    variables = {**environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}"}
    client = subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        kind, body = api.told.get(timeout=SECONDS)
    except Empty:
        kind, body = "nothing", None
    finally:
        client.kill()
        written = client.communicate()[0].splitlines()
        api.shutdown()
        api.server_close()
    return kind, body, written
