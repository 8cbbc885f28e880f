"""Create-once copies: of any size, over nothing."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import copying
from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.copying import CopyTarget, SourceChanged, has_same_content
from chalicelib.aws.move_secret import MoveSecret
from chalicelib.aws.tracking_keys import MOVES, tracking_key
from tests.faults.dying import Call, Failure, Process, Send, run, running
from tests.support.aws_calls import recorded
from tests.support.builders import LANDING

MB = 1024**2
TRACKING = "sluice-local-tracking"
QUARANTINE = "sluice-local-quarantine"


def stored(**changes: Any) -> StoredObject:
    seen = StoredObject("k", 4, hashlib.md5(b"body").hexdigest(), datetime.now(UTC))
    return dataclasses.replace(seen, **changes)


@pytest.fixture
def source(s3: Any) -> Bucket:
    return Bucket(s3, LANDING)


@pytest.fixture
def target(s3: Any) -> CopyTarget:
    return CopyTarget(s3, Bucket(s3, QUARANTINE), MoveSecret(boto3.client("dynamodb"), TRACKING))


def _copy(source: Bucket, target: CopyTarget, identity: str, keys: list[str]) -> str:
    seen = source.read("big.bin", 100)
    assert seen is not None
    return target.copy_once(source, seen, keys, identity, {"reason": "because"})


def test_a_large_object_is_copied_in_parts_by_the_server(
    s3: Any, source: Bucket, target: CopyTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PART_BYTES", 5 * MB)
    body = bytes(range(256)) * (12 * MB // 256)
    s3.put_object(
        Bucket=LANDING, Key="big.bin", Body=body, ContentType="x/y", Metadata={"a": "b"}, Tagging="t=1"
    )
    with recorded() as calls:
        assert _copy(source, target, "id-1", ["to/big.bin"]) == "to/big.bin"
    parts = sorted(p["CopySourceRange"] for operation, p in calls if operation == "UploadPartCopy")
    assert parts == ["bytes=0-5242879", "bytes=10485760-12582911", "bytes=5242880-10485759"]
    found = s3.get_object(Bucket=QUARANTINE, Key="to/big.bin")
    assert found["Body"].read() == body
    assert found["ContentType"] == "x/y"
    metadata = found["Metadata"]
    assert metadata.pop("sluice-proof").endswith(" reason sluice-identity")
    assert metadata == {"a": "b", "reason": "because", "sluice-identity": "id-1"}
    assert s3.get_object_tagging(Bucket=QUARANTINE, Key="to/big.bin")["TagSet"] == [
        {"Key": "t", "Value": "1"}
    ]


@pytest.mark.parametrize("size", [0, 50, 101, 5 * MB, 6 * MB])
def test_a_taken_key_is_left_alone_and_a_repeat_finds_its_own(
    s3: Any, source: Bucket, target: CopyTarget, size: int
) -> None:
    s3.put_object(Bucket=QUARANTINE, Key="k", Body=b"of somebody else")
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z" * size)
    assert _copy(source, target, "id-1", ["k", "id-1/k"]) == "id-1/k"
    assert _copy(source, target, "id-1", ["k", "id-1/k"]) == "id-1/k"
    assert s3.get_object(Bucket=QUARANTINE, Key="k")["Body"].read() == b"of somebody else"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=QUARANTINE)
    with pytest.raises(RuntimeError, match="taken"):
        _copy(source, target, "id-2", ["k"])


def test_a_source_that_changed_or_went_is_not_copied(s3: Any, source: Bucket, target: CopyTarget) -> None:
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z" * 6 * MB)
    gone = {"UploadPartCopy": lambda _: s3.delete_object(Bucket=LANDING, Key="big.bin")}
    with recorded(before=gone), pytest.raises(SourceChanged):
        _copy(source, target, "id-1", ["k"])
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z" * 6 * MB)
    newer = {"UploadPartCopy": lambda _: s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"y" * 6 * MB)}
    with recorded(before=newer), pytest.raises(SourceChanged):
        _copy(source, target, "id-1", ["k"])
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=QUARANTINE)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=QUARANTINE)


def _copied(s3: Any, target: CopyTarget, key: str, identity: str) -> dict[str, str]:
    """Let Sluice copy something to `key` and return the copy's metadata."""
    s3.put_object(Bucket=LANDING, Key="source", Body=b"body")
    source = Bucket(s3, LANDING)
    seen = source.read("source", 100)
    assert seen is not None
    target.copy_once(source, seen, [key], identity)
    return dict(s3.head_object(Bucket=QUARANTINE, Key=key)["Metadata"])


