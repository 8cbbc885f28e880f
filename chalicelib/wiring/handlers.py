"""What each handler of app.py does, imported when it is called: a Lambda function runs one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.discovery.scan import Discovery
    from chalicelib.landing.lane import Landing
    from chalicelib.landing.outcomes import Outcome
    from chalicelib.ndjson.arrivals import BatchResponse
    from chalicelib.ndjson.lane import Ndjson
    from chalicelib.tables.manifests import TableManifests


def object_created(lane: Landing, payload: object) -> list[Outcome]:
    """Catalogue and route what an event of the landing bucket names."""
    from chalicelib.landing import routing

    return routing.object_created(lane, payload)


def ndjson_arrived(lane: Ndjson, payload: Any) -> BatchResponse:
    """Validate, track and batch the NDJSON files of a queue's batch."""
    from chalicelib.ndjson import arrivals

    return arrivals.ndjson_arrived(lane, payload)


def discover_csv(lane: Discovery, context: Any) -> dict[str, Any]:
    """Queue the CSV files that are new or changed since the last scan."""
    from chalicelib.discovery import scan as discovery

    return discovery.discover_csv(lane, context)


def csv_discovered(lane: Landing, payload: Any) -> dict[str, Any]:
    """Catalogue and route the files that discovery has queued."""
    from chalicelib.discovery import consumer as discovered

    return discovered.csv_discovered(lane, payload)


def write_table_manifests(lane: TableManifests, context: Any) -> dict[str, Any]:
    """Bring the manifest of every table up to date."""
    from chalicelib.tables import manifests as table_manifests

    return table_manifests.write_table_manifests(lane, context)


def reconcile(landing: Landing, discovered: Landing, ndjson: Ndjson, context: Any) -> dict[str, Any]:
    """Finish what was interrupted, in every lane."""
    from chalicelib import reconcile

    return reconcile.reconcile(landing, discovered, ndjson, context)
