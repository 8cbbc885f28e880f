"""Sluice: every decorator and all wiring. What a handler does is in `chalicelib/`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Chalice, Rate, Response

from chalicelib import __version__, logs
from chalicelib.api.http_request import body_of, caller_of, query_of
from chalicelib.settings import Settings, max_concurrency
from chalicelib.wiring import api, handlers, lanes, views

if TYPE_CHECKING:  # the rest is imported by the handler that needs it (docs/adr/013)
    from chalicelib.api.answers import Answer
    from chalicelib.api.auth import CachedTokens, GivenTokens
    from chalicelib.discovery.scan import Discovery
    from chalicelib.landing.lane import Landing
    from chalicelib.landing.outcomes import Outcome
    from chalicelib.ndjson.arrivals import BatchResponse
    from chalicelib.ndjson.lane import Ndjson
    from chalicelib.tables.manifests import TableManifests

try:  # what `chalice local` turns into an answer; Lambda has no such module
    from chalice.local import LocalGatewayException

    GatewayError: type[Exception] = LocalGatewayException
except ImportError:
    GatewayError = Exception

if os.environ.get("AWS_CHALICE_CLI_MODE") and {"deploy", "local"} & {*sys.argv}:  # never in Lambda
    from ops.chalice_hook import prepare

    prepare(sys.argv, os.environ)

app = Chalice(app_name="sluice", configure_logs=False)

STAGE = os.environ.get("STAGE", "dev")
LANDING_BUCKET = os.environ.get("LANDING_BUCKET", f"sluice-{STAGE}-landing")  # decorators need it on import
DISCOVERED_QUEUE = os.environ.get("DISCOVERED_QUEUE", f"sluice-{STAGE}-discovered")
NDJSON_QUEUE = os.environ.get("NDJSON_QUEUE", f"sluice-{STAGE}-ndjson")
NDJSON_MAX_CONCURRENCY = max_concurrency(os.environ)


class AnyEvent:
    """A Lambda event as it is: Chalice's own classes fail on payloads that ours accept."""

    def __init__(self, payload: Any, context: Any) -> None:
        self.payload = payload
        self.context = context


@cache
def settings() -> Settings:
    """Read the environment once per process."""
    loaded = Settings.from_environ(os.environ)
    logs.configure(loaded.log_level)
    return loaded


# Landing lane


@cache
def landing() -> Landing:
    """Wire the lane of the landing bucket."""
    return lanes.landing(settings())


@app.on_s3_event(bucket=LANDING_BUCKET, events=["s3:ObjectCreated:*"])
def object_created(event: AnyEvent) -> list[Outcome]:
    """Catalogue every object of the landing bucket and route those under `INPUT_PREFIX`."""
    return handlers.object_created(landing(), event.payload)


# NDJSON lane


@cache
def ndjson() -> Ndjson:
    """Wire the lane of the NDJSON bucket."""
    return lanes.ndjson(settings())


@app.on_sqs_message(queue=NDJSON_QUEUE, batch_size=10, maximum_concurrency=NDJSON_MAX_CONCURRENCY)
def ndjson_arrived(event: AnyEvent) -> BatchResponse:
    """Validate, track and batch NDJSON files."""
    return handlers.ndjson_arrived(ndjson(), event.payload)


# Scheduled lanes


@cache
def discovery_scan() -> Discovery:
    """Wire the scan for CSV files."""
    return lanes.discovery_scan(settings())


@cache
def discovered_files() -> Landing:
    """Wire the landing lane on the bucket that discovery scans."""
    return lanes.discovered_files(settings())


@cache
def table_manifests_run() -> TableManifests:
    """Wire the lane of the tables' manifests."""
    return lanes.table_manifests_run(settings())


@app.schedule(Rate(5, unit=Rate.MINUTES))
def discover_csv(event: AnyEvent) -> dict[str, Any]:
    """Queue the CSV files that are new or changed since the last scan."""
    return handlers.discover_csv(discovery_scan(), event.context)


@app.on_sqs_message(queue=DISCOVERED_QUEUE, batch_size=10)
def csv_discovered(event: AnyEvent) -> dict[str, Any]:
    """Catalogue and route the files that discovery has queued."""
    return handlers.csv_discovered(discovered_files(), event.payload)


@app.schedule(Rate(1, unit=Rate.HOURS))
def write_table_manifests(event: AnyEvent) -> dict[str, Any]:
    """Bring the manifest of every table up to date."""
    return handlers.write_table_manifests(table_manifests_run(), event.context)


# Repair


@app.schedule(Rate(5, unit=Rate.MINUTES))
def reconcile(event: AnyEvent) -> dict[str, Any]:
    """Finish what was interrupted, in every lane."""
    return handlers.reconcile(landing(), discovered_files(), ndjson(), event.context)


