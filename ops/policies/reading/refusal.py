"""The one way this package says no."""

from __future__ import annotations

from ops.errors import OperationError


class Refused(OperationError):  # noqa: N818 - an answer: this cannot be followed, write it so
    """The code, a call or a setting cannot be turned into a policy; the message says where and what to do."""
