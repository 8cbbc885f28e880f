"""Uploads whose rows were seen settled, by digest: what the next runs of reconcile need not read again.

The document saves reads and decides nothing else. A proof made with the installation's secret shows that we
wrote it: one that is missing, forged, of another stage or too large counts for nothing, and rows are read.
What it says stays true, so of two runs either may write last. Still every row is read once a day, as somebody
may delete rows: a digest tells at which hour it is forgotten.
"""

from __future__ import annotations

import hmac
from array import array
from bisect import bisect_left
from collections.abc import Container
from datetime import datetime
from hashlib import blake2b, sha256

from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.listing_page import ListedObject
from chalicelib.aws.move_secret import MoveSecret
from chalicelib.logs import log

KEY = "state/settled.bin"  # in S3_STATE_BUCKET
FORMAT = "settled rows 1"
PROOF_BYTES = 32
DIGEST_BYTES = 8
MAX_DIGESTS = 4_000_000  # so that 512 MB of memory suffice; of more files the rows are read in every run
MAX_BYTES = PROOF_BYTES + DIGEST_BYTES * (MAX_DIGESTS + 1)
HOURS = 24  # after which every digest was forgotten once


class SettledRows:
    """The document of a stage's rows; `place` names what else would not be the same if it changed."""

    def __init__(self, store: DocumentStore, secret: MoveSecret, place: str) -> None:
        self._store = store
        self._secret = secret
        self._place = place

    def begin(self, now: datetime) -> Settled:
        """Return what a run that begins now knows and learns."""
        return Settled(self, int(now.timestamp()) // 3600)

    def key(self) -> bytes:
        """Return the key of digests and proof."""
        return sha256(f"{FORMAT}\n{self._place}\n{self._secret.read()}".encode()).digest()

    def read(self, key: bytes) -> array[int]:
        """Return the numbers of the document, the hour of its writing first; none unless it is ours."""
        found = self._store.read_first(KEY, MAX_BYTES)
        if found is None:
            return array("Q")
        proof, content = found.body[:PROOF_BYTES], found.body[PROOF_BYTES:]
        if not hmac.compare_digest(proof, _proof(content, key)):
            log.warning("rows are read again", extra={"document": KEY, "reason": "not written by this stage"})
            return array("Q")
        return array("Q", content)

    def write(self, numbers: array[int], key: bytes) -> None:
        """Write the document over whatever is there."""
        content = numbers.tobytes()
        self._store.put(KEY, _proof(content, key) + content)


class Settled:
    """What one run knows to be settled: read when first asked for, written by `keep` if there is more."""

    def __init__(self, rows: SettledRows, hour: int) -> None:
        self._rows = rows
        self._hour = hour
        self._key = b""
        self._known: array[int] | None = None
        self._added = array("Q")

    def unknown(self, listed: list[ListedObject]) -> list[ListedObject]:
        """Return the uploads whose rows were not seen settled, or too long ago."""
        if not listed:
            return []
        if self._known is None:
            self._known = self._read()
        return [one for one in listed if not _holds(self._known, _digest(one, self._key))]

    def add(self, seen: ListedObject) -> None:
        """Note an upload whose row was read and is settled."""
        if len(self._added) + len(self._known or ()) < MAX_DIGESTS:
            self._added.append(_digest(seen, self._key))

    def keep(self) -> None:
        """Write what was added; without that, rows are read again."""
        if not self._added or not self._key:
            return
        numbers = array("Q", [self._hour]) + _merged(self._known or array("Q"), self._added)
        try:
            self._rows.write(numbers, self._key)
        except AWS_ERRORS as error:
            log.warning("rows will be read again", extra={"document": KEY, "reason": str(error)})

    def _read(self) -> array[int]:
        try:
            self._key = self._rows.key()
            numbers = self._rows.read(self._key)
        except AWS_ERRORS as error:
            log.warning("rows are read again", extra={"document": KEY, "reason": str(error)})
            return array("Q")
        if not numbers:
            return numbers
        written = numbers.pop(0)
        if not 0 <= self._hour - written < HOURS:
            return array("Q")
        due = {hour % HOURS for hour in range(written + 1, self._hour + 1)}
        return _without(numbers, due) if due else numbers


def _digest(upload: ListedObject, key: bytes) -> int:
    """Return eight bytes that stand for an upload; who does not know the key cannot choose them."""
    text = f"{upload.last_modified}\n{upload.etag}\n{upload.key}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES, key=key)
    return int.from_bytes(digest.digest(), "little")


def _proof(content: bytes, key: bytes) -> bytes:
    return blake2b(content, digest_size=PROOF_BYTES, key=key, person=b"document").digest()


def _holds(numbers: array[int], number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def _without(numbers: array[int], hours: Container[int]) -> array[int]:
    return array("Q", (number for number in numbers if number % HOURS not in hours))


def _merged(known: array[int], added: array[int]) -> array[int]:
    """Return both, ascending; what lies between two of the added is copied at once."""
    merged, start = array("Q"), 0
    for number in sorted(added):
        end = bisect_left(known, number, start)
        merged += known[start:end]
        merged.append(number)
        start = end
    return merged + known[start:]
