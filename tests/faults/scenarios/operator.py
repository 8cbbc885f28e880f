"""What operators ask of the API: replays, a release from quarantine, redrives of dead letters.

An operator whose request was not answered asks again. Only that, live events and `reconcile` bring recovery.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from tests.faults.invariants.operator import release_faults, replay_faults
from tests.faults.matrix import Case, Scenario
from tests.faults.scenarios.landing import JOBS, LARGE, Landed
from tests.faults.scenarios.ndjson import BAD, VALID, Arrived
from tests.support.api import OPERATOR, Api, Reply
from tests.support.builders import LANDING, NDJSON, job, s3_event
from tests.support.lanes import ndjson as lane
from tests.support.reset import ACCOUNT, REGION, date_object, stored

ACTIVE_NOW = [
    *({**each, "is_active": True} for each in JOBS),
    job(job_id="new", source_file_name="mystery.csv"),
]
AGE = timedelta(minutes=30)  # the file's age when it is replayed
ATTEMPTS = 3
QUARANTINED = f"in/{lane.DATE}/bad.ndjson"


@dataclass
class Replayed(Landed):
    """A file has an outcome, the config changes, and an operator replays the file."""

    by_status: str = ""
    force: bool = False
    discovered: bool = False
    answer: Reply | None = None

    @property
    def reconcile_alone(self) -> bool:
        """An operator asks again: nothing else knows what was asked."""
        return False

    def begin(self) -> None:
        """Land the file under the old config, then upload the new one."""
        super().begin()
        date_object(LANDING, self.key, datetime.now(UTC) - AGE)
        if self.discovered:
            with self.process():
                self.seen().discover(self.key)
        else:
            super().trigger()
        self.answer = None
        self.seen().configure(ACTIVE_NOW)

    def trigger(self) -> None:
        """Ask for the replay."""
        self.answer = None
        with self.process():
            self.answer = Api(OPERATOR).post("/replay", self._body())

    def redeliver(self) -> None:
        """Ask again until it is answered; S3 announces what was put back."""
        for _ in range(ATTEMPTS):
            if not self._answered():
                self.trigger()
        assert self._answered(), self.answer and self.answer.text
        self._announced()

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another operator asks the same, S3 repeats its event, reconcile runs."""
        return {
            "the same replay": self._alone(self._replay_once),
            "the event of what lies there": self._alone(self._announced),
            "a reconcile": self._alone(self.reconcile),
        }

    def faults(self, case: Case) -> list[str]:
        """Judge rows, executions, the file itself and the audit."""
        most = 1
        if self.force:
            most = 3 if "the same replay" in str(case.fault) else 2
        return replay_faults(self.seen(), self.key, self.body, executions=most, doubled=case.says_replaced)

    def _body(self) -> dict[str, Any]:
        if not self.by_status:
            return {"keys": [self.key], "force": self.force}
        date = (datetime.now(UTC) - AGE).date().isoformat()
        return {"status": self.by_status, "date": date, "force": self.force}

    def _answered(self) -> bool:
        if self.force and any("-r" in row["execution"][-3:] for row in self.seen().rows(self.key)):
            return True  # an operator without an answer looks before forcing once more
        if self.answer is None or self.answer.status != 200:
            return False
        return all(item.get("outcome", {}).get("status") != "failed" for item in self.answer.body["items"])

    def _replay_once(self) -> None:
        mine = self.answer
        self.trigger()
        self.answer = mine

    def _announced(self) -> None:
        there = stored(LANDING, self.key)
        if there is not None:
            with self.process():
                self.seen().deliver(self.key, there.etag.strip('"'))


