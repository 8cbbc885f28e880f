"""The state document in its bucket, streamed line by line.

A document as Sluice writes it is read in ranges of one version, in constant memory. Any other valid layout
is loaded whole, up to `LOADABLE_BYTES`, and comes out normalised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.failures import AWS_ERRORS, describe_failure, is_withheld
from chalicelib.discovery import state_document as document
from chalicelib.discovery.state_document import OtherLayout
from chalicelib.errors import StateError

LAST_SCAN_KEY = "state/last_scan.json"
"""What the last scan did, in the state bucket: the result of `discover_csv` plus `started_at`, `outcome`
(`complete`, `stopped` or `failed`) and, when it failed, `error`. A scan that lost to another writes none."""

CHUNK_BYTES = 1024**2
LOADABLE_BYTES = 32 * 1024**2  # Python needs about eight times as much to load a document


@dataclass(frozen=True, slots=True)
class StoredState:
    """One version of the state document; without an `etag` there is none yet.

    `loaded` has the lines of a document that had another layout; None means that they are streamed.
    """

    store: DocumentStore
    key: str
    etag: str = ""
    total_bytes: int = 0
    resume_after: str = ""
    loaded: list[bytes] | None = None

    @property
    def where(self) -> str:
        """Return the document's address, for messages."""
        return f"s3://{self.store.name}/{self.key}"

    def lines(self) -> Iterator[bytes]:
        """Stream the entries, each without its comma; raise OtherLayout at a line not ours."""
        if not self.etag:
            return iter(())
        if self.loaded is not None:
            return iter(self.loaded)
        return entries(self.chunks())

    def verify(self) -> None:
        """Read the whole document; raise OtherLayout unless every line is a valid entry, in order."""
        if self.loaded is not None:
            return
        previous = ""
        for number, line in enumerate(self.lines(), start=2):
            key, _ = document.fields_of(line, number)
            if key <= previous:
                raise OtherLayout(number, f"key {key[:200]!r} does not sort after the one before")
            previous = key

    def chunks(self) -> Iterator[bytes]:
        """Stream the document's bytes; raise DocumentReplaced when this version is gone."""
        for offset in range(0, self.total_bytes, CHUNK_BYTES):
            yield self.store.read_range(self.key, offset, CHUNK_BYTES, self.etag).body


def open_state(store: DocumentStore, key: str) -> StoredState:
    """Find the state document and read its first line; raise StateError when it cannot be used."""
    try:
        first = store.read_first(key, len(document.header("x" * 1024)) * 6)
    except AWS_ERRORS as error:
        advice = "let Sluice read it, or restore it if it is archived"
        raise StateError(
            f"discovery state s3://{store.name}/{key} cannot be read: {describe_failure(error)}. Nothing was "
            f"queued: {advice if is_withheld(error) else 'the next scan tries again'}"
        ) from error
    if first is None:
        return StoredState(store, key)
    state = StoredState(store, key, first.etag, first.total_bytes)
    if not first.total_bytes:
        raise StateError(f"discovery state {state.where}, line 1: is empty; mend or delete it")
    try:
        resume_after = document.resume_after_of(first.body.partition(b"\n")[0])
    except OtherLayout as other:
        return load_state(state, other)
    return StoredState(store, key, first.etag, first.total_bytes, resume_after)


def load_state(state: StoredState, other: OtherLayout) -> StoredState:
    """Load a document whose layout is not ours, because of `other`; raise StateError when it is not valid."""
    if state.total_bytes > LOADABLE_BYTES:
        raise StateError(
            f"discovery state {state.where}, {other}; with {state.total_bytes} bytes it is too large to be "
            f"normalised (limit {LOADABLE_BYTES}). It was left untouched and nothing was queued: mend it, "
            "or delete it to have every file queued again"
        )
    body = b"".join(state.chunks())
    resume_after, lines = document.normalised(body, state.where)
    return StoredState(state.store, state.key, state.etag, state.total_bytes, resume_after, lines)


def entries(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut the chunks of a document into its entries; raise OtherLayout unless it ends as it should."""
    number, expected = 0, "the header"
    for number, line in enumerate(_split(chunks), start=1):
        if expected == "the header":
            document.resume_after_of(line)
            expected = "an entry or the end"
        elif line == document.END and expected in {"an entry or the end", "the end"}:
            expected = "nothing"
        elif expected in {"the end", "nothing"} or not line.endswith((b"},", b"}")):
            raise OtherLayout(number, f"is {line[:80]!r}, expected {expected}")
        else:
            expected = "an entry" if line.endswith(b",") else "the end"
            yield line[:-1] if expected == "an entry" else line
    if expected != "nothing":
        raise OtherLayout(number, "is the last, and the document has no end")


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest.strip():
        yield rest
