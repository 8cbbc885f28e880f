"""The API's routes without HTTP: each verb with the adapters that it needs, and no others."""

from __future__ import annotations

from typing import Any

from chalicelib.discovery_list import show_discovery
from chalicelib.explain import explain
from chalicelib.job_list import list_jobs
from chalicelib.landing import Landing
from chalicelib.operator import Operator
from chalicelib.parameters import Given
from chalicelib.redrive import redrive
from chalicelib.release import release
from chalicelib.replay import replay
from chalicelib.settings import Settings
from chalicelib.status import list_files, show_file
from chalicelib.summary import summarize
from chalicelib.tracked import list_batches, list_manifests, list_quarantine
from chalicelib.uploading import offer_upload
from chalicelib.wiring import api

Body = dict[str, Any]


def get_summary(config: Settings, given: Given) -> Body:
    """Count a day and what is stuck."""
    return summarize(api.overview(config), given)


def get_files(config: Settings, given: Given) -> Body:
    """List the uploads of a date."""
    return list_files(api.uploads(config), given)


def get_file(config: Settings, given: Given) -> Body:
    """Show every version of one key."""
    return show_file(api.uploads(config), given)


def get_explain(config: Settings, given: Given) -> Body:
    """Tell what happened to a key and what would happen now."""
    return explain(api.sources(config), given)


def get_batches(config: Settings, given: Given) -> Body:
    """Show what waits for its batch."""
    return list_batches(api.tracked(config), given)


def get_manifests(config: Settings, given: Given) -> Body:
    """List the batch manifests of a date."""
    return list_manifests(api.tracked(config), given)


def get_quarantine(config: Settings, given: Given) -> Body:
    """List what is quarantined."""
    return list_quarantine(api.tracked(config), given)


def get_jobs(config: Settings, given: Given) -> Body:
    """List the jobs of the config and its faults."""
    return list_jobs(api.config_bucket(config), config.config_key, given)


def get_discovery(config: Settings, given: Given) -> Body:
    """Show the last scan and its state."""
    return show_discovery(api.scans(config), given)


def post_replay(config: Settings, landing: Landing, body: object, caller: Operator) -> Body:
    """Route uploads again."""
    return replay(api.replays(config, landing), body, caller)


def post_release(config: Settings, body: object, caller: Operator) -> Body:
    """Let a quarantined file pass."""
    return release(api.releases(config), body, caller)


def post_redrive(config: Settings, landing: Landing, body: object, caller: Operator) -> Body:
    """Send dead letters back."""
    return redrive(api.redrives(config, landing), body, caller)


def post_upload(config: Settings, body: object) -> Body:
    """Offer a place to put a file."""
    return offer_upload(api.upload_urls(config), config, body)
