"""The errors of Sluice: each is something a person must mend, and says what and how.

SluiceError
├── SettingsError   an environment variable is missing or wrong
├── EventError      an event or queue message cannot be read
├── ConfigError     config/config.json is missing, unreadable or invalid
├── StateError      the discovery state document is corrupt or foreign
└── RequestError    an API caller asked for something malformed
    ├── NotFoundError       … for something that is not there
    └── ConflictError       … for something that the present state rules out

An expected outcome (a file without a job, a lock already held, an execution already started) is a value,
never an error.
"""

from __future__ import annotations

from dataclasses import dataclass


class SluiceError(Exception):
    """Base of every error that Sluice raises itself."""


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One environment variable that is missing (an empty value) or wrong; `wrong` says what is accepted."""

    name: str
    value: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.name}={self.value!r} {self.wrong}"


class SettingsError(SluiceError):
    """Environment variables are missing or wrong; `faults` names each with its value and what is accepted."""

    def __init__(self, faults: list[SettingFault]) -> None:
        super().__init__("Settings are not usable:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.faults = faults


class EventError(SluiceError):
    """An event or message cannot be read; the message names the part that is wrong."""


class ConfigError(SluiceError):
    """The job config cannot be used; `faults` lists every fault with its index, field and fix.

    `version` is the config's ETag, `absent` or `unreadable`; `in_force` is the version that files are routed
    by meanwhile, empty when there is none.
    """

    def __init__(self, version: str, faults: list[str], in_force: str = "") -> None:
        meanwhile = f"; the last good version, {in_force}, stays in force" if in_force else ""
        listed = "\n".join(f"- {fault}" for fault in faults)
        super().__init__(f"Job config is not usable{meanwhile}:\n{listed}")
        self.version = version
        self.faults = faults
        self.in_force = in_force


class StateError(SluiceError):
    """The discovery state document is corrupt or foreign; it is left untouched."""


class RequestError(SluiceError):
    """An API request is malformed; the message says which parameter and what is accepted.

    `code` and `status` are what Chalice answers for an error of this kind.
    """

    code = "BadRequestError"
    status = 400


class NotFoundError(RequestError):
    """What an API request names is not there; the message says where to look instead."""

    code = "NotFoundError"
    status = 404


class ConflictError(RequestError):
    """The present state rules out what an API request asks for; the message says how."""

    code = "ConflictError"
    status = 409
