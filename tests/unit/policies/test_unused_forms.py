"""Forms that Python code elsewhere may use and this code does not: each is refused, naming its line."""

from __future__ import annotations

import pytest

from ops.policies import Refused
from tests.unit.policies.conftest import Reader

FORMS = {
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
    "an adapter and a text spread by a star": (
        """
        def run(landing, ndjson, event):
            arguments = (landing, "k")
            return inner(*arguments)
        def inner(bucket, key):
            print(key)  # here
            return bucket.read(key)
        """,
        "adapter Store goes where",
    ),
    "partial with a named argument": (
        """
        import functools
        def run(landing, ndjson, event):
            fetch = functools.partial(landing.read, key="k")  # here
            return fetch()
        """,
        r"partial\(\) with",
    ),
    "adapter submitted to threads": (
        """
        from concurrent.futures import ThreadPoolExecutor
        def fetch(bucket, key):
            return bucket.read(key)
        def run(landing, ndjson, event):
            with ThreadPoolExecutor(4) as pool:
                pool.submit(fetch, landing, "k")  # here
        """,
        "adapter Store goes where",
    ),
    "literal getattr": (
        """
        def run(landing, ndjson, event):
            return getattr(landing, "read")("k")  # here
        """,
        "builtins.getattr",
    ),
}


@pytest.mark.parametrize(("source", "reason"), FORMS.values(), ids=FORMS.keys())
def test_given_a_form_that_this_code_does_without_when_read_then_it_is_refused_naming_the_line(
    reads: Reader, source: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        reads(source)

    above, _, _ = source.partition("# here")
    assert f"chalicelib/work.py:{above.count(chr(10)) + 1}:" in str(refused.value)
