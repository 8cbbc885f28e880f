"""Sluice: every decorator. What a handler does is in the folder of `chalicelib/` that its import names."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from chalice.app import AuthRequest, AuthResponse, Chalice, Rate, Response

from chalicelib import __version__, logs
from chalicelib.api.edge import AnyEvent, answered, authorized, take_any_event
from chalicelib.api.http_request import body_of, caller_of, query_of
from chalicelib.patterns import ended_executions, ended_glue_runs
from chalicelib.settings import Settings, max_concurrencies

if TYPE_CHECKING:  # the rest is imported by the handler that needs it (docs/adr/013)
    from chalicelib.landing.lane import Landing
    from chalicelib.ndjson.lane import Ndjson

if os.environ.get("AWS_CHALICE_CLI_MODE"):  # never in Lambda
    from ops.chalice_entry import prepare

    prepare(os.environ)

app = Chalice(app_name="sluice", configure_logs=False)
STAGE = os.environ.get("STAGE", "dev")
LANDING_BUCKET = os.environ.get("LANDING_BUCKET", f"sluice-{STAGE}-landing")  # decorators need it on import
DISCOVERED_QUEUE = os.environ.get("DISCOVERED_QUEUE", f"sluice-{STAGE}-discovered")
NDJSON_QUEUE = os.environ.get("NDJSON_QUEUE", f"sluice-{STAGE}-ndjson")
NDJSON_MAX_CONCURRENCY, DISCOVERED_MAX_CONCURRENCY = max_concurrencies(os.environ)


@cache
def settings() -> Settings:
    """Read the environment once per process."""
    loaded = Settings.from_environ(os.environ)
    logs.configure(loaded.log_level, loaded.stage)
    return loaded


@cache
def landing() -> Landing:
    """Wire the lane of the landing bucket."""
    from chalicelib.landing import wiring

    return wiring.landing(settings(), settings().landing_bucket)


@cache
def discovered() -> Landing:
    """Wire the landing lane on the bucket that discovery scans."""
    from chalicelib.landing import wiring

    return wiring.landing(settings(), settings().s3_source_bucket)


@cache
def ndjson() -> Ndjson:
    """Wire the lane of the NDJSON bucket."""
    from chalicelib.ndjson import wiring

    return wiring.ndjson(settings())


@app.on_s3_event(bucket=LANDING_BUCKET, events=["s3:ObjectCreated:*"])
def object_created(event: AnyEvent) -> Any:
    """Catalogue every object of the landing bucket and route those under `INPUT_PREFIX`."""
    from chalicelib.landing import routing

    return routing.object_created(landing(), event.payload)


@app.on_sqs_message(queue=NDJSON_QUEUE, batch_size=10, maximum_concurrency=NDJSON_MAX_CONCURRENCY)
def ndjson_arrived(event: AnyEvent) -> Any:
    """Validate, track and batch NDJSON files."""
    from chalicelib.ndjson import arrivals

    return arrivals.ndjson_arrived(ndjson(), event.payload, event.context)


@app.on_sqs_message(queue=DISCOVERED_QUEUE, batch_size=10, maximum_concurrency=DISCOVERED_MAX_CONCURRENCY)
def csv_discovered(event: AnyEvent) -> Any:
    """Catalogue and route the files that discovery has queued."""
    from chalicelib.discovery import consumer

    return consumer.csv_discovered(discovered(), event.payload, event.context)


@app.on_cw_event(ended_executions(os.environ))
def execution_changed(event: AnyEvent) -> Any:
    """Record how an execution ended."""
    from chalicelib.runs import changes, wiring

    return changes.execution_changed(wiring.runs(settings(), landing(), discovered()), event.payload)


@app.on_cw_event(ended_glue_runs(os.environ))
def glue_run_changed(event: AnyEvent) -> Any:
    """Record how the Glue run of a batch manifest ended."""
    from chalicelib.runs import manifest_runs

    return manifest_runs.glue_run_changed(ndjson(), event.payload)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def discover_csv(event: AnyEvent) -> Any:
    """Queue the CSV files that are new or changed since the last scan."""
    from chalicelib.discovery import scan, wiring

    return scan.discover_csv(wiring.discovery_scan(settings()), event.context)


@app.schedule(Rate(1, unit=Rate.HOURS))
def write_table_manifests(event: AnyEvent) -> Any:
    """Bring the manifest of every table up to date."""
    from chalicelib.tables import manifests, wiring

    return manifests.write_table_manifests(wiring.table_manifests(settings()), event.context)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def reconcile(event: AnyEvent) -> Any:
    """Finish what was interrupted, in every lane."""
    from chalicelib import reconcile
    from chalicelib.runs import wiring

    return reconcile.reconcile(wiring.runs(settings(), landing(), discovered()), ndjson(), event.context)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def watch_expected(event: AnyEvent) -> Any:
    """Tell of expected files that did not come."""
    from chalicelib.expected import watch, wiring

    return watch.watch_expected(wiring.expected(settings()), event.context)


take_any_event(app)  # the handlers above; the status API comes below


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Let readers look and operators act as well."""
    from chalicelib.api import wiring

    return authorized(lambda: wiring.tokens(settings()).read().principal_of(request.token))


