"""Handlers and the wiring of their adapters: what they reach is found wherever it is put together."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from ops.policies.reading.handlers import read_handlers
from tests.unit.policies.conftest import Reader, shown

READS_LANDING = {"get_object landing_bucket"}


LANE = """
    from dataclasses import dataclass, field
    from functools import partial
    from chalicelib.aws.store import Store
    @dataclass(frozen=True)
    class Lane:
        bucket: Store
        settings: object
        seen: list = field(default_factory=list)
    def lane(config):
        from chalicelib.aws.clients import client
        return Lane(Store(client("s3", config.region), config.landing_bucket), config)
    def arrived(lane, event):
        return [*map(partial(_read, lane), event["keys"])]
    def _read(lane, key):
        return lane.bucket.read(key)
    """


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


def test_given_a_lane_that_wires_itself_from_settings_then_its_clients_are_followed(
    project: Path, reads: Reader
) -> None:
    (project / "chalicelib" / "lane.py").write_text(dedent(LANE))
    source = (project / "app.py").read_text()
    source += dedent("""
        from functools import cache

        @cache
        def lane():
            from chalicelib import lane as module
            return module.lane(settings())

        @app.on_cw_event({"source": ["aws.states"]})
        def second(event):
            from chalicelib import lane as module
            return module.arrived(lane(), event.payload)
        """)
    (project / "app.py").write_text(source)
    reads("def run(landing, ndjson, event):\n    return None\n")

    handlers = {handler.name: shown(handler) for handler in read_handlers(project)}

    assert handlers == {"handler": set(), "second": READS_LANDING}
