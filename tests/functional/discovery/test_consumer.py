"""The consumer of discovery's messages: one upload is processed once, whoever saw it first."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import app
from chalicelib.errors import EventError
from tests.faults.dying import Call, ProcessDied, Send, calls_of, deaths, run
from tests.support.builders import LANDING, SEED_JOBS, job, sqs_event
from tests.support.lanes.scans import LambdaContext, Scans
from tests.support.world import World

ORDERS, ODD = "incoming/shop/orders.csv", "incoming/shop/odd one+%41.csv"


def consume(*bodies: Any) -> list[str]:
    """Deliver a batch and return the numbers of the messages to be delivered again."""
    result = app.csv_discovered(sqs_event(*bodies), None)
    assert result == json.loads(json.dumps(result)), "Lambda returns JSON"
    assert set(result) == {"batchItemFailures"}
    return [failure["itemIdentifier"].removeprefix("message-") for failure in result["batchItemFailures"]]


@pytest.fixture
def found(world: World, scans: Scans) -> list[dict[str, Any]]:
    """Return the messages about a configured file and one without a job."""
    world.upload(ORDERS)
    world.upload(ODD)
    scans.scan()
    return scans.messages()


def test_discovered_files_are_catalogued_and_routed(world: World, found: list[dict[str, Any]]) -> None:
    assert consume(*found) == []
    assert world.row(ORDERS)["status"] == "triggered"
    assert world.row(ORDERS)["event_name"] == "Discovered:new"
    assert world.row(ODD)["status"] == "not_configured"
    assert len(world.executions()) == 1
    assert world.keys("data/new_files/") == ["data/new_files/odd one+%41.csv"]


def test_messages_delivered_again_change_nothing(world: World, found: list[dict[str, Any]]) -> None:
    consume(*found, *found)
    consume(*found)
    assert len(world.rows()) == 2
    assert len(world.executions()) == 1


@pytest.mark.parametrize("event_first", [True, False])
def test_an_upload_seen_by_an_event_and_by_the_scan_starts_once(
    world: World, found: list[dict[str, Any]], event_first: bool
) -> None:
    steps: list[Callable[[], object]] = [
        lambda: world.deliver(ORDERS, found[1]["etag"]),
        lambda: consume(*found),
    ]
    for step in steps if event_first else reversed(steps):
        step()
    assert len(world.executions()) == 1
    assert world.row(ORDERS)["status"] == "triggered"


def test_a_file_that_vanished_is_recorded_and_not_delivered_again(
    world: World, found: list[dict[str, Any]]
) -> None:
    world.s3.delete_object(Bucket=LANDING, Key=ORDERS)
    assert consume(*found) == []
    assert world.row(ORDERS)["status"] == "vanished"
    assert world.executions() == []


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "{}", {"bucket": LANDING}, {"bucket": "another-bucket", "key": "a/b.csv",
             "last_modified": "2026-01-31T00:00:00Z"}, {"bucket": LANDING, "key": "x" * 2000}]
)  # fmt: skip
def test_a_message_that_cannot_be_used_fails_alone(
    world: World, found: list[dict[str, Any]], body: Any
) -> None:
    assert consume(found[0], body, found[1]) == ["1"]
    assert {row["status"] for row in world.rows()} == {"triggered", "not_configured"}


def test_without_a_usable_config_every_message_comes_back_and_succeeds_later(
    world: World, found: list[dict[str, Any]]
) -> None:
    world.configure(b"oops")
    assert consume(*found) == ["0", "1"]
    world.configure([job(source_file_name="orders.csv")])
    assert consume(*found) == []
    assert world.row(ORDERS)["status"] == "triggered"


def test_an_event_that_did_not_come_through_the_queue_is_processed_or_raises(
    world: World, found: list[dict[str, Any]]
) -> None:
    assert app.csv_discovered(found[1], None) == {"batchItemFailures": []}
    assert world.row(ORDERS)["status"] == "triggered"
    unreadable: list[Any] = [{}, [], None, "text", {"Records": [{"messageId": 7}]}, {"Records": ["text"]}]
    for payload in unreadable:
        with pytest.raises(EventError):
            app.csv_discovered(payload, None)


def test_own_outputs_and_test_events_are_done_with(world: World) -> None:
    parked = {"bucket": LANDING, "key": "data/new_files/x.csv", "last_modified": "2026-01-31T00:00:00Z"}
    assert consume(parked, {"Event": "s3:TestEvent"}) == []
    assert world.rows() == []


def test_two_overlapping_scans_double_nothing_downstream(world: World, scans: Scans) -> None:
    world.upload(ORDERS)
    scans.scan()
    scans.s3.delete_object(Bucket="sluice-local-artifacts", Key="state/processed_files.json")
    scans.scan()
    messages = scans.messages()
    assert len(messages) == 2
    assert consume(*messages) == []
    assert (len(world.rows()), len(world.executions())) == (1, 1)


def test_a_consumer_killed_at_any_of_its_calls_finishes_when_the_message_returns(
    world: World, scans: Scans
) -> None:
    def discovered(number: int) -> dict[str, Any]:
        world.upload(f"incoming/{number}/orders.csv")
        scans.scan()
        (message,) = scans.messages()
        app.discovered.cache_clear()  # a new process has read no config yet
        return message

    assert consume(discovered(0)) == []  # keeps the copy of the config, which later ones find
    rehearsed = discovered(1)
    calls = calls_of(lambda: consume(rehearsed))
    for number, death in enumerate(deaths(calls), start=2):
        message = discovered(number)
        assert run(partial(consume, message), death), str(death)
        assert consume(message) == [], str(death)
        assert world.row(message["key"])["status"] == "triggered", str(death)
        assert len(world.executions()) == number + 1, str(death)


@pytest.mark.parametrize(
    "key",
    [
        "config/config.json",
        "data/in/orders.csv",
        "incoming/orders.csv",
        "incoming/shop/deep/orders.csv",
        "incoming/logs/orders.csv",
        "incoming/shop/.orders.csv",
        "incoming/shop/orders.txt",
        "private/shop/orders.csv",
    ],
)
def test_a_message_about_a_key_that_no_scan_queues_is_refused_and_touches_nothing(
    world: World, found: list[dict[str, Any]], key: str
) -> None:
    forged = {**found[1], "key": key, "etag": world.upload(key, json.dumps(SEED_JOBS).encode())}
    assert consume(forged, found[1]) == ["0"]
    assert [row["file_key"] for row in world.rows()] == [ORDERS]
    assert world.keys(key) == [key]
    with pytest.raises(EventError, match="none that a scan queues"):
        app.csv_discovered(forged, None)


def test_the_objects_own_size_counts_whatever_the_message_says(
    world: World, found: list[dict[str, Any]]
) -> None:
    assert consume({**found[1], "size": 10**12}) == []
    assert world.row(ORDERS)["file_size"] == len(world.read(ORDERS))


def _dies_of(*keys: str) -> Callable[[Call, Send], Any]:
    """Have files end their worker, as one too large to be moved in its time does."""

    def fault(call: Call, send: Send) -> Any:
        if call.operation == "CompleteMultipartUpload" and any(key in str(call.parameters) for key in keys):
            raise ProcessDied(str(call))
        return send()

    return fault


def _deliver_until_done(bodies: list[Any], fault: Callable[[Call, Send], Any]) -> list[str]:
    """Deliver a batch as SQS does, at most five times; return what ends in the dead-letter queue."""
    left = sqs_event(*bodies)["Records"]
    for receive in range(1, 6):
        records = [{**one, "attributes": {"ApproximateReceiveCount": str(receive)}} for one in left]
        answers: list[Any] = []
        run(lambda: answers.append(app.csv_discovered({"Records": records}, None)), fault)  # noqa: B023
        failed = {one["itemIdentifier"] for each in answers for one in each["batchItemFailures"]}
        left = [one for one in left if not answers or one["messageId"] in failed]
    return [one["messageId"] for one in left]


@pytest.mark.parametrize("killers", [("b",), ("b", "d")])
def test_files_that_end_their_worker_take_no_other_into_the_dead_letter_queue(
    world: World, scans: Scans, killers: tuple[str, ...]
) -> None:
    for name in "abcde":
        world.upload(f"incoming/shop/{name}.csv", b"x" * 5000)
    scans.scan()
    assert _deliver_until_done(scans.messages(), _dies_of(*(f"/{name}.csv" for name in killers))) == []
    told = {row["file_key"][-5]: row for row in world.rows()}
    assert {name: row["status"] for name, row in told.items()} == {
        name: "failed" if name in killers else "not_configured" for name in "abcde"
    }
    for name in killers:
        assert told[name]["reason"].startswith(
            "its message was delivered again; an attempt was begun and not"
        )
        assert (told[name]["attempts"], told[name]["retry"]) == (1, "1")


def test_a_file_delivered_again_that_fails_is_counted_once(world: World, found: list[dict[str, Any]]) -> None:
    world.configure(b"{")
    event = sqs_event(found[1])
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "2"
    assert len(app.csv_discovered(event, None)["batchItemFailures"]) == 1
    assert (world.row(ORDERS)["attempts"], "ConfigError" in world.row(ORDERS)["reason"]) == (1, True)
    world.configure()
    assert app.csv_discovered(event, None) == {"batchItemFailures": []}
    assert world.row(ORDERS)["status"] == "triggered"


def test_what_there_is_no_time_for_is_handed_back(world: World, found: list[dict[str, Any]]) -> None:
    result = app.csv_discovered(sqs_event(*found), LambdaContext(1))
    assert [one["itemIdentifier"] for one in result["batchItemFailures"]] == ["message-1"]
    assert len(world.rows()) == 1
