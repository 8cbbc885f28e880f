"""The job config in force: the current document, or while that cannot be used, the last good one.

A version that cannot be used is never adopted: files are routed by the copy of the last version that could.
A cached config may start a job; before a file is turned away, the config is asked for again, so that a file
uploaded right after its config is never parked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple

from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.failures import AWS_ERRORS, describe_failure, is_withheld
from chalicelib.errors import ConfigError
from chalicelib.landing.catalog import iso
from chalicelib.landing.entries import parse_jobs
from chalicelib.landing.jobs import Job, Jobs
from chalicelib.logs import log

ABSENT = "absent"
UNREADABLE = "unreadable"
COPY_KEY = "state/job-config.json"  # in S3_STATE_BUCKET
COPIED_VERSION = "sluice-config-version"
COPIED_TIME = "sluice-config-time"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """A config document as one read found it: its jobs, or the faults for which it has none.

    `version` is the ETag that the config has or had in the landing bucket, `absent` or `unreadable`; `etag`
    is that of the object which was read, empty when none was.
    """

    version: str = ABSENT
    jobs: Jobs | None = None
    faults: tuple[str, ...] = ()
    body: bytes = b""
    etag: str = ""
    changed_at: datetime | None = None


class ConfigInForce(NamedTuple):
    """The current config and, when that cannot be used, the last good one, if there is any."""

    current: Config = Config()
    last_good: Config | None = None

    @property
    def source(self) -> str:
        """Which of the two files are routed by: `current` or `last_good`; empty when neither can be used."""
        if self.current.jobs is not None:
            return "current"
        return "last_good" if self.last_good else ""

    @property
    def config(self) -> Config:
        """The config that files are routed by; the current one, with its faults, when there is none."""
        return self.last_good or self.current

    def told(self) -> dict[str, Any]:
        """Return what the API tells of it: which version is in force, and the faults of the current one."""
        return {
            "in_force": self.source or None,
            "version": self.current.version,
            "last_good_version": self.last_good.version if self.last_good else None,
            "faults": list(self.current.faults),
        }

    @property
    def fault(self) -> ConfigError | None:
        """What is wrong with the current config; None when it can be used."""
        if self.current.jobs is not None:
            return None
        in_force = self.last_good.version if self.last_good else ""
        return ConfigError(self.current.version, list(self.current.faults), in_force)


NOT_READ = ConfigInForce()


@dataclass(frozen=True, slots=True)
class ConfigReader:
    """Where the config lies, and the bucket that holds the copy of the last good one."""

    bucket: Bucket
    key: str
    copies: Bucket
    machines: frozenset[str] = frozenset()

    def read(self, known: ConfigInForce = NOT_READ) -> ConfigInForce:
        """Read what is in force; a document that still has the ETag of `known` is not read again."""
        current = self._current(known.current)
        if current.jobs is not None:
            return ConfigInForce(current)
        return ConfigInForce(current, self._last_good(known.last_good))

    def _current(self, known: Config) -> Config:
        where = f"s3://{self.bucket.name}/{self.key}"
        try:
            found = self.bucket.read_document(self.key, known.etag, MAX_BYTES)
        except AWS_ERRORS as error:
            if not is_withheld(error):
                raise
            why = f"{where} is there, but S3 does not give it out ({describe_failure(error)}): let it be read"
            return Config(UNREADABLE, faults=(why,))
        if found == "unchanged":
            return known
        if found == "missing":
            return Config(ABSENT, faults=(f"{where} is missing: upload a list of jobs",))
        read = Config(found.etag, body=found.body, etag=found.etag, changed_at=found.last_modified)
        if found.size > MAX_BYTES:
            why = f"{where} has {found.size} bytes: a config has at most {MAX_BYTES}"
            return Config(found.etag, faults=(why,), etag=found.etag, changed_at=found.last_modified)
        return self._parsed(read)

    def _last_good(self, known: Config | None) -> Config | None:
        try:
            found = self.copies.read_document(COPY_KEY, known.etag if known else "", MAX_BYTES)
        except AWS_ERRORS as error:
            if not is_withheld(error):
                raise
            log.warning("the last good job config cannot be read", extra={"reason": str(error)})
            return None
        if found == "unchanged":
            return known
        if found == "missing":
            return None
        version = found.metadata.get(COPIED_VERSION, "")
        copy = self._parsed(Config(version, body=found.body, etag=found.etag, changed_at=found.last_modified))
        return copy if copy.jobs is not None else None

    def _parsed(self, read: Config) -> Config:
        try:
            return replace(read, jobs=parse_jobs(read.body, read.version, self.machines))
        except ConfigError as error:
            return replace(read, faults=tuple(error.faults))


class JobConfig:
    """The config as this process last saw it, fetched again when it is due."""

    def __init__(
        self,
        reader: ConfigReader,
        store: DocumentStore,
        cache_seconds: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._store = store
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._seen = NOT_READ
        self._kept = ""
        self._checked_at = 0.0

    @property
    def fault(self) -> ConfigError | None:
        """What is wrong with the current config, as far as it was looked at."""
        return None if self._seen is NOT_READ else self._seen.fault

    def may_differ_for(self, upload: datetime) -> bool:
        """Tell whether a worker may have routed an upload of that time by another version of the config."""
        changed_at = self._seen.current.changed_at
        return changed_at is None or upload <= changed_at + timedelta(seconds=self._cache_seconds)

    def match(self, key: str) -> Job | None:
        """Return the job for `key`; a cached config never answers "none" or an inactive job.

        Raise ConfigError when no version of the config can be used.
        """
        jobs = self._seen.config.jobs
        if jobs and self._clock() - self._checked_at < self._cache_seconds:
            job = jobs.find_matching_job(key)
            if job and job.is_active:
                return job
        return self.revalidate().find_matching_job(key)

    def revalidate(self) -> Jobs:
        """Fetch the config unless its ETag is unchanged; raise ConfigError when no version can be used."""
        self._seen = self._reader.read(self._seen)
        self._checked_at = self._clock()
        if self._seen.config.jobs is None:
            raise ConfigError(self._seen.current.version, list(self._seen.current.faults))
        if self._seen.source == "current" and self._seen.current.version != self._kept:
            self._keep(self._seen.current)
        return self._seen.config.jobs

    def _keep(self, config: Config) -> None:
        """Copy a usable config, once per version; a copy that cannot be written is a warning."""
        try:
            held = self._reader.copies.head(COPY_KEY)
            if held is None or _is_older(held, config):
                etag = held.etag if held else ""
                metadata = {COPIED_VERSION: config.version, COPIED_TIME: _moment(config)}
                if not self._store.replace(COPY_KEY, BytesIO(config.body), etag, Metadata=metadata):
                    return  # another worker was faster: the next look tells with which version
        except AWS_ERRORS as error:
            log.warning("the last good job config could not be kept", extra={"reason": str(error)})
        self._kept = config.version


def _is_older(held: StoredObject, config: Config) -> bool:
    """Tell whether the copy is of an earlier version: a slow worker never puts that back over a later one."""
    if held.metadata.get(COPIED_VERSION) == config.version:
        return False
    return held.metadata.get(COPIED_TIME, "") <= _moment(config)


def _moment(config: Config) -> str:
    return iso(config.changed_at) if config.changed_at else ""
