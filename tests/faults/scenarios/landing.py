"""What happens to the landing lane, one upload at a time."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

import app
from chalicelib.landing import parking
from chalicelib.landing.lane import Landing
from chalicelib.settings import Settings
from tests.faults.dying import Meanwhile
from tests.faults.invariants.landing import landing_faults
from tests.faults.matrix import Case
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing
from tests.support.builders import CONFIG_KEY, LANDING, job, s3_event
from tests.support.lanes.replays import replay
from tests.support.reset import date_object, forget_everything, stored
from tests.support.world import World

JOBS = [
    job(source_file_name="active.csv"),
    job(job_id="off", source_file_name="idle.csv", is_active=False),
    job(job_id="strict", source_file_name="strict.csv", columns=["id", "city"]),
]
LARGE = b"0123456789" * 7000  # larger than one read: S3 copies it
LAMBDA_REPEATS = 2
ALERTED = {"not_configured", "inactive", "rejected"}
WIRED = app.landing.__wrapped__  # a fresh process has a fresh lane


@contextmanager
def fresh_process(ahead: Callable[[], timedelta], environment: Mapping[str, str] = {}) -> Iterator[None]:
    """Begin a process of the landing lane in which nothing is cached, and whose clock is ahead."""
    lane: Landing = WIRED()
    settings = Settings.from_environ({**os.environ, **environment})
    lane = dataclasses.replace(lane, settings=settings, clock=lambda: datetime.now(UTC) + ahead())
    with patch.object(app, "landing", lambda: lane):
        yield


@dataclass
class Landed:
    """A file lands under `key`; the outcome of its upload must be `status`."""

    name: str
    key: str
    status: str
    body: bytes = b"id,name\n1,Ada\n"
    properties: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    taken: str = ""  # a key at which another upload was parked before
    world: World | None = None
    etag: str = ""
    uploaded: str = ""
    ahead: timedelta = timedelta(0)

    @property
    def reconcile_alone(self) -> bool:
        """Tell whether the file lies under INPUT_PREFIX: reconcile looks nowhere else."""
        return self.key.startswith("data/in/")

    def begin(self) -> None:
        """Set up an empty AWS and upload the file."""
        forget_everything()
        self.world, self.ahead = self.world or World(), timedelta(0)
        self.world.forget_alerts()
        self.world.configure(JOBS)
        if self.taken:
            self.world.upload(self.taken, b"another's")
        self.etag = self.world.upload(self.key, self.body, **self.properties)
        self.uploaded = f"{stored(LANDING, self.key).last_modified:%Y-%m-%dT%H:%M:%S.999Z}"

    def trigger(self) -> None:
        """Deliver S3's event."""
        self.event_comes()

    def event_comes(self) -> None:
        """Handle S3's event in a process of its own."""
        with self.process():
            event = s3_event(self.key, etag=self.etag, size=len(self.body), eventTime=self.uploaded)
            app.object_created(event, None)

    def redeliver(self) -> None:
        """Deliver the event again as Lambda does, and once more as S3 may."""
        for _ in range(LAMBDA_REPEATS):
            self.event_comes()

    def reconcile(self) -> None:
        """Run reconcile ten minutes later."""
        self.pass_time()
        with self.process():
            counts = app.reconcile({}, None)["landing"]
        assert not counts["errors"], counts

    def pass_time(self) -> None:
        """Let more than the grace pass."""
        self.ahead += timedelta(minutes=10)

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another worker has the same event, a user overwrites or deletes the file, reconcile runs."""
        return {
            "the same event": self._alone(self.event_comes),
            "an overwrite": self._overwrite,
            "a deletion": self._delete,
            "a reconcile": self._alone(self.reconcile),
        }

    def faults(self, case: Case) -> list[str]:
        """Judge what is stored, and which alerts were sent."""
        faults = landing_faults(self.seen(), self.key, self.status)
        excused = isinstance(case.fault, Meanwhile) or case.call.operation == "Publish"
        if self.status in ALERTED and not excused and not self._told():
            faults.append("nobody was told")
        return faults

    def _told(self) -> bool:
        name = self.key.rpartition("/")[2]
        return any(name in alert["Message"] for alert in self.seen().alerts())

    def _alone(self, does: Callable[[], None]) -> Callable[[], None]:
        def alone() -> None:
            with suppress(ClientError):
                does()

        return alone

    def _overwrite(self) -> None:
        self.seen().upload(self.key, b"newer")
        self.seen().deliver(self.key, "")

    def _delete(self) -> None:
        self.seen().s3.delete_object(Bucket=LANDING, Key=self.key)

    def seen(self) -> World:
        """Return what there is to see."""
        assert self.world is not None
        return self.world

    @contextmanager
    def process(self) -> Iterator[None]:
        """Begin a fresh process: nothing is cached, and its clock shows the time that has passed."""
        with fresh_process(lambda: self.ahead, self.environment):
            yield


@dataclass
class Replayed(Landed):
    """A file without a job, of an hour ago; meanwhile another worker moves it and an operator replays it."""

    replayed: bool = False

    def begin(self) -> None:
        """Let the file be older than whatever comes now."""
        super().begin()
        self.replayed = False
        then = datetime.now(UTC) - timedelta(hours=1)
        date_object(LANDING, self.key, then)
        self.uploaded = f"{then:%Y-%m-%dT%H:%M:%S.999Z}"

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Let another worker have the same event, and an operator replay what it parked."""
        return {"a move and a replay": self._move_and_replay}

    def _move_and_replay(self) -> None:
        self.replayed = True
        self._alone(self.event_comes)()
        self.pass_time()  # an operator takes a while
        self.seen().configure([*JOBS, job(job_id="since", source_file_name=self.key.rpartition("/")[2])])
        with self.process():
            replay(Api(OPERATOR), keys=[self.key])

    def faults(self, case: Case) -> list[str]:
        """Judge that a replayed file is there once, started once, and that every row tells where it lies."""
        if not self.replayed:
            return super().faults(case)
        world = self.seen()
        places = [key for key in world.keys("data/") if world.read(key) == self.body]
        started = [each["name"] for each in world.executions()]
        told = [row["execution"] for row in world.rows() if row["status"] == "triggered"]
        faults = [] if places == [self.key] else [f"it lies at {places}"]
        faults += [] if started == told and len(told) == 1 else [f"started {started}, recorded {told}"]
        return faults + [f"left: {row['timestamp']}" for row in world.rows() if "retry" in row]


