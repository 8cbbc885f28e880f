"""Sluice: every decorator and all wiring. What a handler does is in `chalicelib/`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Chalice, Rate, Response

from chalicelib import __version__, arrivals, discovered, discovery, logs, routing, status, table_manifests
from chalicelib import reconcile as repair
from chalicelib import summary as overview
from chalicelib.answers import UNAUTHORIZED, Answer, answer
from chalicelib.auth import ALLOWED_METHODS, CachedTokens, GivenTokens, Tokens
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.clients import client
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.glue import GlueJob
from chalicelib.aws.lock import DistributedLock
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.aws.queue import Queue
from chalicelib.aws.queue_depth import QueueDepth
from chalicelib.aws.secrets import RoleSecrets
from chalicelib.aws.state_machine import StateMachine
from chalicelib.aws.state_store import StateStore
from chalicelib.aws.topic import Topic
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.aws.tracking_table import TrackingTable
from chalicelib.discovery import Discovery
from chalicelib.folder_listing import Scope
from chalicelib.jobs import JobConfig
from chalicelib.landing import Landing, own_outputs
from chalicelib.ndjson import Ndjson
from chalicelib.outcomes import Outcome
from chalicelib.settings import Settings
from chalicelib.table_manifests import TableManifests

try:  # what `chalice local` turns into an answer; Lambda has no such module
    from chalice.local import LocalGatewayException

    GatewayError: type[Exception] = LocalGatewayException
except ImportError:
    GatewayError = Exception

if os.environ.get("AWS_CHALICE_CLI_MODE") and "deploy" in sys.argv:  # never in Lambda, `ops` is not shipped
    from ops.chalice_hook import prepare_deploy

    prepare_deploy(sys.argv, os.environ)

app = Chalice(app_name="sluice", configure_logs=False)

STAGE = os.environ.get("STAGE", "dev")
LANDING_BUCKET = os.environ.get("LANDING_BUCKET", f"sluice-{STAGE}-landing")  # decorators need it on import
DISCOVERED_QUEUE = os.environ.get("DISCOVERED_QUEUE", f"sluice-{STAGE}-discovered")
NDJSON_QUEUE = os.environ.get("NDJSON_QUEUE", f"sluice-{STAGE}-ndjson")
NDJSON_MAX_CONCURRENCY = int(os.environ.get("NDJSON_MAX_CONCURRENCY", "2"))


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
    config, region = settings(), settings().aws_region
    return Landing(
        bucket=Bucket(client("s3", region), config.landing_bucket),
        target=CopyTarget(client("s3", region), config.landing_bucket),
        catalog=CatalogTable(client("dynamodb", region), config.catalog_table),
        machine=StateMachine(client("stepfunctions", region), config.step_function_arn),
        topic=Topic(client("sns", region), config.sns_topic_arn),
        jobs=JobConfig(
            Bucket(client("s3", region), config.landing_bucket),
            config.config_key,
            config.config_cache_seconds,
        ),
        settings=config,
    )


@app.on_s3_event(bucket=LANDING_BUCKET, events=["s3:ObjectCreated:*"])
def object_created(event: AnyEvent) -> list[Outcome]:
    """Catalogue every object of the landing bucket and route those under `INPUT_PREFIX`."""
    return routing.object_created(landing(), event.payload)


object_created.event_class = AnyEvent


# NDJSON lane


@cache
def ndjson() -> Ndjson:
    """Wire the lane of the NDJSON bucket."""
    config, region = settings(), settings().aws_region
    return Ndjson(
        bucket=Bucket(client("s3", region), config.ndjson_bucket),
        quarantine=CopyTarget(client("s3", region), config.quarantine_bucket),
        manifests=Bucket(client("s3", region), config.manifest_bucket),
        tracking=TrackingTable(client("dynamodb", region), config.tracking_table),
        records=ManifestRecords(client("dynamodb", region), config.tracking_table),
        lock=DistributedLock(client("dynamodb", region), config.tracking_table),
        glue=GlueJob(client("glue", region), config.glue_job_name),
        topic=Topic(client("sns", region), config.sns_topic_arn),
        settings=config,
    )


@app.on_sqs_message(queue=NDJSON_QUEUE, batch_size=10, maximum_concurrency=NDJSON_MAX_CONCURRENCY)
def ndjson_arrived(event: AnyEvent) -> arrivals.BatchResponse:
    """Validate, track and batch NDJSON files."""
    return arrivals.ndjson_arrived(ndjson(), event.payload)


ndjson_arrived.event_class = AnyEvent


# Scheduled lanes


@cache
def discovery_scan() -> Discovery:
    """Wire the scan for CSV files."""
    config, region = settings(), settings().aws_region
    return Discovery(
        source=Bucket(client("s3", region), config.s3_source_bucket),
        states=StateStore(client("s3", region), config.s3_state_bucket),
        queue=Queue(client("sqs", region), config.sqs_queue_url),
        scope=Scope(config.s3_prefix, config.skip_folders, own_outputs(config)),
        state_key=config.s3_state_key,
    )


@cache
def discovered_files() -> Landing:
    """Wire the landing lane on the bucket that discovery scans."""
    config, region = settings(), settings().aws_region
    return Landing(
        bucket=Bucket(client("s3", region), config.s3_source_bucket),
        target=CopyTarget(client("s3", region), config.s3_source_bucket),
        catalog=CatalogTable(client("dynamodb", region), config.catalog_table),
        machine=StateMachine(client("stepfunctions", region), config.step_function_arn),
        topic=Topic(client("sns", region), config.sns_topic_arn),
        jobs=JobConfig(
            Bucket(client("s3", region), config.landing_bucket),
            config.config_key,
            config.config_cache_seconds,
        ),
        settings=config,
    )


@cache
def table_manifests_run() -> TableManifests:
    """Wire the lane of the tables' manifests."""
    config, region = settings(), settings().aws_region
    return TableManifests(
        source=Bucket(client("s3", region), config.landing_bucket),
        manifests=StateStore(client("s3", region), config.landing_bucket),
        jobs=JobConfig(
            Bucket(client("s3", region), config.landing_bucket),
            config.config_key,
            config.config_cache_seconds,
        ),
        settings=config,
    )


