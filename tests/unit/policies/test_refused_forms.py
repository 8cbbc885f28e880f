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
    "own dictionary by getattr": (
        """
        class Worker(Exception):
            def __init__(self, bucket):
                self.bucket = bucket
        def run(landing, ndjson, event):
            return getattr(Worker(landing), "__dict__")["bucket"].read("k")  # here
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
    "field of a named tuple": (
        """
        from typing import NamedTuple
        class Lane(NamedTuple):
            source: object
            other: object
        def run(landing, ndjson, event):
            source, other = Lane(landing, ndjson)  # here
            return source.read("k")
        """,
        "adapter Lane goes where",
    ),
    "iterator class": (
        """
        class Contents:
            def __init__(self, bucket):
                self.bucket = bucket
            def __iter__(self):
                return self
            def __next__(self):
                return self.bucket.read("k")
        def run(landing, ndjson, event):
            for content in Contents(landing):  # here
                print(content)
        """,
        "adapter Contents goes where",
    ),
    "callable instance": (
        """
        class Fetch:
            def __init__(self, bucket):
                self.bucket = bucket
            def __call__(self, key):
                return self.bucket.read(key)
        def run(landing, ndjson, event):
            return Fetch(landing)("k")  # here
        """,
        "adapter Fetch is called",
    ),
    "subscript of an instance": (
        """
        class Contents:
            def __init__(self, bucket):
                self.bucket = bucket
            def __getitem__(self, key):
                return self.bucket.read(key)
        def run(landing, ndjson, event):
            return Contents(landing)["k"]  # here
        """,
        "adapter Contents goes where",
    ),
    "match statement": (
        """
        def run(landing, ndjson, event):
            match event:  # here
                case {"key": key}:
                    return landing.read(key)
        """,
        "Match cannot be followed",
    ),
    "nonlocal": (
        """
        def run(landing, ndjson, event):
            held = None
            def hold():
                nonlocal held  # here
                held = landing
            hold()
            return held.read("k")
        """,
        "Nonlocal cannot be followed",
    ),
    "global": (
        """
        HELD = None
        def hold(bucket):
            global HELD  # here
            HELD = bucket
        def run(landing, ndjson, event):
            hold(landing)
            return HELD.read("k")
        """,
        "Global cannot be followed",
    ),
    "attribute of a module": (
        """
        from chalicelib import work
        HELD = None
        def run(landing, ndjson, event):
            work.HELD = landing  # here
            return HELD.read("k")
        """,
        "HELD of a module is replaced",
    ),
    "super() of a parent of the project": (
        """
        class Lane:
            def __init__(self, bucket):
                self.bucket = bucket
        class Other(Lane):
            def __init__(self, bucket):
                super().__init__(bucket)  # here
        def run(landing, ndjson, event):
            return Other(landing).bucket.read("k")
        """,
        r"super\(\) cannot be followed",
    ),
    "two parents of the project": (
        """
        class Left:
            pass
        class Right:
            pass
        class Both(Left, Right):  # here
            pass
        def run(landing, ndjson, event):
            return Both()
        """,
        "second parent",
    ),
    "setattr": (
        """
        class Lane:
            pass
        def run(landing, ndjson, event):
            setattr(Lane(), "bucket", landing)  # here
        """,
        r"setattr\(\)",
    ),
    "columns of a star": (
        """
        def run(landing, ndjson, event):
            rows = []
            rows.append([landing])
            return [left.read("k") for left, in zip(*rows)]  # here
        """,
        r"zip\(\) with \*",
    ),
    "a module of the project by its dotted name": (
        """
        import chalicelib.aws.store  # here
        def run(landing, ndjson, event):
            return chalicelib.aws.store.Store.read(landing, "k")
        """,
        "from package import module",
    ),
    "an adapter as a key": (
        """
        def run(landing, ndjson, event):
            return [bucket.read("k") for bucket in {landing: 1}]  # here
        """,
        "adapter Store goes where",
    ),
    "an option of a field other than its default": (
        """
        from dataclasses import dataclass, field
        @dataclass
        class Lane:
            bucket: object = field(init=False)  # here
        def run(landing, ndjson, event):
            return Lane()
        """,
        r"field\(\) with other options",
    ),
    "a parent from outside that holds an adapter": (
        """
        from threading import Thread
        class Worker(Thread):
            def __init__(self, bucket):
                super().__init__()
                self.bucket = bucket
        def run(landing, ndjson, event):
            Worker(landing).start()  # here
        """,
        "adapter Worker goes where",
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
