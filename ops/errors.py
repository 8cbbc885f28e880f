"""What goes wrong while operating Sluice and a person must mend."""

from __future__ import annotations


class OperationError(Exception):
    """An operation was refused or failed; the message names the input and the fix."""