@app.schedule(Rate(5, unit=Rate.MINUTES))
def discover_csv(event: AnyEvent) -> dict[str, Any]:
    """Queue the CSV files that are new or changed since the last scan."""
    return discovery.discover_csv(discovery_scan(), event.context)


discover_csv.event_class = AnyEvent


@app.on_sqs_message(queue=DISCOVERED_QUEUE, batch_size=10)
def csv_discovered(event: AnyEvent) -> dict[str, Any]:
    """Catalogue and route the files that discovery has queued."""
    return discovered.csv_discovered(discovered_files(), event.payload)


csv_discovered.event_class = AnyEvent


@app.schedule(Rate(1, unit=Rate.HOURS))
def write_table_manifests(event: AnyEvent) -> dict[str, Any]:
    """Bring the manifest of every table up to date."""
    return table_manifests.write_table_manifests(table_manifests_run(), event.context)


write_table_manifests.event_class = AnyEvent


# Repair


@app.schedule(Rate(5, unit=Rate.MINUTES))
def reconcile(event: AnyEvent) -> dict[str, Any]:
    """Finish what was interrupted, in every lane."""
    return repair.reconcile(landing(), ndjson(), event.context)


reconcile.event_class = AnyEvent


# Status API


def answered(view: Callable[[], Any]) -> Callable[[], Response]:
    """Answer with what `view` returns, or with why it does not."""

    @wraps(view)
    def respond() -> Response:
        given = answer(view)
        return Response(given.body, {"Cache-Control": "no-store"}, given.status)

    return respond


class RefusedCallError(GatewayError):  # type: ignore[misc,valid-type]  # which of two, the import decides
    """A caller that the authorizer turns away; API Gateway knows it by the word "Unauthorized"."""

    def __init__(self, refusal: Answer) -> None:
        Exception.__init__(self, "Unauthorized" if refusal.status == 401 else refusal.body["Message"])
        self.CODE, self.headers = refusal.status, {"WWW-Authenticate": "Bearer"}
        self.body = json.dumps(refusal.body).encode()


def query() -> dict[str, list[str]]:
    """Return the request's query parameters, with every repeat."""
    request = app.current_request
    given = request.query_params if request else None
    return {name: given.getlist(name) for name in given} if given else {}


@cache
def tokens() -> CachedTokens | GivenTokens:
    """Wire the API's tokens: kept in secrets, or given as stage `local` does."""
    config = settings()
    if not config.api_tokens_secret:
        return GivenTokens(Tokens(config.api_reader_token, config.api_operator_token))
    return CachedTokens(RoleSecrets(client("secretsmanager", config.aws_region), config.api_tokens_secret))


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Let readers look and operators act as well."""
    role = answer(lambda: tokens().read().role_of(request.token))
    if not role.body or role.status != 200:
        raise RefusedCallError(role if role.status != 200 else UNAUTHORIZED)
    return AuthResponse([AuthRoute("*", ALLOWED_METHODS[role.body])], role.body, {"role": role.body})


@cache
def uploads() -> status.Uploads:
    """Wire the lists of uploads."""
    return status.Uploads(CatalogReader(client("dynamodb", settings().aws_region), settings().catalog_table))


@cache
def everything() -> overview.Overview:
    """Wire the summary."""
    config, region = settings(), settings().aws_region
    queues = overview.Queues(
        ndjson=QueueDepth(client("sqs", region), config.ndjson_queue),
        ndjson_dead=QueueDepth(client("sqs", region), config.ndjson_dlq),
        discovered=QueueDepth(client("sqs", region), config.discovered_queue),
        discovered_dead=QueueDepth(client("sqs", region), config.discovered_dlq),
        landing_dead=QueueDepth(client("sqs", region), config.landing_dlq),
    )
    return overview.Overview(
        uploads=uploads(),
        catalog=CatalogReader(client("dynamodb", region), config.catalog_table),
        tracking=TrackingReader(client("dynamodb", region), config.tracking_table),
        queues=queues,
        settings=config,
    )


@app.route("/health")
@answered
def health() -> dict[str, str]:
    """Tell that the API runs."""
    return {"status": "ok", "stage": STAGE, "version": __version__}


@app.route("/summary", authorizer=authorize)
@answered
def summary() -> Any:
    """Count a day and what is stuck."""
    return overview.summarize(everything(), query())


@app.route("/files", authorizer=authorize)
@answered
def files() -> Any:
    """List the uploads of a date."""
    return status.list_files(uploads(), query())


@app.route("/file", authorizer=authorize)
@answered
def file() -> Any:
    """Show every version of one key."""
    return status.show_file(uploads(), query())
