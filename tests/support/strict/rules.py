"""The error that a rule of the strict AWS raises."""

from __future__ import annotations


class Rejected(Exception):  # noqa: N818 - an answer of AWS, not a fault of the test
    """AWS would answer this call with `code`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
