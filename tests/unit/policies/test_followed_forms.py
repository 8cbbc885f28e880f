"""Ways to write a call: none of them may hide it. Every form here reaches exactly one operation."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from ops.policies.reading.handlers import read_handlers
from tests.unit.policies.conftest import Reader, shown

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
    "star arguments": """
        def run(landing, ndjson, event):
            arguments = (landing, "k")
            return inner(*arguments)
        def inner(bucket, key):
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
    "partial of a method": """
        import functools
        def run(landing, ndjson, event):
            fetch = functools.partial(landing.read, key="k")
            return fetch()
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
    "field of a named tuple": """
        from typing import NamedTuple
        class Lane(NamedTuple):
            source: object
            other: object
        def run(landing, ndjson, event):
            source, other = Lane(landing, ndjson)
            return source.read("k")
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
    "decorator of the project": """
        from functools import wraps
        def twice(function):
            @wraps(function)
            def wrapper(*args, **kwargs):
                function(*args, **kwargs)
                return function(*args, **kwargs)
            return wrapper
        @twice
        def inner(bucket):
            return bucket.read("k")
        def run(landing, ndjson, event):
            return inner(landing)
        """,
    "decorator with arguments": """
        def times(count):
            def decorator(function):
                def wrapper(bucket):
                    for _ in range(count):
                        function(bucket)
                return wrapper
            return decorator
        @times(3)
        def inner(bucket):
            return bucket.read("k")
        def run(landing, ndjson, event):
            return inner(landing)
        """,
    "context manager from a generator": """
        from contextlib import contextmanager
        @contextmanager
        def opened(bucket):
            yield bucket
        def run(landing, ndjson, event):
            with opened(landing) as bucket:
                bucket.read("k")
        """,
    "work on leaving a context": """
        class Session:
            def __init__(self, bucket):
                self.bucket = bucket
            def __enter__(self):
                return self
            def __exit__(self, *error):
                self.bucket.read("k")
        def run(landing, ndjson, event):
            with Session(landing):
                pass
        """,
    "generator": """
        def run(landing, ndjson, event):
            return list(contents(landing))
        def contents(bucket):
            for key in ("a", "b"):
                yield bucket.read(key)
        """,
    "generator that is delegated to": """
        def run(landing, ndjson, event):
            return list(outer(landing))
        def outer(bucket):
            yield from contents(bucket)
        def contents(bucket):
            yield bucket.read("k")
        """,
    "iterator class": """
        class Contents:
            def __init__(self, bucket):
                self.bucket = bucket
            def __iter__(self):
                return self
            def __next__(self):
                return self.bucket.read("k")
        def run(landing, ndjson, event):
            for content in Contents(landing):
                print(content)
        """,
    "callable instance": """
        class Fetch:
            def __init__(self, bucket):
                self.bucket = bucket
            def __call__(self, key):
                return self.bucket.read(key)
        def run(landing, ndjson, event):
            return Fetch(landing)("k")
        """,
    "subscript of an instance": """
        class Contents:
            def __init__(self, bucket):
                self.bucket = bucket
            def __getitem__(self, key):
                return self.bucket.read(key)
        def run(landing, ndjson, event):
            return Contents(landing)["k"]
        """,
    "truth of an instance": """
        class Contents:
            def __init__(self, bucket):
                self.bucket = bucket
            def __bool__(self):
                return bool(self.bucket.read("k"))
        def run(landing, ndjson, event):
            if Contents(landing):
                return 1
        """,
    "threads": """
        from concurrent.futures import ThreadPoolExecutor
        def run(landing, ndjson, event):
            def fetch(key):
                return landing.read(key)
            with ThreadPoolExecutor(4) as pool:
                return list(pool.map(fetch, ["a", "b"]))
        """,
    "bound method in threads": """
        from concurrent.futures import ThreadPoolExecutor
        def run(landing, ndjson, event):
            with ThreadPoolExecutor(4) as pool:
                return [future.result() for future in [pool.submit(landing.read, key) for key in "ab"]]
        """,
    "adapter submitted to threads": """
        from concurrent.futures import ThreadPoolExecutor
        def fetch(bucket, key):
            return bucket.read(key)
        def run(landing, ndjson, event):
            with ThreadPoolExecutor(4) as pool:
                pool.submit(fetch, landing, "k")
        """,
    "thread class": """
        from threading import Thread
        class Worker(Thread):
            def __init__(self, fetch):
                super().__init__()
                self.fetch = fetch
            def run(self):
                self.fetch("k")
        def run(landing, ndjson, event):
            Worker(landing.read).start()
        """,
    "thread target": """
        from threading import Thread
        def run(landing, ndjson, event):
            Thread(target=lambda: landing.read("k")).start()
        """,
    "callback of a library": """
        import atexit
        def run(landing, ndjson, event):
            atexit.register(landing.read, "k")
        """,
    "sort key": """
        def run(landing, ndjson, event):
            return sorted(event["keys"], key=landing.read)
        """,
    "map and filter": """
        def run(landing, ndjson, event):
            return list(filter(None, map(landing.read, ["a"])))
        """,
    "function held by data": """
        from dataclasses import dataclass
        @dataclass
        class Task:
            fetch: object
        def run(landing, ndjson, event):
            event.register(Task(landing.read))
        """,
    "literal getattr": """
        def run(landing, ndjson, event):
            return getattr(landing, "read")("k")
        """,
    "conditional expression": """
        def run(landing, ndjson, event):
            bucket = landing if event else None
            return bucket.read("k")
        """,
    "boolean operator": """
        def run(landing, ndjson, event):
            return (None or landing).read("k")
        """,
    "assignment expression": """
        def run(landing, ndjson, event):
            if (bucket := landing) is not None:
                return bucket.read("k")
        """,
    "recursion": """
        def run(landing, ndjson, event):
            return walk(landing, 3)
        def walk(bucket, depth):
            return bucket.read("k") if not depth else walk(bucket, depth - 1)
        """,
    "mutual recursion": """
        def run(landing, ndjson, event):
            return even(landing, 3)
        def even(bucket, n):
            return bucket.read("k") if not n else odd(bucket, n - 1)
        def odd(bucket, n):
            return even(bucket, n - 1)
        """,
    "exception handler": """
        def run(landing, ndjson, event):
            try:
                raise ValueError
            except ValueError:
                landing.read("a")
            else:
                landing.read("b")
            finally:
                landing.read("c")
        """,
    "match statement": """
        def run(landing, ndjson, event):
            match event:
                case {"key": key}:
                    return landing.read(key)
        """,
    "nonlocal": """
        def run(landing, ndjson, event):
            held = None
            def hold():
                nonlocal held
                held = landing
            hold()
            return held.read("k")
        """,
    "global": """
        HELD = None
        def hold(bucket):
            global HELD
            HELD = bucket
        def run(landing, ndjson, event):
            hold(landing)
            return HELD.read("k")
        """,
    "attribute of a module": """
        from chalicelib import work
        HELD = None
        def run(landing, ndjson, event):
            work.HELD = landing
            return HELD.read("k")
        """,
    "replaced method": """
        class Lane:
            def work(self):
                return None
        def run(landing, ndjson, event):
            lane = Lane()
            lane.work = lambda: landing.read("k")
            return lane.work()
        """,
    "one of two records, told apart before": """
        class Gap:
            def __init__(self, end):
                self.end = end
        class Found:
            def __init__(self, bucket):
                self.bucket = bucket
        def run(landing, ndjson, event):
            for item in (Gap("z"), Found(landing)):
                if not isinstance(item, Gap):
                    return item.bucket.read("k")
        """,
    "import inside of a function": """
        def run(landing, ndjson, event):
            from chalicelib.aws.store import Store as Other
            return Other.read(landing, "k")
        """,
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_given_a_way_to_write_a_call_when_read_then_it_is_found_on_its_bucket(
    reads: Reader, source: str
) -> None:
    assert reads(source) == READS_LANDING


def test_given_an_object_of_app_that_a_library_holds_then_its_methods_are_followed(
    project: Path, reads: Reader
) -> None:
    source = (project / "app.py").read_text()
    source += dedent("""
        class Task:
            def work(self):
                return Store(client("s3", ""), settings().landing_bucket).read("k")

        @app.lambda_function()
        def second(event, context):
            event.register(Task())
        """)
    (project / "app.py").write_text(source)
    reads("def run(landing, ndjson, event):\n    return None\n")

    handlers = {handler.name: shown(handler) for handler in read_handlers(project)}

    assert handlers["second"] == READS_LANDING
