"""The recorded story of a key in plain sentences, oldest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chalicelib.api.answers import Body
from chalicelib.api.words import counted
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import STARTED, UploadStatus


def tell(
    uploads: Sequence[Row],
    tracked: Iterable[Row],
    manifests: Iterable[Row],
    entry: Body | None,
    there: Body | None,
) -> list[Body]:
    """Return one sentence per thing that happened, each with its time and lane.

    `entry` is what discovery's state says of the key, `there` the object that lies under it now.
    """
    told = [*_uploads(uploads), *_tracked(tracked), *_manifests(manifests), *_discovered(entry)]
    if entry and there:
        told += _put_back(entry, there, uploads)
    return sorted(told, key=lambda sentence: str(sentence["at"]))


def _uploads(rows: Iterable[Row]) -> Iterator[Body]:
    for row in rows:
        yield _sentence(row["timestamp"].partition("#")[0], "landing", f"{_arrival(row)} {_outcome(row)}")
        for run in (*row.get("runs", ()), row):
            if "run_status" in run:
                yield _sentence(run["run_stopped_at"], "run", _end(run))
        if row["status"] == UploadStatus.SUCCEEDED and row.get("moved_to"):
            yield _sentence(row["run_stopped_at"], "run", f"It was archived as {row['moved_to']}.")
        for replay in row.get("replays", ()):
            yield _sentence(replay["at"], "operator", _replay(replay))


def _arrival(row: Row) -> str:
    event = row.get("event_name", "")
    how = {
        "Discovered": "was found by discovery",
        "Reconciled": "was found by repair",
        "Replayed": "was replayed",
    }
    seen = how.get(event.partition(":")[0], "arrived")
    return f"It {seen} in {row['bucket_name']} ({row.get('file_size', 0)} bytes)."


def _outcome(row: Row) -> str:
    reason, job = row.get("reason", "no reason was recorded"), row.get("job_id")
    attempts = counted(row.get("attempts", 1), "attempt")
    started = f"It matched job {job} and started execution {row.get('execution')}."
    sentences: dict[str, str] = {
        **dict.fromkeys(STARTED, started),
        UploadStatus.RECEIVED: "It was recorded, which is all that its event asks for.",
        UploadStatus.NOT_CONFIGURED: f"No job took it, so it was parked as {row.get('moved_to')}.",
        UploadStatus.INACTIVE: f"Its job {job} is inactive, so it was reported and nothing started.",
        UploadStatus.REJECTED: f"It was rejected and moved to {row.get('moved_to')}: {reason}.",
        UploadStatus.FAILED: f"It has no outcome after {attempts}: {reason}",
        UploadStatus.VANISHED: "It was gone before it could be read.",
    }
    moved = row["status"] == UploadStatus.INACTIVE and row.get("moved_to")
    stays = f" Its source cannot be deleted: {row['source_stays']}." if row.get("source_stays") else ""
    return sentences[row["status"]] + (f" It was parked as {row['moved_to']}." if moved else "") + stays


def _end(row: Row) -> str:
    if "run_error" not in row:
        return f"Execution {row['execution']} succeeded."
    why = f"{row['run_error']}: {row['run_cause']}".removesuffix(": ")
    return f"Execution {row['execution']} ended as {row['run_status']}: {why}"


def _replay(replay: Body) -> str:
    how = "had its job started once more" if replay.get("action") == "start_again" else "replayed it"
    return f"An {replay['by']} ({replay['address']}) {how} when it was {replay['from_status']}."


def _tracked(rows: Iterable[Row]) -> Iterator[Body]:
    for row in rows:
        size, place = f"{row.get('size_bytes', 0)} bytes", row.get("moved_to", "its old place")
        found = "No event came, and repair found it. " if row.get("repaired_by") else ""
        sentences = {
            "pending": f"It was accepted ({size}) and waits for its batch of {row['date_prefix']}.",
            "manifested": f"It was accepted ({size}) and is in manifest {row.get('manifest_key')}.",
            "quarantined": f"It was quarantined: {row.get('reason')}. It lies at {place}.",
            "vanished": "It was gone before it could be read.",
            "failed": f"It has no outcome after {row.get('attempts', 1)} attempts: {row.get('reason')}",
            "released": "It was released from quarantine and waits to arrive again.",
        }
        status, at = str(row.get("status")), str(row.get("created_at", ""))
        if row.get("released_by"):
            yield from _released(row)
            at = max(at, row["released_at"])
        yield _sentence(at, "ndjson", found + sentences.get(status, f"Its status is {status}."))


def _released(row: Row) -> Iterator[Body]:
    """Tell of the quarantine, whose own time the row has lost when the file arrived again, and of its end."""
    quarantined = min(str(row["created_at"]), row["released_at"])
    yield _sentence(quarantined, "ndjson", f"It was quarantined: {row.get('released_reason')}.")
    yield _sentence(row["released_at"], "operator", f"An {row['released_by']} released it from quarantine.")


def _manifests(records: Iterable[Row]) -> Iterator[Body]:
    for record in records:
        run = f"; Glue run {record['job_run_id']} was started" if record.get("job_run_id") else ""
        text = f"Its manifest {record['manifest_key']} is {record['status']}{run}."
        yield _sentence(record.get("created_at", ""), "manifest", text)
        for ended in (*record.get("runs", ()), record):
            if "run_status" in ended:
                yield _sentence(ended["run_stopped_at"], "run", _glue_end(ended))
        for replay in record.get("replays", ()):
            yield _sentence(replay["at"], "operator", _replay(replay))


def _glue_end(run: Row) -> str:
    why = f": {run['run_error']}" if "run_error" in run else ""
    return f"Glue run {run['job_run_id']} ended as {run['run_status']}{why}."


def _discovered(entry: Body | None) -> Iterator[Body]:
    if entry:
        text = f"Discovery queued it from folder {entry.get('folder')} ({entry.get('size')} bytes)."
        yield _sentence(str(entry.get("queued_at", "")), "discovery", text)


def _put_back(entry: Body, there: Body, uploads: Sequence[Row]) -> Iterator[Body]:
    """Tell of a file that no scan will queue: it came after discovery's entry, with the same ETag."""
    at = there["last_modified"]
    statuses = {row["status"] for row in uploads if row["timestamp"].partition("#")[0] == at}
    if (
        there["etag"] == entry.get("etag")
        and at > str(entry.get("queued_at"))
        and statuses <= {UploadStatus.RECEIVED}
    ):
        way_out = "replay its key" if statuses else "delete it, wait for a scan, and upload it again"
        text = "It was put there with the content that discovery had queued before, so no scan queues it"
        yield _sentence(at, "discovery", f"{text}. If nothing came of it: {way_out}.")


def _sentence(at: str, lane: str, text: str) -> Body:
    return {"at": at, "lane": lane, "text": text}