@pytest.mark.parametrize(("surplus", "kept"), [(0, True), (1, False)])
def test_the_sources_metadata_are_kept_up_to_s3s_limit_and_left_out_above(
    s3: Any, source: Bucket, target: CopyTarget, surplus: int, kept: bool
) -> None:
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z", Metadata={"a": "b"})
    _copy(source, target, "id-1", ["first"])
    used = s3.head_object(Bucket=QUARANTINE, Key="first")["Metadata"]
    room = 2048 - sum(len(name) + len(value) for name, value in used.items())
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z", Metadata={"a": "b" * (1 + room + surplus)})
    _copy(source, target, "id-2", ["second"])
    metadata = s3.head_object(Bucket=QUARANTINE, Key="second")["Metadata"]
    assert ("a" in metadata, metadata["reason"]) == (kept, "because")


@pytest.mark.parametrize(
    ("put", "unlike"),
    [
        (b"z", "plain"),
        (b"z" * 5000, "plain"),
        (b"z" * 6 * MB, "one part"),
        (b"z", "one part"),
        (b"", "plain"),
    ],
)
def test_what_comes_back_has_another_etag_than_what_was_moved(
    s3: Any, source: Bucket, target: CopyTarget, put: bytes, unlike: str
) -> None:
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=put)
    digest = hashlib.md5(put)
    plain, one_part = digest.hexdigest(), hashlib.md5(digest.digest()).hexdigest() + "-1"
    was = plain if unlike == "plain" else one_part
    seen = source.read("big.bin", 100)
    assert seen is not None
    target.copy_once(source, seen, ["back"], "id-1", unlike=was)
    back = s3.head_object(Bucket=QUARANTINE, Key="back")["ETag"].strip('"')
    assert (back == was) is (put == b""), "an empty object has one ETag only"


def test_discard_deletes_only_its_own_copy(s3: Any, target: CopyTarget) -> None:
    signed = _copied(s3, target, "mine", "id-1")
    _copied(s3, target, "theirs", "id-2")
    s3.put_object(Bucket=QUARANTINE, Key="forged", Body=b"body", Metadata=signed)
    s3.put_object(Bucket=QUARANTINE, Key="unsigned", Body=b"body", Metadata={"sluice-identity": "id-1"})
    for key in ("mine", "theirs", "forged", "unsigned", "absent"):
        target.discard(key, "id-1")
    left = [item["Key"] for item in s3.list_objects_v2(Bucket=QUARANTINE)["Contents"]]
    assert left == ["forged", "theirs", "unsigned"]


def test_discard_leaves_what_took_the_copys_place_just_before(s3: Any, target: CopyTarget) -> None:
    _copied(s3, target, "mine", "id-1")
    put = {"DeleteObject": lambda _: s3.put_object(Bucket=QUARANTINE, Key="mine", Body=b"another's")}
    with recorded(before=put):
        target.discard("mine", "id-1")
    assert s3.get_object(Bucket=QUARANTINE, Key="mine")["Body"].read() == b"another's"


def test_a_proof_holds_for_its_place_its_size_and_its_claims_only(s3: Any, target: CopyTarget) -> None:
    signed = _copied(s3, target, "mine", "id-1")
    bucket = Bucket(s3, QUARANTINE)
    forged = {
        "elsewhere": (b"body", signed),
        "longer": (b"body and more", signed),
        "as long": (b"BODY", signed),
        "another's": (b"body", {**signed, "sluice-identity": "id-2"}),
        "claims more": (b"body", {**signed, "sluice-proof": signed["sluice-proof"] + " sluice-date"}),
        "claims less": (b"body", {"sluice-proof": signed["sluice-proof"].split()[0]}),
        "no digest": (b"body", {**signed, "sluice-proof": "\t"}),
    }
    for key, (body, metadata) in forged.items():
        place = key if key == "elsewhere" else "mine"
        s3.put_object(Bucket=QUARANTINE, Key=place, Body=body, Metadata=metadata)
        found = bucket.head(place)
        assert found is not None
        assert (target.claims(found), target.is_copy(found, "id-1")) == ({}, False), key


