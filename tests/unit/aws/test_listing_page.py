"""A page of a listing is the same whoever reads it: the hook, or botocore alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws import listing_page
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.listing_page import LISTED, ListingPage

KEY, TIME = "<Key>a%2F1+2.csv</Key>", "<LastModified>2026-01-31T12:00:00.000Z</LastModified>"
ETAG, SIZE = "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>", "<Size>7</Size>"
CLASS = "<StorageClass>GLACIER</StorageClass>"
CHECKSUM = "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
OWNER = "<Owner><ID>abc</ID><DisplayName>Ada</DisplayName></Owner>"
RESTORED = "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
PREFIX = "<CommonPrefixes><Prefix>a%2Fb+c%2F</Prefix></CommonPrefixes>"
MORE = "<NextContinuationToken>1/x&amp;y==</NextContinuationToken>"


class Body:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        """Give the body in one piece."""
        yield self._body


def one(*fields: str) -> str:
    return f"<Contents>{''.join(fields)}</Contents>"


def page_of(body: str, *, hooked: bool) -> tuple[ListingPage, bool]:
    """Read a page; tell whether the hook has read its objects."""
    s3 = boto3.client("s3", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    answers: list[Any] = []
    events: Any = s3.meta.events
    if hooked:
        events.register(listing_page.EVENT, listing_page.read_objects)
    events.register("after-call.s3.ListObjectsV2", lambda parsed, **_: answers.append(parsed))
    answer = AWSResponse("https://s3", 200, {}, Body(body.encode()))  # type: ignore[arg-type]
    events.register("before-send.s3.ListObjectsV2", lambda **_: answer)
    return Bucket(s3, "landing").list_page("a/"), LISTED in answers[-1]


def listing(*content: str, encoding: str = "<EncodingType>url</EncodingType>") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>landing</Name><Prefix>a%2F</Prefix>{encoding}{''.join(content)}</ListBucketResult>"
    )


AS_S3_WRITES = {
    "one": (one(KEY, TIME, ETAG, SIZE, CLASS),),
    "two, other order": (one(KEY, TIME, ETAG, SIZE), one(SIZE, CHECKSUM, CLASS, ETAG, TIME, KEY)),
    "a prefix behind, another page": (MORE, one(KEY, TIME, ETAG, SIZE, CLASS), PREFIX),
    "quotes as they are": (one(KEY, TIME, '<ETag>"abc-2"</ETag>', SIZE),),
}
OTHERWISE = {
    "nothing": (),
    "prefixes only": (PREFIX,),
    "its owner": (one(KEY, TIME, ETAG, SIZE, OWNER),),
    "a restore": (one(KEY, TIME, ETAG, SIZE, CLASS, RESTORED),),
    "a prefix between": (one(KEY, TIME, ETAG, SIZE), PREFIX, one(KEY, TIME, ETAG, SIZE)),
    "spaces": (one(KEY, TIME, ETAG, SIZE), "\n  ", one(KEY, TIME, ETAG, SIZE)),
    "an entity": (one("<Key>a%2F&amp;.csv</Key>", TIME, ETAG, SIZE),),
    "the second has an owner": (one(KEY, TIME, ETAG, SIZE), one(KEY, TIME, ETAG, SIZE, OWNER)),
}


@pytest.mark.parametrize("content", AS_S3_WRITES.values(), ids=AS_S3_WRITES)
def test_what_s3_writes_is_read_by_the_hook(content: tuple[str, ...]) -> None:
    ours, by_hook = page_of(listing(*content), hooked=True)
    assert by_hook
    assert ours == page_of(listing(*content), hooked=False)[0]
    assert ours.objects[0].key == "a/1 2.csv"


@pytest.mark.parametrize("content", OTHERWISE.values(), ids=OTHERWISE)
def test_what_looks_otherwise_is_left_to_botocore(content: tuple[str, ...]) -> None:
    ours, by_hook = page_of(listing(*content), hooked=True)
    assert not by_hook
    assert ours == page_of(listing(*content), hooked=False)[0]


def test_without_encoding_botocore_reads_the_page() -> None:
    page = listing(one("<Key>a/1+2%.csv</Key>", TIME, ETAG, SIZE), encoding="")
    ours, by_hook = page_of(page, hooked=True)
    assert not by_hook
    assert [found.key for found in ours.objects] == ["a/1+2%.csv"]


def test_an_error_in_place_of_a_page_is_raised() -> None:
    body = "<Error><Code>InternalError</Code><Message>We encountered</Message></Error>"
    with pytest.raises(ClientError, match="InternalError"):
        page_of(body, hooked=True)


@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_key_comes_out_as_it_went_in(key: str) -> None:
    body = listing(one(f"<Key>{quote_plus(key)}</Key>", TIME, ETAG, SIZE)).encode()
    read: dict[str, Any] = {}
    listing_page.read_objects(response_dict={"status_code": 200, "body": body}, customized_response_dict=read)
    assert [found.key for found in read[LISTED]] == [key]
