"""A synthetic S3 and SQS over plain HTTP, for listings too long for an emulator; a process of its own.

A bucket named `tree-<keys>-<folders>` lists that many keys, `incoming/t<folder>/<number>.csv`, and stores
none. Any other bucket stores what is put into it. Queues accept everything and keep nothing.

    python -m benchmarks.support.synthetic_aws <port> <latency in ms> <folder for objects>
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "incoming/"
PAGE = 1000
MODIFIED = "2026-01-31T12:00:00.000Z"
ITEM = (
    "<Contents><Key>{}</Key><LastModified>" + MODIFIED + "</LastModified><ETag>&quot;{:032x}&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
LISTING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>tree</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
)


class Tree:
    """A bucket whose keys are made up when they are listed; `number` is a key's place in the listing."""

    def __init__(self, name: str) -> None:
        self.keys, self.folders = (int(part) for part in name.split("-")[1:])
        self.per_folder = -(-self.keys // self.folders)

    def folder(self, number: int) -> str:
        """Return a folder's prefix."""
        return f"{PREFIX}t{number:06}/"

    def key(self, number: int) -> str:
        """Return a key."""
        return f"{self.folder(number // self.per_folder)}file-{number:08}.csv"

    def span(self, prefix: str) -> tuple[int, int]:
        """Return the first and, exclusive, the last number below `prefix`."""
        if not prefix.startswith(PREFIX + "t"):
            return 0, self.keys
        first = int(prefix[len(PREFIX) + 1 : -1]) * self.per_folder
        return first, min(first + self.per_folder, self.keys)

    def page(self, prefix: str, delimiter: str, token: str) -> str:
        """Return one page as S3's XML."""
        if delimiter and prefix == PREFIX:
            first, last = int(token or 0), self.folders
            end = min(first + PAGE, last)
            items = [
                f"<CommonPrefixes><Prefix>{self.folder(number)}</Prefix></CommonPrefixes>"
                for number in range(first, end)
            ]
        else:
            first, last = self.span(prefix)
            first = int(token or first)
            end = min(first + PAGE, last)
            items = [ITEM.format(self.key(number), number, number % 997 + 1) for number in range(first, end)]
        more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < last else ""
        truncated = f"<KeyCount>{len(items)}</KeyCount><IsTruncated>{str(end < last).lower()}</IsTruncated>"
        return LISTING + truncated + more + "".join(items) + "</ListBucketResult>"


class Handler(BaseHTTPRequestHandler):
    """Answers S3's path-style requests and SQS's JSON protocol; `/_requests` returns their counts."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Path
    latency: float
    requests: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        """List a tree, or read an object or a range of it."""
        address = urlsplit(self.path)
        if address.path == "/_requests":
            self._answer(200, json.dumps(self.requests).encode())
            self.requests.clear()
            return
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if "list-type" in query:
            self._count("ListObjectsV2")
            tree = Tree(address.path.strip("/"))
            page = tree.page(
                query.get("prefix", ""), query.get("delimiter", ""), query.get("continuation-token", "")
            )
            self._answer(200, page.encode())
        else:
            self._count("GetObject")
            self._send_object(with_body=True)

    def do_HEAD(self) -> None:
        """Answer an object's headers."""
        self._count("HeadObject")
        self._send_object(with_body=False)

    def do_PUT(self) -> None:
        """Store an object; no condition is checked."""
        self._count("PutObject")
        checksum = hashlib.md5(usedforsecurity=False)  # as S3 names what is put whole
        left = int(self.headers["Content-Length"])
        with self._object().open("wb") as file:
            while left:
                piece = self.rfile.read(min(left, 1 << 20))
                left -= len(piece)
                file.write(piece)
                checksum.update(piece)
        metadata = {
            name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")
        }
        etag = f'"{checksum.hexdigest()}"'
        self._object(".json").write_text(json.dumps({**metadata, "ETag": etag}))
        self._answer(200, b"", ETag=etag)

    def do_POST(self) -> None:
        """Accept every message, alone or in a batch."""
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        self._count(operation)
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        entries = given.get("Entries", [{"Id": "message", **given}])
        done = [
            {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": _md5(entry["MessageBody"])}
            for entry in entries
        ]
        self._answer(200, json.dumps({"Successful": done} if "Entries" in given else done[0]).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _count(self, operation: str) -> None:
        self.requests[operation] += 1
        time.sleep(self.latency)

    def _object(self, suffix: str = "") -> Path:
        return self.store / (unquote(urlsplit(self.path).path).strip("/").replace("/", "|") + suffix)

    def _send_object(self, *, with_body: bool) -> None:
        path = self._object()
        if not path.exists():
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>" if with_body else b"")
            return
        total = path.stat().st_size
        headers = {"ETag": f'"{path.stat().st_mtime_ns:x}"', "Last-Modified": "Sat, 31 Jan 2026 12:00:00 GMT"}
        if self._object(".json").exists():
            headers |= json.loads(self._object(".json").read_text())
        span = self.headers.get("Range", "")
        first, last = (int(part) for part in span.removeprefix("bytes=").split("-")) if span else (0, total)
        last = min(last, total - 1)
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(last - first + 1) if with_body else b""
        if span:
            headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        self._answer(206 if span else 200, body, length=None if with_body else total, **headers)

    def _answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Server(ThreadingHTTPServer):
    """A server that takes many connections at once."""

    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    Handler.latency = float(sys.argv[2]) / 1000
    Handler.store = Path(sys.argv[3])
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
