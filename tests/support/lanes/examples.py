"""docs/lanes.md: an example of each lane, written from a real run of its handlers.

`python -m tests.support.lanes.examples` writes the page anew; a test holds it to what the handlers do now.
Times, identities and durations differ between runs, so the page shows fixed ones.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from tests.support.emulation import emulated_aws  # before the app, whose decorators read the environment

# isort: split

import app
from ops.local.demo import SAMPLES, ndjson_samples
from ops.stages import ROOT
from tests.support.api import Api
from tests.support.builders import NDJSON, sqs_event
from tests.support.lanes import ndjson, runs
from tests.support.lanes.glue_runs import JOB, end_glue_run, run_ids
from tests.support.lanes.scans import Scans
from tests.support.scenarios.ndjson import forget_wiring
from tests.support.world import World

BATCHES = {"MAX_BATCH_SIZE_GB": "0.0003", "GLUE_JOB_NAME": JOB}  # three sample files fill a batch
INTRODUCTION = """# The lanes, by example

For those who send files. [All pages](README.md)

This page shows what each lane is given, returns and leaves behind. `python -m tests.support.lanes.examples`
writes it from a real run on the files of `samples/`, and a test holds it to what the handlers do. Times and
identities are fixed, and a batch is full at 0.3 MB. What fields may hold: [contracts](contracts/README.md).
"""
PAGE = ROOT / "docs" / "lanes.md"
MOMENT = "2026-11-20T08:00:00"
STEADY = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?=Z|\+00:00)", MOMENT),
    (r"-\d{14}-[0-9a-f]{8}\b", "-20261120080000-0a1b2c3d"),
    (r"#[0-9a-f]{8}\b", "#0a1b2c3d"),
    (r"batch-(\d+)-[0-9TZ-]+\.json", r"batch-\1-20261120T080000Z.json"),
    (r"\bjr_[0-9a-f]+", "jr_0a1b2c3d"),
    (r'("sequencer": ")[0-9A-F]+', r"\g<1>0055AED6DCD90281E5"),
    (r'("execution_time_seconds": )[\d.]+', r"\g<1>0.1"),
)


def page() -> str:
    """Run every lane on an empty emulated AWS and tell what it did."""
    with emulated_aws(), patch.dict(os.environ, BATCHES):
        forget_wiring()
        ndjson.create_glue_job(JOB)
        world = World()
        world.configure((SAMPLES / "config.json").read_bytes())
        lanes = (
            _routing,
            _ends,
            _inactive_and_other_files,
            _ndjson,
            _glue,
            _discovery,
            _table_manifests,
            _repair,
        )
        text = "\n".join([INTRODUCTION, *(part for lane in lanes for part in lane(world))])
    forget_wiring()
    return _steady(text)


def _steady(text: str) -> str:
    for pattern, fixed in STEADY:
        text = re.sub(pattern, fixed, text)
    return text.replace(f"{datetime.now(UTC):%Y-%m-%d}", MOMENT[:10])


def _block(title: str, document: Any) -> str:
    return f"{title}\n\n```json\n{json.dumps(document, indent=2, ensure_ascii=False)}\n```\n"


def documents(text: str) -> list[Any]:
    """Return every JSON document that a page shows."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def _sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def _land(world: World, key: str, name: str) -> dict[str, Any]:
    return world.land(key, _sample(name), ContentType="text/csv" if name.endswith(".csv") else "text/plain")


def _routing(world: World) -> Iterator[str]:
    key = "data/in/customers.csv"
    yield "## Routing: a file with a job\n\n`samples/customers.csv` lands as `data/in/customers.csv`.\n"
    yield _block("`object_created` returns, for this file:", _land(world, key, "customers.csv"))
    yield _block("Its row:", world.row(key))
    (execution,) = world.executions()
    yield _block("Its execution's input:", {name: execution[name] for name in execution if name != "name"})
    key = "data/in/mystery.csv"
    yield "## Routing: a file without a job\n\n`samples/mystery.csv` lands as `data/in/mystery.csv`.\n"
    yield _block("`object_created` returns:", _land(world, key, "mystery.csv"))
    yield _block("Its row:", world.row(key))
    yield _block("The alert:", _alert(world))


