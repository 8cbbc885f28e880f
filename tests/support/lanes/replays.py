"""Replays as an operator asks for them."""

from __future__ import annotations

from typing import Any

from tests.support.api import Api
from tests.support.builders import SEED_JOBS, job
from tests.support.world import World


def replay(operator: Api, **body: Any) -> Any:
    """Ask for a replay and return the result for each upload."""
    reply = operator.post("/replay", body)
    assert reply.status == 200, reply.text
    return reply.body["items"]


def activate(world: World, *names: str) -> None:
    """Activate every job, and add one for each of `names`."""
    jobs = [{**each, "is_active": True} for each in SEED_JOBS]
    world.configure(jobs + [job(job_id=f"N{name}", source_file_name=name) for name in names])
