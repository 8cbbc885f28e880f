"""What discovery promises about any story of uploads, scans, messages, configs, deaths and clocks.

A file in discovery's scope is routed like any upload, whether or not an event announced it. The landing
lane's model judges that. This model adds: the state document names the stored files, and none that was not
queued. No two uploads have the same content, because discovery tells versions apart by ETag alone.
"""

from __future__ import annotations

import re
from collections import Counter

from chalicelib.landing.catalog import UploadStatus
from tests.disorder.landing_model import Story, Upload, broken_promises
from tests.support.builders import LANDING
from tests.support.lanes.scans import ARTIFACTS, STATE_KEY, checked_layout
from tests.support.reset import stored
from tests.support.world import World

IN_SCOPE = re.compile(r"incoming/(?!logs/|temp/|backups/)[^/]+/[^/]*[^/]\.csv", re.IGNORECASE)


class Discovered(Story):
    """What happened outside Sluice so far; `announced` holds (key, ETag) of every message that was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.announced: Counter[tuple[str, str]] = Counter()

    def routes(self, upload: Upload) -> bool:
        """Tell whether discovery looks at a file: `incoming/<one folder>/<file>.csv`."""
        return bool(IN_SCOPE.fullmatch(upload.key))

    def allowed(self, upload: Upload) -> set[str]:
        """Return the outcomes that an upload may have; an overwritten one may have merely arrived."""
        return super().allowed(upload) | ({UploadStatus.RECEIVED} if upload.superseded else set())


def broken_discovery(world: World, story: Discovered) -> list[str]:
    """Return every way in which what is stored breaks a promise; empty when all holds."""
    return [
        *broken_promises(world, story),
        *_of_state(world, story),
    ]


def state_document() -> bytes:
    """Return the state document; a missing one counts as empty where nothing was found."""
    there = stored(ARTIFACTS, STATE_KEY)
    return bytes(there.value) if there else b'{"version":1,"files":{\n}}'


def _of_state(world: World, story: Discovered) -> list[str]:
    document = checked_layout(state_document())
    recorded = {key: fields["etag"] for key, fields in document["files"].items()}
    keys = filter(IN_SCOPE.fullmatch, world.keys("incoming/"))
    there = {key: stored(LANDING, key).etag.strip('"') for key in keys}
    faults = [f"recorded, and never announced: {each}" for each in recorded.items() - set(story.announced)]
    faults += [] if recorded == there else [f"the state tells of {recorded}, and there is {there}"]
    return [*faults, "a scan was not ended"] if "resume_after" in document else faults
