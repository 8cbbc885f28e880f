"""Ways to write a call that cannot be followed: each is refused, naming its line."""

from __future__ import annotations

import pytest

from ops.policies import Refused
from tests.unit.policies.conftest import Reader

FORMS = {
    "getattr by a computed name": (
        """
        def run(landing, ndjson, event):
            return getattr(landing, event["method"])("k")  # here
        """,
        "getattr",
    ),
    "a client taken out of its adapter": (
        """
        def run(landing, ndjson, event):
            return landing._s3.get_object(Bucket="b", Key="k")  # here
        """,
        "outside of chalicelib/aws",
    ),
    "an adapter given to a library": (
        """
        import queue
        def run(landing, ndjson, event):
            queue.Queue().put(landing)  # here
        """,
        "adapter Store goes where",
    ),
    "an adapter as a thread's argument": (
        """
        from threading import Thread
        def run(landing, ndjson, event):
            Thread(target=print, args=(landing,)).start()  # here
        """,
        "goes where it cannot be followed",
    ),
    "an adapter in an exception": (
        """
        class Carry(Exception):
            def __init__(self, bucket):
                self.bucket = bucket
        def run(landing, ndjson, event):
            try:
                raise Carry(landing)  # here
            except Carry as carried:
                carried.bucket.read("k")
        """,
        "goes where it cannot be followed",
    ),
    "a function that gives an adapter to who calls it": (
        """
        def run(landing, ndjson, event):
            event.callback(lambda: landing)  # here
        """,
        "goes where it cannot be followed",
    ),
    "an adapter on data from outside": (
        """
        def run(landing, ndjson, event):
            event.bucket = landing  # here
        """,
        "goes where it cannot be followed",
    ),
    "an adapter as an operand": (
        """
        def run(landing, ndjson, event):
            return landing + 1  # here
        """,
        "adapter Store goes where",
    ),
    "method caller": (
        """
        from operator import methodcaller
        def run(landing, ndjson, event):
            return methodcaller("read", "k")(landing)  # here
        """,
        "goes where it cannot be followed",
    ),
    "pattern matching on an adapter": (
        """
        def run(landing, ndjson, event):
            match landing:  # here
                case bucket:
                    bucket.read("k")
        """,
        "Match cannot be followed",
    ),
    "own dictionary": (
        """
        def run(landing, ndjson, event):
            return landing.__dict__["_s3"]  # here
        """,
        "__dict__ cannot be followed",
    ),
    "vars": (
        """
        def run(landing, ndjson, event):
            return vars(landing)["name"]  # here
        """,
        "adapter Store goes where",
    ),
    "globals": (
        """
        def run(landing, ndjson, event):
            return globals()["fetch"](landing)  # here
        """,
        "globals",
    ),
    "eval": (
        """
        def run(landing, ndjson, event):
            return eval("landing.read('k')")  # here
        """,
        "eval",
    ),
    "a module found by name": (
        """
        import importlib  # here
        def run(landing, ndjson, event):
            return importlib.import_module("boto3").client("s3")
        """,
        "importlib",
    ),
    "loaded modules": (
        """
        import sys
        def run(landing, ndjson, event):
            return sys.modules["app"].settings()  # here
        """,
        "sys.modules",
    ),
    "boto3 outside of the clients": (
        """
        import boto3
        def run(landing, ndjson, event):
            return boto3.client("s3").list_buckets()  # here
        """,
        "boto3.client",
    ),
    "a client made in a capability": (
        """
        from chalicelib.aws.clients import client
        def run(landing, ndjson, event):
            return client("s3", "eu-west-1")  # here
        """,
        "a client is made where its adapter is",
    ),
    "a process of its own": (
        """
        import subprocess  # here
        def run(landing, ndjson, event):
            subprocess.run(["aws", "s3", "ls"])
        """,
        "subprocess",
    ),
    "dynamic attributes": (
        """
        class Proxy:  # here
            def __init__(self, inner):
                self.inner = inner
            def __getattr__(self, name):
                return getattr(self.inner, name)
        def run(landing, ndjson, event):
            return Proxy(landing).read("k")
        """,
        "__getattr__",
    ),
    "metaclass": (
        """
        class Meta(type):
            pass
        class Odd(metaclass=Meta):  # here
            pass
        def run(landing, ndjson, event):
            Odd()
        """,
        "metaclass",
    ),
    "asynchronous code": (
        """
        async def run(landing, ndjson, event):  # here
            return landing.read("k")
        """,
        "AsyncFunctionDef",
    ),
    "star import": (
        """
        from chalicelib.aws.store import *  # here
        def run(landing, ndjson, event):
            return Store.read(landing, "k")
        """,
        "not \\*",
    ),
    "unknown decorator": (
        """
        from somewhere import retry
        @retry  # here
        def inner(bucket):
            return bucket.read("k")
        def run(landing, ndjson, event):
            return inner(landing)
        """,
        "somewhere.retry is not known",
    ),
    "property setter": (
        """
        class Lane:
            @property
            def bucket(self):
                return None
            @bucket.setter  # here
            def bucket(self, value):
                value.read("k")
        def run(landing, ndjson, event):
            Lane().bucket = landing
        """,
        "setter",
    ),
    "a method that does not exist": (
        """
        def run(landing, ndjson, event):
            return landing.reed("k")  # here
        """,
        "Store has no reed",
    ),
}


@pytest.mark.parametrize(("source", "reason"), FORMS.values(), ids=FORMS.keys())
def test_given_code_that_cannot_be_followed_when_read_then_it_is_refused_naming_the_line(
    reads: Reader, source: str, reason: str
) -> None:
    line = next(number for number, text in enumerate(source.splitlines(), 1) if "# here" in text)

    with pytest.raises(Refused, match=reason) as refused:
        reads(source)

    assert f"chalicelib/work.py:{line}:" in str(refused.value)
