"""The summary: counts of a day, what waits, and the backlog."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.status import summary
from tests.support.api import Api
from tests.support.builders import s3_event
from tests.support.lanes import ndjson
from tests.support.world import World

LONG_AGO = "2020-01-31T01:00:00.000Z"


def summarized(**values: str) -> Any:
    reply = Api().get("/summary", **values)
    assert reply.status == 200, reply.text
    return reply.body


def test_an_empty_day_is_all_zeros(aws: None) -> None:
    body = summarized(date="2026-01-31")
    assert body["date"] == "2026-01-31"
    assert set(body["landing"].values()) == {0}
    assert body["ndjson"] == {"pending": 0, "manifested": 0, "quarantined": 0, "failed": 0}
    assert (body["pending"], body["at_least"]) == ([], [])


def test_uploads_are_counted_by_status(world: World) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "a.txt", "b.txt"):
        world.land(key)
    body = summarized()
    assert body["date"] == datetime.now(UTC).date().isoformat()
    counts = {name: count for name, count in body["landing"].items() if count}
    assert counts == {"triggered": 1, "not_configured": 1, "received": 2}


def test_beyond_the_bound_a_count_is_at_least(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "COUNT_BOUND", 2)
    for key in ("a.txt", "b.txt", "c.txt"):
        world.land(key)
    body = summarized()
    assert body["landing"]["received"] == 2
    assert body["at_least"] == ["landing.received"]


def test_backlog_tells_queues_from_dead_letters(aws: None) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-ndjson-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    waiting = {queue["queue"]: queue["waiting"] for queue in summarized()["backlog"]}
    assert waiting == {
        "ndjson": 0,
        "ndjson-dlq": 1,
        "discovered": 0,
        "discovered-dlq": 0,
        "landing-dlq": 0,
        "events-dlq": 0,
    }


def dead_letters_of(queue: str, *bodies: object) -> Any:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"sluice-local-{queue}-dlq")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    (told,) = [each for each in summarized()["backlog"] if each["queue"] == f"{queue}-dlq"]
    return told["looked_at"], told["settled"], told["waiting"]


def test_dead_letters_whose_files_were_routed_since_are_told_apart(world: World) -> None:
    key = "data/in/customers.csv"
    event = s3_event(key, etag=world.upload(key), eventTime=LONG_AGO)
    assert dead_letters_of("landing", event) == (1, 0, 1)
    world.deliver(key)
    assert dead_letters_of("landing", {"requestPayload": event}, "no event") == (3, 2, 3)
    other = s3_event(key, etag="0" * 32, eventTime=LONG_AGO)
    other["Records"] += event["Records"]
    assert dead_letters_of("landing", other) == (4, 2, 4)  # one of its two files is of no row
    assert dead_letters_of("events", {"source": "aws.events"}, {"source": "aws.states"}) == (2, 1, 2)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"requestPayload": ' * 20_000,
        "[]",
        "null",
        '{"requestPayload": []}',
        '{"Records": [], "Records": []}',
        '{"bucket": "sluice-local-landing", "key": "", "etag": "1"}',
    ],
    ids=lambda body: body[:30],
)
def test_a_letter_that_anybody_wrote_is_not_settled_and_stops_no_summary(aws: None, body: str) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-landing-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=body)
    assert dead_letters_of("landing") == (1, 0, 1)


def test_a_letter_of_another_bucket_is_not_settled_by_a_row_of_this_one(world: World) -> None:
    key = "data/in/customers.csv"
    world.deliver(key, world.upload(key))
    event = s3_event(key, etag=world.row(key)["etag"], eventTime=LONG_AGO)
    assert dead_letters_of("landing", event) == (1, 1, 1)
    event["Records"][0]["s3"]["bucket"]["name"] = "elsewhere"
    assert dead_letters_of("landing", event) == (2, 1, 2)


def test_a_dead_letter_of_content_that_came_again_is_not_settled_by_the_first_time(world: World) -> None:
    key = "data/in/customers.csv"
    world.deliver(key, world.upload(key))
    event = s3_event(key, etag=world.row(key)["etag"])
    event["Records"][0]["eventTime"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert dead_letters_of("landing", event) == (1, 0, 1)


def test_dead_letters_of_ndjson_files_are_settled_once_their_version_is(aws: None) -> None:
    record = ndjson.upload("2026-01-15/a.ndjson")
    assert dead_letters_of("ndjson", {"Records": [record]}) == (1, 0, 1)
    ndjson.deliver(ndjson.lane_with(), record)
    assert dead_letters_of("ndjson") == (1, 1, 1)


def test_a_queue_that_is_not_there_is_said_not_counted(aws: None) -> None:
    sqs = boto3.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="sluice-local-landing-dlq")["QueueUrl"])
    (gone,) = [queue for queue in summarized()["backlog"] if not queue["exists"]]
    assert gone == {"queue": "landing-dlq", "dead_letters": True, "exists": False}