for handler in app.handler_map.values():  # those above; the API's own are below
    handler.event_class = AnyEvent  # type: ignore[attr-defined]  # Chalice types them as plain functions


# Status API


def answered(view: Callable[[], Any]) -> Callable[[], Response]:
    """Answer with what `view` returns, or with why it does not."""

    @wraps(view)
    def respond() -> Response:
        from chalicelib.api.answers import answer

        given = answer(view)
        return Response(given.body, {"Cache-Control": "no-store"}, given.status)

    return respond


class RefusedCallError(GatewayError):  # type: ignore[misc,valid-type]  # which of two, the import decides
    """A caller that the authorizer turns away; API Gateway knows it by the word "Unauthorized"."""

    def __init__(self, refusal: Answer) -> None:
        Exception.__init__(self, "Unauthorized" if refusal.status == 401 else refusal.body["Message"])
        self.CODE, self.headers = refusal.status, {"WWW-Authenticate": "Bearer"}
        self.body = json.dumps(refusal.body).encode()


@cache
def tokens() -> CachedTokens | GivenTokens:
    """Wire the tokens of the API's callers."""
    return api.tokens(settings())


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Let readers look and operators act as well."""
    from chalicelib.api.answers import UNAUTHORIZED, answer
    from chalicelib.api.auth import ALLOWED_METHODS

    role = answer(lambda: tokens().read().role_of(request.token))
    if not role.body or role.status != 200:
        raise RefusedCallError(role if role.status != 200 else UNAUTHORIZED)
    return AuthResponse([AuthRoute("*", ALLOWED_METHODS[role.body])], role.body, {"role": role.body})


@app.route("/")
def get_page() -> Response:
    """Serve the status page, which asks for a token itself."""
    page, headers = views.get_page(settings)
    return Response(page, {**headers})


@app.route("/health")
@answered
def get_health() -> dict[str, str]:
    """Tell that the API runs."""
    return {"status": "ok", "stage": STAGE, "version": __version__}


@app.route("/summary", authorizer=authorize)
@answered
def get_summary() -> Any:
    """Count a day and what is stuck."""
    return views.get_summary(settings(), query_of(app.current_request))


@app.route("/files", authorizer=authorize)
@answered
def get_files() -> Any:
    """List the uploads of a date."""
    return views.get_files(settings(), query_of(app.current_request))


@app.route("/file", authorizer=authorize)
@answered
def get_file() -> Any:
    """Show every version of one key."""
    return views.get_file(settings(), query_of(app.current_request))


@app.route("/explain", authorizer=authorize)
@answered
def get_explain() -> Any:
    """Tell what happened to a key and what would happen now."""
    return views.get_explain(settings(), query_of(app.current_request))


@app.route("/batches", authorizer=authorize)
@answered
def get_batches() -> Any:
    """Show what waits for its batch."""
    return views.get_batches(settings(), query_of(app.current_request))


@app.route("/manifests", authorizer=authorize)
@answered
def get_manifests() -> Any:
    """List the batch manifests of a date."""
    return views.get_manifests(settings(), query_of(app.current_request))


@app.route("/quarantine", authorizer=authorize)
@answered
def get_quarantine() -> Any:
    """List what is quarantined."""
    return views.get_quarantine(settings(), query_of(app.current_request))


@app.route("/jobs", authorizer=authorize)
@answered
def get_jobs() -> Any:
    """List the jobs of the config and its faults."""
    return views.get_jobs(settings(), query_of(app.current_request))


@app.route("/discovery", authorizer=authorize)
@answered
def get_discovery() -> Any:
    """Show the last scan and its state."""
    return views.get_discovery(settings(), query_of(app.current_request))


@app.route("/replay", methods=["POST"], authorizer=authorize)
@answered
def post_replay() -> Any:
    """Route uploads again."""
    request = app.current_request
    return views.post_replay(landing(), discovered_files(), body_of(request), caller_of(request))


@app.route("/quarantine/release", methods=["POST"], authorizer=authorize)
@answered
def post_release() -> Any:
    """Let a quarantined file pass."""
    return views.post_release(settings(), body_of(app.current_request), caller_of(app.current_request))


@app.route("/redrive", methods=["POST"], authorizer=authorize)
@answered
def post_redrive() -> Any:
    """Send dead letters back."""
    return views.post_redrive(landing(), body_of(app.current_request), caller_of(app.current_request))


@app.route("/upload", methods=["POST"], authorizer=authorize)
@answered
def post_upload() -> Any:
    """Offer a place to put a file."""
    return views.post_upload(settings(), body_of(app.current_request))