@dataclass
class Released(Arrived):
    """An invalid file lies in quarantine, and an operator releases it."""

    answer: Reply | None = None

    def begin(self) -> None:
        """Have the file quarantined."""
        super().begin()
        super().trigger()
        self.answer = None

    def trigger(self) -> None:
        """Ask for the release."""
        self.answer = None
        with self.process():
            self.answer = Api(OPERATOR).post("/quarantine/release", {"key": QUARANTINED})

    def redeliver(self) -> None:
        """Ask again until it is answered."""
        for _ in range(ATTEMPTS):
            if self.answer is None or self.answer.status not in {200, 409}:
                self.trigger()
        assert self.answer is not None
        assert self.answer.status == 200 or _is_accepted(self.answer), self.answer.text
        self._arrives()

    def reconcile(self) -> None:
        """Let S3's event of the returned file come, and reconcile flush its batch."""
        self._arrives()
        super().reconcile()

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another operator asks the same, or the event of the returned file comes."""
        return {"the same release": self._release_once, "its arrival": self._arrives}

    def faults(self, case: Case) -> list[str]:
        """Judge the lane, the file itself and the audit."""
        return [*super().faults(case), *release_faults(QUARANTINED, BAD, doubled=case.says_replaced)]

    def _release_once(self) -> None:
        mine = self.answer
        with suppress(ClientError):
            self.trigger()
        self.answer = mine

    def _arrives(self) -> None:
        there = stored(NDJSON, QUARANTINED)
        if there is not None:
            self._once_more([lane.record_of(QUARANTINED, there.etag.strip('"'))])


def _is_accepted(answer: Reply) -> bool:
    """Tell whether an answer says that the file was accepted already."""
    return any(f"it is {status}" in answer.body["Message"] for status in ("pending", "manifested"))


@dataclass
class Redriven(Landed):
    """The event of a file is a dead letter of the landing lane."""

    @property
    def reconcile_alone(self) -> bool:
        """An operator asks again: nothing else knows what was asked."""
        return False

    def begin(self) -> None:
        """Upload the file, and put its event where Lambda puts failed ones."""
        super().begin()
        event = s3_event(self.key, etag=self.etag, size=len(self.body))
        _send("landing-dlq", {"requestPayload": event, "version": "1.0"})

    def trigger(self) -> None:
        """Ask for the redrive."""
        with self.process():
            _redrive("landing")

    def redeliver(self) -> None:
        """Ask again when the letters that were taken are visible again."""
        for _ in range(ATTEMPTS):
            _show_again("landing-dlq")
            self.trigger()

    def faults(self, case: Case) -> list[str]:
        """Judge the outcome, and that no letter is left."""
        return super().faults(case) + [f"left dead: {body}" for body in _bodies("landing-dlq")]


@dataclass
class RedrivenMessages(Arrived):
    """The messages of the NDJSON lane are dead letters."""

    dead: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        """Upload the files, and put their messages where SQS puts failed ones."""
        super().begin()
        for record in self.waiting:
            _send("ndjson-dlq", {"Records": [record]})
        self.waiting = []
        _messages("ndjson").clear()  # S3's own messages, because the dead letters claim another size

    def trigger(self) -> None:
        """Ask for the redrive."""
        with self.process():
            _redrive("ndjson")

    def redeliver(self) -> None:
        """Ask again when the letters that were taken are visible again."""
        for _ in range(ATTEMPTS):
            _show_again("ndjson-dlq")
            self.trigger()

    def reconcile(self) -> None:
        """Consume what is queued, then run reconcile."""
        records = [record for body in _bodies("ndjson") for record in json.loads(body)["Records"]]
        self._once_more(records)
        _messages("ndjson").clear()
        super().reconcile()

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another operator asks the same."""
        return {"the same redrive": self.trigger}

    def faults(self, case: Case) -> list[str]:
        """Judge the lane, and that no letter is left."""
        return super().faults(case) + [f"left dead: {body}" for body in _bodies("ndjson-dlq")]


def _redrive(queue: str) -> None:
    with patch("chalicelib.aws.redrive.LOOK_SECONDS", 0):  # moto has nothing to wait for
        Api(OPERATOR).post("/redrive", {"queue": queue})


def _send(queue: str, body: object) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"sluice-local-{queue}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))


def _messages(queue: str) -> list[Any]:
    messages: list[Any] = sqs_backends[ACCOUNT][REGION].queues[f"sluice-local-{queue}"]._messages
    return messages


def _bodies(queue: str) -> list[str]:
    return [str(message.body) for message in _messages(queue)]


def _show_again(queue: str) -> None:
    """Let the time pass during which received messages are hidden."""
    for message in _messages(queue):
        message.change_visibility(0)


ACTIVE, PARKED, FOUND = "data/in/active.csv", "data/in/mystery.csv", "incoming/shop/mystery.csv"
OPERATED: list[Scenario] = [
    Replayed("replay, routed where it lies", "data/in/idle.csv", "triggered"),
    Replayed("replay of a status", "data/in/idle.csv", "triggered", by_status="inactive"),
    Replayed("replay, brought back", PARKED, "triggered"),
    Replayed("replay, large, brought back", PARKED, "triggered", LARGE),
    Replayed("replay of a status, brought back", PARKED, "triggered", by_status="not_configured"),
    Replayed("replay, forced", ACTIVE, "triggered", force=True),
    Replayed("replay of a status, forced", ACTIVE, "triggered", by_status="triggered", force=True),
    Replayed("replay, brought back to a folder", FOUND, "triggered", discovered=True),
    Replayed(
        "replay of a status, to a folder", FOUND, "triggered", by_status="not_configured", discovered=True
    ),
    Released("release", [(QUARANTINED, BAD)]),
    Released("release, large", [(QUARANTINED, BAD + b" " * 70_000)]),
    Released("release, never moved", [(QUARANTINED, BAD)], environment={"QUARANTINE_BUCKET": ""}),
    Redriven("redrive of the landing lane", ACTIVE, "triggered"),
    RedrivenMessages("redrive of the NDJSON lane", VALID),
]
