"""Clients of AWS and their operations: where a call is recorded, or refused."""

from __future__ import annotations

from dataclasses import dataclass

from ops.policies.reading.core import NOTHING, OPAQUE, Arguments, Site, Value, Values
from ops.policies.reading.data import Box, Text, box, literals_of

ADAPTERS = "chalicelib.aws."
CLIENTS_MODULE = ADAPTERS + "clients"


@dataclass(frozen=True)
class Call:
    """One client operation that can be reached, with what its parameters may be."""

    operation: Operation
    parameters: dict[str, Values]
    certain: frozenset[str]  # parameters that every such call passes
    at: str


@dataclass(frozen=True)
class Client(Value):
    """A client of one AWS service."""

    is_client = True
    service: str

    def attribute(self, at: Site, name: str) -> Values:
        if name == "exceptions":
            return OPAQUE
        if not at.frame.source.name.startswith(ADAPTERS):
            raise at.refuse(f"{self.service}.{name} is called outside of chalicelib/aws; use an adapter")
        return frozenset({Operation(self.service, name)})


@dataclass(frozen=True)
class Operation(Client):
    """A method of a client."""

    name: str

    def __str__(self) -> str:
        return f"{self.service}.{self.name}"

    @property
    def path(self) -> tuple[str, str]:
        return self.service, self.name

    def attribute(self, at: Site, name: str) -> Values:
        raise at.refuse(f"{name} of {self} cannot be followed")

    def call(self, at: Site, given: Arguments) -> Values:
        if given.positional or given.rest:
            raise at.refuse(f"{self}: pass its parameters by name; what ** brings needs literal keys")
        if self.name == "generate_presigned_url":
            return self._presigned(at, given)
        at.escape(given.all())
        certain = frozenset(one.arg for one in getattr(at.node, "keywords", ()) if one.arg)
        at.known.calls[at.node, at.frame, self] = Call(self, dict(given.named), certain, at.where)
        if self.path != ("sqs", "get_queue_url"):
            return OPAQUE
        made = box(at, mapping=True)  # the URL of a queue stands for the queue
        made.put(at, given.get(0, "QueueName"), "QueueUrl")
        return frozenset({made})

    def _presigned(self, at: Site, given: Arguments) -> Values:
        """Record the operation that a presigned URL stands for: its bearer acts with the function's role."""
        methods = literals_of(given.named.get("ClientMethod", NOTHING))
        for one in given.named.get("Params", NOTHING):
            if not methods or not isinstance(one, Box):
                raise at.refuse("a presigned URL needs a literal ClientMethod and literal Params")
            named = {key: values for key, values in one.known.items() if isinstance(key, str)}
            for method in methods:
                Operation(self.service, method).call(at, Arguments(named=named, rest=one.unknown))
        return OPAQUE


def new_client(at: Site, given: Arguments) -> Values:
    """Return the client that `client(service, region)` makes; its region shows that settings are at hand."""
    services = literals_of(given.get(0, "service"))
    of_settings = [isinstance(one, Text) and one.has_setting for one in given.get(1, "region")]
    if at.frame.source.name != "app" and not all(of_settings):
        raise at.refuse("a client is made where its adapter is, of settings: client(…, config.aws_region)")
    if services is None:
        raise at.refuse("the service of a client must be a literal text")
    return frozenset(Client(service) for service in services)
