"""The surroundings of expected files: the jobs, what is remembered of each, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.aws.expected_files import ExpectedFiles, ExpectedReader
from chalicelib.aws.topic import Topic
from chalicelib.landing.config import JobConfig


@dataclass(frozen=True, slots=True)
class Expected:
    """What expected files are watched with."""

    jobs: JobConfig
    reader: ExpectedReader
    files: ExpectedFiles
    topic: Topic
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
