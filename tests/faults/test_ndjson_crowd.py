"""Eight workers at once, dying at random under locks that expire at once, beside live reconcilers."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib import parallel
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.lock import DistributedLock
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.aws.pending_lists import PendingLists
from chalicelib.aws.tracking_table import TrackingTable
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from tests.faults.dying import Call, Process, ProcessDied, Send, running
from tests.support.lanes.ndjson import (
    ARTIFACTS,
    MB,
    TABLE,
    Clock,
    imbalance,
    items,
    lane_with,
    manifests,
    messages,
    repair,
    rows,
    statuses,
    unseen,
)

WORKERS = 8
FILES = 1200 if os.environ.get("FAULTS") == "all" else 80
SEEDS = range(10) if os.environ.get("FAULTS") == "all" else range(1)
SETTINGS = {
    "NDJSON_CONTENT_CHECK": "false",
    "MAX_BATCH_SIZE_GB": "0.0390625",  # four files of 10 MB
    "LOCK_TTL_SECONDS": "1",
    "RECONCILE_GRACE_SECONDS": "0",
    "MAX_BATCH_AGE_SECONDS": "20",
}


class HastyClock(Clock):
    """A clock that advances two seconds at every look: a lock of one second expires under its holder."""

    def __call__(self) -> Any:
        self.turn(2)
        return self.now


class Worker:
    """A place where processes run one after the other, each until it ends or dies."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self._random = random.Random(seed)
        session = boto3.Session()  # `boto3.client` would give all workers the same ones
        dynamodb, s3 = session.client("dynamodb"), session.client("s3")
        self.lane: Ndjson = replace(
            lane_with(clock, **SETTINGS),
            tracking=TrackingTable(dynamodb, TABLE),
            lists=PendingLists(dynamodb, TABLE),
            records=ManifestRecords(dynamodb, TABLE),
            lock=DistributedLock(dynamodb, TABLE),
            manifests=Bucket(s3, ARTIFACTS),
        )
        self.process = Process(self._fault, [dynamodb, s3])
        self.deaths = 0
        self._last_call = 0

    def _fault(self, call: Call, send: Send) -> Any:
        if call.number != self._last_call:
            return send()
        if self._random.random() < 0.5:
            send()
        raise ProcessDied(str(call))

    def work(self, queue: deque[Any]) -> None:
        """Take messages until the queue is empty; put back those that a dead process left undone."""
        while True:
            try:
                event = queue.popleft()
            except IndexError:
                return
            self._last_call = self._random.randrange(1, 40)
            try:
                self._do(event)
            except ProcessDied:
                self.deaths += 1
                self.process.restart()
                if event:
                    queue.append(event)

    def _do(self, event: Any) -> None:
        if event:
            assert ndjson_arrived(self.lane, event) == {"batchItemFailures": []}
        else:
            repair(self.lane)


def _queue(shuffle: random.Random) -> deque[Any]:
    first = [unseen(f"{number:05}") for number in range(FILES)]
    newer = [unseen(f"{number:05}", 11 * MB) for number in range(0, FILES, 10)]
    for record in newer:
        record["s3"]["object"]["eTag"] = "f" * 32
    deliveries = messages(*first) + messages(*newer) + messages(*first)
    tasks = [*deliveries, *([None] * (len(deliveries) // 3))]  # None: a reconcile
    shuffle.shuffle(tasks)
    return deque(tasks)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_file_is_lost_and_none_doubled(aws: None, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    clock, threads = HastyClock(), threading.active_count()
    workers = [Worker(seed * WORKERS + number, clock) for number in range(WORKERS)]
    queue = _queue(random.Random(seed))

    with running(*(worker.process for worker in workers)), ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(worker.work, queue) for worker in workers]:
            done.result()
    died = sum(worker.deaths for worker in workers)
    for _ in range(3):
        clock.turn(1000)
        repair(workers[0].lane)

    newest = {path: etag for path, etag in _versions().items() if etag == "f" * 32}
    assert len(newest) == FILES // 10
    assert set(statuses()) == {"manifested"}
    assert imbalance() == []
    listed = Counter(path for paths in manifests().values() for path in paths)
    assert len(listed) == FILES
    assert listed == Counter(row["file_path"] for row in rows())
    assert items("LOCK#") == []
    assert died > 0
    assert threading.active_count() <= threads + parallel.WORKERS, "only the pool of calls is left"
    with capsys.disabled():
        print(f"\nndjson lane, {WORKERS} workers: {FILES} files, {died} deaths")  # noqa: T201


def _versions() -> dict[str, str]:
    return {row["file_path"]: row["etag"] for row in sorted(rows(), key=lambda row: row["sequencer"])}
