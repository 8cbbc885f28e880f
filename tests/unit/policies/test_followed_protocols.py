"""Ways to have a call made by something else: a decorator, a protocol, a thread. None of them may hide it."""

from __future__ import annotations

import pytest

from tests.unit.policies.conftest import Reader

READS_LANDING = {"get_object landing_bucket"}

FORMS = {
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
    "callable instance": """
        class Fetch:
            def __init__(self, bucket):
                self.bucket = bucket
            def __call__(self, key):
                return self.bucket.read(key)
        def run(landing, ndjson, event):
            return Fetch(landing)("k")
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
    "comparison that Python makes": """
        def run(landing, ndjson, event):
            class Item:
                def __eq__(self, other):
                    return landing.read("k") == other
            return Item() == event
        """,
    "key that is called": """
        def run(landing, ndjson, event):
            for fetch in {(lambda: landing.read("k")): 1}:
                fetch()
        """,
    "method of an object that a library holds": """
        def run(landing, ndjson, event):
            class Task:
                def work(self):
                    return landing.read("k")
            event.register(Task())
        """,
    "class that a library instantiates": """
        def run(landing, ndjson, event):
            class Task:
                def work(self):
                    return landing.read("k")
            event.register(Task)
        """,
    "parent's method by its class": """
        class Lane:
            def __init__(self, bucket):
                self.bucket = bucket
            def work(self):
                return self.bucket.read("k")
        class Other(Lane):
            def work(self):
                return Lane.work(self)
        def run(landing, ndjson, event):
            return Other(landing).work()
        """,
    "validated dataclass": """
        from dataclasses import dataclass, replace
        @dataclass(frozen=True)
        class Lane:
            bucket: object
            key: str = ""
            def __post_init__(self):
                self.bucket.read(self.key)
        def run(landing, ndjson, event):
            return replace(Lane(landing), key="k")
        """,
    "default that a factory makes": """
        from dataclasses import dataclass, field
        @dataclass
        class Lane:
            bucket: object
            steps: list = field(default_factory=list)
        def run(landing, ndjson, event):
            lane = Lane(landing)
            lane.steps.append(lane.bucket.read)
            for step in lane.steps:
                step("k")
        """,
    "default that is never used": """
        def run(landing, ndjson, event):
            def inner(content=landing.read("k")):
                return content
            return inner("given")
        """,
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_given_a_call_that_something_else_makes_when_read_then_it_is_found_on_its_bucket(
    reads: Reader, source: str
) -> None:
    assert reads(source) == READS_LANDING