@dataclass
class Again(Landed):
    """The same bytes landed under the same key an hour ago, had their outcome and were deleted."""

    def begin(self) -> None:
        """Let the first upload have its outcome and go."""
        super().begin()
        then = datetime.now(UTC) - timedelta(hours=1)
        date_object(LANDING, self.key, then)
        self.uploaded = f"{then:%Y-%m-%dT%H:%M:%S.999Z}"
        self.event_comes()
        self._delete()
        self.etag = self.seen().upload(self.key, self.body)
        self.uploaded = f"{stored(LANDING, self.key).last_modified:%Y-%m-%dT%H:%M:%S.999Z}"

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """The file is deleted once more; all else is tried where its content is new."""
        return {"a deletion": self._delete}

    def faults(self, case: Case) -> list[str]:
        """Judge that each upload has a row, and that rows tell of each execution and copy."""
        world = self.seen()
        rows = world.rows()
        started = sorted(each["name"] for each in world.executions())
        told = sorted(row["execution"] for row in rows if row["status"] == "triggered")
        faults = [] if started == told else [f"started {started}, recorded {told}"]
        copies, moved = world.keys("data/new_files/"), sorted(row.get("moved_to", "") for row in rows)
        faults += [f"no row tells of {key}" for key in copies if key not in moved]
        statuses = [row["status"] for row in sorted(rows, key=lambda row: str(row["timestamp"]))]
        allowed = [[self.status, self.status]]
        if isinstance(case.fault, Meanwhile):  # deleted before anything began, it vanished, if an event tells
            allowed += [[self.status, "vanished"], *([] if case.repeated else [[self.status]])]
        return faults + ([] if statuses in allowed else [f"two uploads have the outcomes {statuses}"])


@dataclass
class Undeletable(Landed):
    """S3 refuses to delete the file where it landed, as under an object lock; it is tried twice."""

    @contextmanager
    def process(self) -> Iterator[None]:
        """Begin a fresh process, to which S3 refuses that one delete."""
        refused = failing("DeleteObject", "AccessDenied", 403, self.key)
        with super().process(), refused, patch.object(parking, "MAX_ATTEMPTS", 2):
            yield

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Let another worker have the same event."""
        return {"the same event": self._alone(self.event_comes)}

    def faults(self, case: Case) -> list[str]:
        """Judge that one row tells of the copy and why the source stays, and that alerts have an end."""
        world = self.seen()
        (row,) = world.rows()
        there = {key for key in world.keys("data/") if world.read(key) == self.body}
        faults = [] if there == {self.key, row.get("moved_to")} else [f"it lies at {there}"]
        faults += [] if row["status"] == self.status else [f"its outcome is {row['status']}"]
        faults += [] if "AccessDenied" in row.get("source_stays", "") else ["no row tells why it stays"]
        faults += ["tried for ever"] if "retry" in row else []
        alerts = Counter(alert["Subject"] for alert in world.alerts())
        most = 1 if case.call.operation == "Publish" else 0
        faults += [] if alerts.pop(parking.SOURCE_STAYS_SUBJECT, 0) == 1 else ["a person is to be told once"]
        return faults + ([] if 1 - most <= alerts.total() <= 3 else [f"alerted: {alerts}"])


@dataclass
class LastGood(Landed):
    """A file for an active job, while the config is broken: the last good one is in force."""

    def begin(self) -> None:
        """Have the good config seen, and break it."""
        super().begin()
        with self.process():
            app.landing().jobs.revalidate()
        self.seen().configure(b"{")


LANDED = [
    Again("active job, the same content again", "data/in/active.csv", "triggered"),
    Again("no job, the same content again", "data/in/mystery.csv", "not_configured"),
    Undeletable("no job, its source stays", "data/in/mystery.csv", "not_configured"),
    Replayed("no job, replayed meanwhile", "data/in/mystery.csv", "not_configured"),
    Replayed("no job, large, replayed meanwhile", "data/in/mystery.bin", "not_configured", LARGE),
    Landed("active job", "data/in/active.csv", "triggered"),
    Landed("inactive job", "data/in/idle.csv", "inactive"),
    Landed(
        "inactive job, parked", "data/in/idle.csv", "inactive", environment={"INACTIVE_PREFIX": "data/idle/"}
    ),
    Landed("no job", "data/in/mystery.csv", "not_configured"),
    Landed("no job, empty", "data/in/mystery.csv", "not_configured", b""),
    Landed("no job, large", "data/in/mystery.bin", "not_configured", LARGE, {"Tagging": "team=a"}),
    Landed("no job, name taken", "data/in/b/m.csv", "not_configured", LARGE, taken="data/new_files/m.csv"),
    LastGood("a broken config over a good one", "data/in/active.csv", "triggered"),
    Landed("another header", "data/in/strict.csv", "rejected"),
    Landed("elsewhere", "notes/a.txt", "received"),
    Landed("the config itself", CONFIG_KEY, "received", b"[{}]"),
]
