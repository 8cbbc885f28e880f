"""The API's routes without HTTP: each verb with the adapters that it needs, imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.actions.requests import Operator
    from chalicelib.api.parameters import Given
    from chalicelib.landing.lane import Landing
    from chalicelib.settings import Settings

Body = dict[str, Any]


def get_page(read_config: Callable[[], Settings]) -> tuple[str, dict[str, str]]:
    """Return the status page and its headers, without usable settings too: the page tells of them."""
    from chalicelib.api.answers import answer
    from chalicelib.api.status_page import page_headers, page_html
    from chalicelib.wiring import api

    origin = answer(lambda: api.upload_urls(read_config()).origin())
    return page_html(), page_headers(origin.body if origin.status == 200 else "")


def get_summary(config: Settings, given: Given) -> Body:
    """Count a day and what is stuck."""
    from chalicelib.status.summary import summarize
    from chalicelib.wiring import api

    return summarize(api.overview(config), given)


def get_files(config: Settings, given: Given) -> Body:
    """List the uploads of a date."""
    from chalicelib.status.files import list_files
    from chalicelib.wiring import api

    return list_files(api.uploads(config), given)


def get_file(config: Settings, given: Given) -> Body:
    """Show every version of one key."""
    from chalicelib.status.files import show_file
    from chalicelib.wiring import api

    return show_file(api.uploads(config), given)


def get_explain(config: Settings, given: Given) -> Body:
    """Tell what happened to a key and what would happen now."""
    from chalicelib.status.explain import explain
    from chalicelib.wiring import api

    return explain(api.sources(config), given)


def get_batches(config: Settings, given: Given) -> Body:
    """Show what waits for its batch."""
    from chalicelib.status.batches import list_batches
    from chalicelib.wiring import api

    return list_batches(api.tracked(config), given)


def get_manifests(config: Settings, given: Given) -> Body:
    """List the batch manifests of a date."""
    from chalicelib.status.batches import list_manifests
    from chalicelib.wiring import api

    return list_manifests(api.tracked(config), given)


def get_quarantine(config: Settings, given: Given) -> Body:
    """List what is quarantined."""
    from chalicelib.status.batches import list_quarantine
    from chalicelib.wiring import api

    return list_quarantine(api.tracked(config), given)


def get_jobs(config: Settings, given: Given) -> Body:
    """List the jobs of the config and its faults."""
    from chalicelib.status.jobs import list_jobs
    from chalicelib.wiring import api

    return list_jobs(api.config_bucket(config), config.config_key, given)


def get_discovery(config: Settings, given: Given) -> Body:
    """Show the last scan and its state."""
    from chalicelib.status.discovery import show_discovery
    from chalicelib.wiring import api

    return show_discovery(api.scans(config), given)


def post_replay(landing: Landing, discovered: Landing, body: object, caller: Operator) -> Body:
    """Route uploads again."""
    from chalicelib.actions.replay import replay
    from chalicelib.wiring import api

    return replay(api.replays(landing.settings, landing, discovered), body, caller)


def post_release(config: Settings, body: object, caller: Operator) -> Body:
    """Let a quarantined file pass."""
    from chalicelib.actions.release import release
    from chalicelib.wiring import api

    return release(api.releases(config), body, caller)


def post_redrive(landing: Landing, body: object, caller: Operator) -> Body:
    """Send dead letters back."""
    from chalicelib.actions.redrive import redrive
    from chalicelib.wiring import api

    return redrive(api.redrives(landing.settings, landing), body, caller)


def post_upload(config: Settings, body: object) -> Body:
    """Offer a place to put a file."""
    from chalicelib.actions.upload import offer_upload
    from chalicelib.wiring import api

    return offer_upload(api.upload_urls(config), config, body)