def test_every_process_reads_the_secret_that_the_first_one_made(s3: Any) -> None:
    boto3.client("dynamodb").delete_item(TableName=TRACKING, Key=tracking_key(MOVES, "SECRET"))

    made = list[str]()

    def make(_: Any) -> None:
        made.append(MoveSecret(boto3.client("dynamodb"), TRACKING).read())

    with recorded(before={"PutItem": make}):  # another process is a moment quicker
        make(None)
    made.append(MoveSecret(boto3.client("dynamodb"), TRACKING).read())
    assert (len(set(made)), len(made), len(made[0])) == (1, 3, 64)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (stored(), stored(), True),
        (stored(), stored(size=5), False),
        (stored(), stored(etag="0" * 32), False),
        (stored(), stored(etag=hashlib.md5(hashlib.md5(b"body").digest()).hexdigest() + "-1"), True),
        (stored(), stored(etag="0" * 32 + "-1"), False),
        (stored(), stored(etag="0" * 32 + "-2"), None),
        (stored(etag="0" * 32 + "-2"), stored(etag="0" * 32 + "-2"), True),
        (stored(), stored(encryption="aws:kms"), None),
        (stored(), stored(etag="opaque"), None),
    ],
)
def test_etags_tell_of_equal_content_as_far_as_they_can(
    one: StoredObject, other: StoredObject, same: bool | None
) -> None:
    assert has_same_content(one, other) is has_same_content(other, one) is same


def test_a_delete_refused_without_cause_is_an_error_and_a_warranted_refusal_is_none(
    s3: Any, source: Bucket
) -> None:
    old = s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"old")["ETag"].strip('"')
    refused = Failure(1, "PreconditionFailed", http_status=412)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        run(lambda: source.delete_if_match("big.bin", old), refused)

    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"new")
    assert not source.delete_if_match("big.bin", old)
    assert s3.get_object(Bucket=LANDING, Key="big.bin")["Body"].read() == b"new"


class Conflicts:
    """The first `count` completions meet another write and are answered 409, which ends their upload."""

    def __init__(self, count: int, s3: Any) -> None:
        self._left, self._s3 = count, s3

    def __call__(self, call: Call, send: Send) -> Any:
        """Refuse a completion, unless enough were."""
        if call.operation != "CompleteMultipartUpload" or not self._left:
            return send()
        self._left -= 1
        self._s3.abort_multipart_upload(
            **{name: call.parameters[name] for name in ("Bucket", "Key", "UploadId")}
        )
        answer: Any = {"Error": {"Code": "ConditionalRequestConflict", "Message": "injected"}}
        raise ClientError(answer, call.operation)


def test_a_completion_that_met_another_write_is_begun_anew(
    s3: Any, source: Bucket, target: CopyTarget
) -> None:
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z" * 6 * MB)
    process = Process(Conflicts(2, boto3.client("s3", region_name="eu-west-1")), [s3])
    with running(process):
        assert _copy(source, target, "id-1", ["k"]) == "k"
    assert [call.operation for call in process.calls].count("CreateMultipartUpload") == 3
    assert s3.head_object(Bucket=QUARANTINE, Key="k")["ContentLength"] == 6 * MB
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=QUARANTINE)


def test_a_completion_that_conflicts_for_ever_is_given_up_and_leaves_nothing(
    s3: Any, source: Bucket, target: CopyTarget
) -> None:
    s3.put_object(Bucket=LANDING, Key="big.bin", Body=b"z" * 6 * MB)
    others = Conflicts(99, boto3.client("s3", region_name="eu-west-1"))
    with running(Process(others, [s3])), pytest.raises(ClientError, match="ConditionalRequestConflict"):
        _copy(source, target, "id-1", ["k"])
    assert "Contents" not in s3.list_objects_v2(Bucket=QUARANTINE)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=QUARANTINE)