def guarded(path: str, method: str = "GET") -> Callable[[Callable[[], Any]], Callable[[], Response]]:
    """Register a route for callers that `authorize` lets in."""
    return lambda view: app.route(path, methods=[method], authorizer=authorize)(answered(view))


@app.route("/")
def get_page() -> Response:
    """Serve the status page; it needs neither a token nor usable settings."""
    from chalicelib.actions import wiring
    from chalicelib.api import status_page

    headers = status_page.page_headers(lambda: wiring.upload_urls(settings()).origin())
    return Response(status_page.page_html(), {**headers})


@app.route("/health")
@answered
def get_health() -> Any:
    """Tell that the API runs."""
    return {"status": "ok", "stage": STAGE, "version": __version__}


@guarded("/summary")
def get_summary() -> Any:
    """Count the files of a day and what is stuck."""
    from chalicelib.status import summary, wiring

    return summary.summarize(wiring.overview(settings()), query_of(app), caller_of(app))


@guarded("/trend")
def get_trend() -> Any:
    """Tell of each of the last days what landed, and how long it took."""
    from chalicelib.status import trend, wiring

    return trend.show_trend(wiring.uploads(settings()), query_of(app))


@guarded("/alerts")
def get_alerts() -> Any:
    """List what people were told of, and what they are still to be told of."""
    from chalicelib.status import alerts, wiring

    return alerts.list_alerts(wiring.alerts(settings()), query_of(app))


@guarded("/files")
def get_files() -> Any:
    """List the uploads of a date."""
    from chalicelib.status import files, wiring

    return files.list_files(wiring.file_lists(settings()), query_of(app))


@guarded("/file")
def get_file() -> Any:
    """Show every version of one key."""
    from chalicelib.status import files, wiring

    return files.show_file(wiring.uploads(settings()), query_of(app))


@guarded("/explain")
def get_explain() -> Any:
    """Tell what happened to a key and what would happen now."""
    from chalicelib.status import explain, wiring

    return explain.explain(wiring.sources(settings()), query_of(app))


@guarded("/batches")
def get_batches() -> Any:
    """Show what waits for its batch."""
    from chalicelib.status import batches, wiring

    return batches.list_batches(wiring.ndjson_lists(settings()), query_of(app))


@guarded("/manifests")
def get_manifests() -> Any:
    """List the batch manifests of a date."""
    from chalicelib.status import batches, wiring

    return batches.list_manifests(wiring.ndjson_lists(settings()), query_of(app))


@guarded("/quarantine")
def get_quarantine() -> Any:
    """List what is quarantined."""
    from chalicelib.status import batches, wiring

    return batches.list_quarantine(wiring.ndjson_lists(settings()), query_of(app))


@guarded("/jobs")
def get_jobs() -> Any:
    """List the jobs of the config and its faults."""
    from chalicelib.status import jobs, wiring

    return jobs.list_jobs(wiring.job_lists(settings()), query_of(app))


@guarded("/discovery")
def get_discovery() -> Any:
    """Show the last scan and its state."""
    from chalicelib.status import discovery, wiring

    return discovery.show_discovery(wiring.scans(settings()), query_of(app))


@guarded("/replay", "POST")
def post_replay() -> Any:
    """Route uploads again."""
    from chalicelib.actions import replay, wiring

    return replay.replay(wiring.replays(settings(), landing(), discovered()), body_of(app), caller_of(app))


@guarded("/quarantine/release", "POST")
def post_release() -> Any:
    """Let a quarantined file pass."""
    from chalicelib.actions import release, wiring

    return release.release(wiring.releases(settings()), body_of(app), caller_of(app))


@guarded("/redrive", "POST")
def post_redrive() -> Any:
    """Send dead letters back."""
    from chalicelib.actions import redrive, wiring

    return redrive.redrive(wiring.redrives(settings(), landing(), discovered()), body_of(app), caller_of(app))


@guarded("/upload", "POST")
def post_upload() -> Any:
    """Offer a place to put a file."""
    from chalicelib.actions import upload, wiring

    return upload.offer_upload(wiring.uploads(settings()), body_of(app))