def _ends(world: World) -> Iterator[str]:
    key = "data/in/customers.csv"
    yield "## Routing: how the job ended\n\nThe execution of `data/in/customers.csv` succeeds.\n"
    event = runs.end(world.row(key)["execution"])
    yield _block("`execution_changed` returns:", runs.deliver(event))
    yield _block("Its row then has also:", _of_the_end(world.row(key)))
    failing = "data/in/returns.csv"
    yield "`samples/returns.csv` lands as `data/in/returns.csv`, and its execution fails.\n"
    name = _land(world, failing, "returns.csv")["execution"]
    event = runs.end(name, "FAILED", "Glue.EntityNotFoundException", "Job load_returns not found")
    yield _block("`execution_changed` returns:", runs.deliver(event))
    yield _block("Its row then has also:", _of_the_end(world.row(failing)))
    yield _block("The alert:", _alert(world))


def _of_the_end(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name.startswith("run_") or name in {"status", "reason"}}


def _inactive_and_other_files(world: World) -> Iterator[str]:
    key = "data/in/products.csv"
    yield "## Routing: a file of an inactive job\n\n`samples/products.csv` lands as `data/in/products.csv`.\n"
    yield _block("`object_created` returns:", _land(world, key, "products.csv"))
    yield _block("The alert:", _alert(world))
    yield "## Landing: any other file\n\n`samples/notes.txt` lands as `notes/notes.txt`.\n"
    yield _block("`object_created` returns:", _land(world, "notes/notes.txt", "notes.txt"))
    yield _block("Its row:", world.row("notes/notes.txt"))


def _alert(world: World) -> dict[str, str]:
    alert = world.alerts()[-1]
    world.forget_alerts()
    return {name: alert[name] for name in ("Subject", "Message")}


def _ndjson(world: World) -> Iterator[str]:
    yield "## NDJSON: files become batches\n\nThree files of readings land, and one that is no JSON.\n"
    for key, body in ndjson_samples():
        etag = world.s3.put_object(Bucket=NDJSON, Key=key, Body=body)["ETag"].strip('"')
        event = {"Records": [ndjson.record_of(key, etag, len(body))]}
        returned = app.ndjson_arrived(sqs_event(event), None)
    yield _block("`ndjson_arrived` returns, for each:", returned)
    rows = {row["file_name"]: row for row in ndjson.rows()}
    yield _block("The row of a file that is in a manifest:", rows["readings-0.ndjson"])
    ((key, _),) = ndjson.manifests().items()
    body = world.s3.get_object(Bucket=ndjson.ARTIFACTS, Key=key)["Body"].read()
    yield _block(f"That manifest, `{key}`:", json.loads(body))
    yield _block("The row of the file that did not fit, and waits for the next:", rows["readings-2.ndjson"])
    yield _block("The row of the file that is no JSON, now in quarantine:", rows["broken.ndjson"])


def _glue(world: World) -> Iterator[str]:
    yield "## NDJSON: how a batch's Glue run ended\n\nThe run of that manifest fails.\n"
    (run_id,) = run_ids()
    event = end_glue_run(run_id, "FAILED", "Column id is missing")
    yield _block("`glue_run_changed` returns:", app.glue_run_changed(event, None))
    (item,) = Api().items("/manifests", date=MOMENT[:10])
    yield _block("`GET /manifests` then shows of it:", item)
    yield _block("The alert:", _alert(world))
    key = "2026-11-20/readings-0.ndjson"
    told = Api().get("/explain", key=key).body["story"]
    yield _block(f"`GET /explain?key={key}` tells, among other things:", told[-1])


def _discovery(world: World) -> Iterator[str]:
    key = "incoming/shop/orders_2026-11.csv"
    world.upload(key, _sample(key), ContentType="text/csv")
    scans = Scans()
    yield f"## Discovery: a file that no event announced\n\n`samples/{key}` lies under the same key.\n"
    yield _block("`discover_csv` returns:", scans.scan())
    (message,) = scans.messages()
    yield _block("The message that it queues:", message)
    yield f"The state document:\n\n```json\n{scans.raw_state().decode()}\n```\n"
    yield _block("`csv_discovered` returns:", app.csv_discovered(sqs_event(message), None))
    yield _block("Its row:", world.row(key))


def _table_manifests(world: World) -> Iterator[str]:
    yield "## Table manifests\n\nThe jobs' tables are customers, orders, products and returns.\n"
    result = app.write_table_manifests({}, None)
    yield _block("`write_table_manifests` returns:", result)
    written = next(each for each in result["manifests"] if each["status"] == "written")
    yield _block(f"`{written['manifest']}`:", json.loads(world.read(written["manifest"])))


def _repair(_world: World) -> Iterator[str]:
    yield "## Repair\n\nEverything above is settled, so there is nothing to do.\n"
    yield _block("`reconcile` returns, for the landing lane:", app.reconcile({}, None)["landing"])


if __name__ == "__main__":
    sys.stdout.write(page())
