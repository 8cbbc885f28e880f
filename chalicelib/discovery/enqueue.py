"""Enqueue, then record: an entry is written once the queue has accepted its message, in key order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chalicelib.aws.queue import BATCH_LIMIT, Queue
from chalicelib.discovery import state_document as document
from chalicelib.discovery.merge import Candidate
from chalicelib.discovery.state_spool import StateSpool
from chalicelib.logs import log

PARALLEL_REQUESTS = 4
WAITING_LIMIT = PARALLEL_REQUESTS * BATCH_LIMIT
HELD_LIMIT = 10_000  # lines held back behind a message that is not sent yet: two megabytes
WRITE_LIMIT = 500
GIVE_UP_AFTER = 3  # groups of messages of which none was accepted


class Enqueuer:
    """Passes lines on to the spool in order; a line behind a message that is not sent yet waits for it.

    `verify` runs once, before the first message. A rejected message leaves the old line, if there is one.
    """

    def __init__(
        self, queue: Queue, spool: StateSpool, message: Callable[[Candidate], str], queued_at: str,
        verify: Callable[[], None],
    ) -> None:  # fmt: skip
        self._queue = queue
        self._spool = spool
        self._message = message
        self._queued_at = queued_at
        self._verify = verify
        self._verified = False
        self._held: list[bytes | Candidate] = []
        self._waiting: list[Candidate] = []
        self._fruitless = 0
        self.queued = 0
        self.rejected = 0

    def keep(self, lines: Sequence[bytes]) -> None:
        """Pass lines on as they are."""
        self._held.extend(lines)
        if len(self._held) >= (HELD_LIMIT if self._waiting else WRITE_LIMIT):
            self.flush()

    def enqueue(self, candidate: Candidate) -> None:
        """Send a message about a file and, once it is accepted, record the file as queued."""
        self._held.append(candidate)
        self._waiting.append(candidate)
        if len(self._waiting) >= WAITING_LIMIT or len(self._held) >= HELD_LIMIT:
            self.flush()

    def flush(self) -> None:
        """Send what waits and write what was held back."""
        accepted = self._send()
        lines = (
            item if isinstance(item, bytes) else self._line(item, accepted=item.found.key in accepted)
            for item in self._held
        )
        self._spool.write([line for line in lines if line is not None])
        self._held.clear()

    def _line(self, candidate: Candidate, *, accepted: bool) -> bytes | None:
        found = candidate.found
        if not accepted:
            return candidate.old_line
        return document.entry(found.key, found.size, found.folder, found.etag, self._queued_at)

    def _send(self) -> set[str]:
        """Send the waiting messages; return the keys whose message was accepted."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return set()
        if not self._verified:
            self._verify()
            self._verified = True
        accepted = self._accepted(waiting) if self._fruitless < GIVE_UP_AFTER else set()
        self._fruitless = 0 if accepted else self._fruitless + 1
        if self._fruitless == GIVE_UP_AFTER:
            log.error("queue accepts nothing", extra={"queue": self._queue.url, "outcome": "gave up sending"})
        self.queued += len(accepted)
        self.rejected += len(waiting) - len(accepted)
        return accepted

    def _accepted(self, waiting: Sequence[Candidate]) -> set[str]:
        batches = [waiting[first : first + BATCH_LIMIT] for first in range(0, len(waiting), BATCH_LIMIT)]

        def send(batch: Sequence[Candidate]) -> list[bool]:
            return self._queue.send_batch([self._message(candidate) for candidate in batch])

        if len(batches) == 1:
            answers = [send(batches[0])]
        else:
            with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
                answers = list(pool.map(send, batches))
        return {
            candidate.found.key
            for batch, answer in zip(batches, answers, strict=True)
            for candidate, ok in zip(batch, answer, strict=True)
            if ok
        }


def render_message(bucket: str, candidate: Candidate) -> str:
    """Return the message about a file; ASCII only, since SQS refuses some characters that keys may have."""
    found = candidate.found
    return json.dumps(
        {
            "bucket": bucket,
            "key": found.key,
            "etag": found.etag,
            "size": found.size,
            "folder": found.folder,
            "last_modified": found.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "change": candidate.change,
        }
    )
