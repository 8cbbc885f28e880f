"""Ways to write a call: none of them may hide it. Every form here reaches exactly one operation."""

from __future__ import annotations

import pytest

from tests.unit.policies.conftest import Reader

READS_LANDING = {"get_object landing_bucket"}

FORMS = {
    "plain": """
        def run(landing, ndjson, event):
            return landing.read("k")
        """,
    "alias of the adapter": """
        def run(landing, ndjson, event):
            other = landing
            third = other
            return third.read("k")
        """,
    "alias of the method": """
        def run(landing, ndjson, event):
            fetch = landing.read
            return fetch("k")
        """,
    "keyword argument": """
        def run(landing, ndjson, event):
            return inner(key="k", bucket=landing)
        def inner(*, bucket, key):
            return bucket.read(key)
        """,
    "double star arguments": """
        def run(landing, ndjson, event):
            return inner(**{"bucket": landing, "key": "k"})
        def inner(bucket, key):
            return bucket.read(key)
        """,
    "variadic function": """
        def run(landing, ndjson, event):
            return inner(landing, key="k")
        def inner(*args, **kwargs):
            return args[0].read(**kwargs)
        """,
    "default argument": """
        def run(landing, ndjson, event):
            def inner(key, bucket=landing):
                return bucket.read(key)
            return inner("k")
        """,
    "closure": """
        def run(landing, ndjson, event):
            def inner():
                return landing.read("k")
            return inner()
        """,
    "closure that is returned": """
        def run(landing, ndjson, event):
            return maker(landing)()
        def maker(bucket):
            def inner():
                return bucket.read("k")
            return inner
        """,
    "lambda": """
        def run(landing, ndjson, event):
            return (lambda bucket: bucket.read("k"))(landing)
        """,
    "partial": """
        from functools import partial
        def run(landing, ndjson, event):
            return partial(inner, landing)("k")
        def inner(bucket, key):
            return bucket.read(key)
        """,
    "dispatch table": """
        def fetch(bucket):
            return bucket.read("k")
        def nothing(bucket):
            return None
        ACTIONS = {"fetch": fetch, "nothing": nothing}
        def run(landing, ndjson, event):
            return ACTIONS[event["action"]](landing)
        """,
    "dispatch table with get": """
        def fetch(bucket):
            return bucket.read("k")
        def run(landing, ndjson, event):
            actions = {}
            actions["fetch"] = fetch
            return actions.get(event["action"])(landing)
        """,
    "list of functions": """
        def fetch(bucket):
            return bucket.read("k")
        def run(landing, ndjson, event):
            steps = []
            steps.append(fetch)
            for step in steps:
                step(landing)
        """,
    "list of adapters": """
        def run(landing, ndjson, event):
            return [bucket.read("k") for bucket in [landing]]
        """,
    "mapping of adapters": """
        def run(landing, ndjson, event):
            for name, bucket in {"a": landing}.items():
                bucket.read(name)
        """,
    "tuple unpacking": """
        def run(landing, ndjson, event):
            first, second = pair(landing, ndjson)
            return first.read("k")
        def pair(left, right):
            return left, right
        """,
    "field of a dataclass": """
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class Lane:
            source: object
            other: object
            def work(self):
                return self.source.read("k")
        def run(landing, ndjson, event):
            return Lane(landing, other=ndjson).work()
        """,
    "attribute set later": """
        class Lane:
            def attach(self, bucket):
                self.bucket = bucket
        def run(landing, ndjson, event):
            lane = Lane()
            lane.attach(landing)
            return lane.bucket.read("k")
        """,
    "property": """
        class Lane:
            def __init__(self, bucket):
                self._bucket = bucket
            @property
            def content(self):
                return self._bucket.read("k")
        def run(landing, ndjson, event):
            return Lane(landing).content
        """,
    "cached property": """
        from functools import cached_property
        class Lane:
            def __init__(self, bucket):
                self._bucket = bucket
            @cached_property
            def content(self):
                return self._bucket.read("k")
        def run(landing, ndjson, event):
            return Lane(landing).content
        """,
    "static and class methods": """
        class Lane:
            @staticmethod
            def fetch(bucket):
                return bucket.read("k")
            @classmethod
            def work(cls, bucket):
                return cls.fetch(bucket)
        def run(landing, ndjson, event):
            return Lane.work(landing)
        """,
    "unbound method": """
        from chalicelib.aws.store import Store
        def run(landing, ndjson, event):
            return Store.read(landing, "k")
        """,
    "width of a formatted value": """
        def run(landing, ndjson, event):
            return f"{event:{landing.read('k')}}"
        """,
    "deletion": """
        def run(landing, ndjson, event):
            del landing.read("k")["body"]
        """,
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_given_a_way_to_write_a_call_when_read_then_it_is_found_on_its_bucket(
    reads: Reader, source: str
) -> None:
    assert reads(source) == READS_LANDING
