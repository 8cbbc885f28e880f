"""A call that AWS cannot permit yet is made again; any other refusal is raised at once."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.deploy.propagation import NOT_YET, PAUSES_SECONDS, once_permitted


class _NewPolicy:
    """AWS as it answers until it sees a policy."""

    def __init__(self, refusals: int, message: str) -> None:
        self.left = refusals
        self.paused: list[float] = []
        self._message = message

    def call(self) -> None:
        """Refuse so many times."""
        self.left -= 1
        if self.left >= 0:
            answer: Any = {"Error": {"Code": "InvalidArgument", "Message": self._message}}
            raise ClientError(answer, "Operation")


@pytest.mark.parametrize("message", NOT_YET)
def test_what_is_not_seen_yet_is_asked_again_a_minute_long(message: str) -> None:
    aws = _NewPolicy(3, f"{message} for x")
    once_permitted(aws.call, aws.paused.append)
    assert aws.paused == list(PAUSES_SECONDS[:3])
    assert sum(PAUSES_SECONDS) >= 60


@pytest.mark.parametrize(("refusals", "message"), [(100, NOT_YET[0]), (1, "The ARN is not well formed")])
def test_what_stays_refused_is_raised(refusals: int, message: str) -> None:
    aws = _NewPolicy(refusals, message)
    with pytest.raises(ClientError, match=message):
        once_permitted(aws.call, aws.paused.append)
