"""The error of every command: a person must mend something."""

from __future__ import annotations


class OperationError(Exception):
    """An operation was refused or failed; the message names the input and the fix."""
