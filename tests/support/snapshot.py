"""The state of the emulated AWS, kept as bytes: to read it again is much quicker than to make it."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from threading import RLock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import BackendDict

LOCK = type(RLock())


class _Writer(pickle.Pickler):
    """Write all but what every state shares: the services themselves, and keys that nothing changes."""

    def __init__(self, file: io.BytesIO, shared: dict[int, Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_id(self, part: Any) -> int | None:
        if not isinstance(part, BackendDict | RSAPrivateKey):
            return None
        self._shared[id(part)] = part
        return id(part)

    def reducer_override(self, part: Any) -> Any:
        return (RLock, ()) if isinstance(part, LOCK) else NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: dict[int, Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, identity: Any) -> Any:
        return self._shared[identity]


def keep_state() -> Callable[[], None]:
    """Return a function that brings the emulated AWS back into its present state."""
    file, shared = io.BytesIO(), dict[int, Any]()
    instances: list[Any] = BackendDict._instances  # type: ignore[misc]
    services = [(service, dict(service)) for service in instances]
    _Writer(file, shared).dump(services)  # at once: they refer to each other

    def bring_back() -> None:
        BackendDict.reset()
        for service, accounts in _Reader(io.BytesIO(file.getvalue()), shared).load():
            service.update(accounts)
            instances.append(service)

    return bring_back
