"""What users do to the landing bucket in any story, whichever lane takes what they upload."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chalicelib.aws.clients import client
from chalicelib.aws.document_store import DocumentStore
from chalicelib.landing.config import JobConfig
from chalicelib.landing.lane import Landing
from chalicelib.landing.wiring import config_reader
from tests.disorder.depth import Disorder
from tests.disorder.landing_model import MOST_RETRIES, Story, Upload, identity_of
from tests.support.api import OPERATOR, Api
from tests.support.builders import CONFIG_KEY, LANDING, job
from tests.support.reset import date_object, forget_everything, stored
from tests.support.world import World

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
ON, OFF = (
    job(source_file_name="orders.csv", max_retries=MOST_RETRIES),
    job(job_id="OFF", source_file_name="idle.csv", is_active=False),
)
CONFIGS = {
    "as usual": json.dumps([ON, OFF]).encode(),
    "all on": json.dumps([ON, OFF | {"is_active": True}]).encode(),
    "all off": json.dumps([ON | {"is_active": False}, OFF]).encode(),
    "none": b"[]",
    "wild": json.dumps([job(source_file_name="*.csv")]).encode(),
    "broken": b"[{",
    "missing": None,
}


class LandingUsers(Disorder):
    """A story that begins at `START` with an empty landing bucket and the usual config."""

    world: World  # the test sets it once: creating it takes longer than a story
    story: Story

    def __init__(self) -> None:
        super().__init__()
        forget_everything()
        self.now = START
        self.story = Story()

    def on_time(self, wired: Landing, skew: timedelta = timedelta(0)) -> Landing:
        """Return the lane of a worker whose clock differs by `skew` from the story's."""
        store = DocumentStore(client("s3", wired.settings.aws_region), wired.settings.s3_state_bucket)
        seconds = lambda: (self.now - START).total_seconds() + 1000  # noqa: E731
        config = JobConfig(config_reader(wired.settings), store, 60, seconds)
        return dataclasses.replace(wired, jobs=config, clock=lambda: self.now + skew)

    def put(self, key: str, body: bytes) -> Upload:
        """Upload a file now."""
        etag = self.world.upload(key, body)
        date_object(LANDING, key, self.now)
        upload = Upload(key, body, etag, self.now)
        self.story.put(upload)
        return upload

    @rule(name=st.sampled_from(sorted(CONFIGS)))
    def configure(self, name: str) -> None:
        """Change or delete the job config."""
        body = CONFIGS[name]
        if body is None:
            self.world.s3.delete_object(Bucket=LANDING, Key=CONFIG_KEY)
        else:
            self.world.configure(body)
        self.story.configure(self.now, body)

    @rule(seconds=st.sampled_from([1, 30, 61, 400]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def replay(self, key: str) -> Upload | None:
        """Have an operator replay a key; return what that brought back, if anything."""
        there = stored(LANDING, key)
        running = frozenset(each["name"] for each in self.world.executions())
        with patch("moto.s3.models.utcnow", lambda: self.now.replace(tzinfo=None)):
            Api(OPERATOR).post("/replay", {"keys": [key]})
        moved = {
            identity_of(row)
            for row in self.world.rows(key)
            if "moved_to" in row and stored(LANDING, row["moved_to"]) is None
        }
        self.story.bring_back(moved, running)
        back = stored(LANDING, key)
        if there or not back:
            return None
        upload = Upload(key, back.value, back.etag.strip('"'), self.now)
        self.story.put(upload)
        return upload

    def delete(self, key: str) -> None:
        """Delete a file."""
        self.world.s3.delete_object(Bucket=LANDING, Key=key)
        self.story.supersede(key)
