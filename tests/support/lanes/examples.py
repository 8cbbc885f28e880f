"""docs/lanes.md: an example of each lane, written from a real run of its handlers.

`python -m tests.support.lanes.examples` writes the page anew; a test holds it to what the handlers do now.
Times, identities and durations differ between runs, so the page shows fixed ones.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest.mock import patch

from tests.support.emulation import emulated_aws  # before the app, whose decorators read the environment

# isort: split

import app
from chalicelib.expected import wiring
from chalicelib.expected.watch import watch_expected
from ops.local.demo import SAMPLES, ndjson_samples
from ops.stages import ROOT
from tests.support.api import Api
from tests.support.builders import CONFIG_KEY, NDJSON, sqs_event
from tests.support.lanes import ndjson, runs
from tests.support.lanes.glue_runs import JOB, end_glue_run, run_ids
from tests.support.lanes.scans import Scans
from tests.support.scenarios.ndjson import forget_wiring
from tests.support.world import World

SURROUNDINGS = {
    "MAX_BATCH_SIZE_GB": "0.0003",  # three sample files fill a batch
    "SIZE_TOLERANCE_PERCENT": "99",
    "GLUE_JOB_NAME": JOB,
    "LOG_LEVEL": "ERROR",
}
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
    with emulated_aws(), patch.dict(os.environ, SURROUNDINGS):
        forget_wiring()
        ndjson.create_glue_job(JOB)
        world = World()
        world.configure((SAMPLES / "config.json").read_bytes())
        lanes = (
            _routing,
            _ends,
            _inactive_and_other_files,
            _rejected,
            _broken_config,
            _expected,
            _ndjson,
            _glue,
            _verdicts,
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


def _rejected(world: World) -> Iterator[str]:
    key = "data/in/shop/customers.csv"
    yield "## Routing: a file with another header than its job's\n"
    jobs = json.loads(_sample("config.json"))
    jobs[0]["columns"] = ["customer_id", "name", "country"]
    world.configure(jobs)
    forget_wiring()
    yield _block(
        "`samples/customers.csv` lands as `data/in/shop/customers.csv`, and its job has:",
        {"columns": jobs[0]["columns"]},
    )
    yield _block("`object_created` returns:", _land(world, key, "customers.csv"))
    yield _block("The alert:", _alert(world))
    world.configure(_sample("config.json"))
    forget_wiring()


def _broken_config(world: World) -> Iterator[str]:
    yield "## Routing: a config that cannot be used\n\n`config/config.json` is uploaded with a wrong field.\n"
    world.land(CONFIG_KEY, _sample("config.json"))
    jobs = json.loads(_sample("config.json"))
    jobs[0]["job_nam"] = jobs[0].pop("job_name")
    yield _block("`object_created` returns:", world.land(CONFIG_KEY, json.dumps(jobs, indent=2).encode()))
    yield _block("The alert:", _alert(world))
    told = Api().get("/jobs").body
    names = ("in_force", "version", "last_good_version", "faults")
    yield _block("`GET /jobs` says meanwhile:", {name: told[name] for name in names})
    later = _land(world, "data/in/later/customers.csv", "customers.csv")
    yield _block("A file that lands now is routed by the last good version:", later)
    world.configure(_sample("config.json"))


def _expected(world: World) -> Iterator[str]:
    yield "## Expected files\n"
    jobs = json.loads(_sample("config.json"))
    jobs[1]["expected"] = {"by": "09:00", "timezone": "Europe/Berlin"}
    world.configure(jobs)
    yield _block("A job has:", {"expected": jobs[1]["expected"]})
    for hour, minute in ((0, 0), (8, 15)):
        now = datetime(2026, 11, 20, hour, minute, tzinfo=UTC)
        returned = watch_expected(replace(wiring.expected(app.settings()), clock=partial(_same, now)), None)
    yield _block("No file came. `watch_expected` returns, 15 minutes after the due time:", returned)
    yield _block("The alert:", _alert(world))
    shown = Api().get("/jobs").body["items"][1]
    yield _block("`GET /jobs` says of this job:", {"expectation": shown["expectation"]})
    world.configure(_sample("config.json"))
    forget_wiring()


def _same(now: datetime) -> datetime:
    return now


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


def _verdicts(world: World) -> Iterator[str]:
    digits = random.Random(1).randbytes(120_000).hex()
    lines = "".join(f'{{"reading": "{digits[at : at + 100]}"}}\n' for at in range(0, len(digits), 100))
    packed = gzip.compress(lines.encode(), mtime=0)
    files = {
        "packed.ndjson.gz": packed,
        "packed.ndjson": packed,
        "array.ndjson": json.dumps(lines.splitlines()).encode(),
        "line.ndjson": lines.replace(": ", " ", 3).encode(),
        "small.ndjson": lines[:5000].encode(),
    }
    with patch.dict(os.environ, {"NDJSON_SUFFIXES": ".ndjson,.ndjson.gz"}):
        forget_wiring()
        for name, body in files.items():
            key = f"2026-11-20/{name}"
            etag = world.s3.put_object(Bucket=NDJSON, Key=key, Body=body)["ETag"].strip('"')
            app.ndjson_arrived(sqs_event({"Records": [ndjson.record_of(key, etag, len(body))]}), None)
    forget_wiring()
    rows = {row["file_name"]: row for row in ndjson.rows()}
    told = {name: {part: rows[name].get(part) for part in ("status", "reason")} for name in files}
    yield "## NDJSON: verdicts\n\nWith `NDJSON_SUFFIXES=.ndjson,.ndjson.gz`.\n"
    yield _block("The rows of five files say:", told)
    world.forget_alerts()


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
