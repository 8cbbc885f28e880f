"""From what a parameter may be to the ARNs of a stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.settings import OWN_OUTPUTS, Settings
from ops.policies.actions import Kind
from ops.policies.reading.core import NIL, OPAQUE, Nil, Value, Values, union
from ops.policies.reading.data import Box, Part, Setting, Text
from ops.policies.reading.sources import Refused
from ops.stages import Target

OPEN_ENDED = frozenset({"execution", "key"})  # kinds whose name may end in what only run time knows


@dataclass(frozen=True)
class Place:
    """A stage's settings and where they live."""

    settings: Settings
    target: Target

    def names(self, values: Values, kind: Kind, where: str) -> set[str]:
        """Return what a parameter's values are in this stage; empty ones and None name nothing."""
        found = (self._names(value, kind, where) for value in values if not isinstance(value, Nil))
        return set().union(*found) - {""}

    def _names(self, value: Value, kind: Kind, where: str) -> set[str]:
        if not isinstance(value, Text):
            raise Refused(
                f"{where}: cannot tell which {kind} this is; "
                "pass a field of Settings from app.py through the adapter's constructor"
            )
        first = value.parts[0]
        if isinstance(first, Setting) and first.is_item:
            return self._items(value, first, where)
        texts = [self._part(part) for part in value.parts]
        settings = [text for text, part in zip(texts, value.parts, strict=True) if isinstance(part, Setting)]
        if settings and not all(settings):
            return set()  # an optional resource that this stage does not have
        if None in value.parts and kind not in OPEN_ENDED:
            raise Refused(f"{where}: a part of this {kind}'s name is known at run time only")
        return {"".join(texts[: texts.index("*") + 1] if None in value.parts else texts)}

    def _items(self, value: Text, setting: Setting, where: str) -> set[str]:
        """Return the names that the values of a setting give, such as the ARNs of STATE_MACHINES."""
        held = getattr(self.settings, setting.name)
        if not isinstance(held, Mapping):
            raise Refused(f"{where}: {setting.name} maps no names to texts, so it has no items to name by")
        rest = "".join(self._part(part) for part in value.parts[1:])
        return {_replaced(text, setting) + rest for text in held.values()}

    def _part(self, part: Part) -> str:
        if part is None:
            return "*"
        if isinstance(part, str):
            return part
        return _replaced(str(getattr(self.settings, part.name)), part)

    def object_arns(self, buckets: Values, keys: Values, where: str, *, written: bool) -> set[str]:
        """Return the ARNs of what may be read, or is `written`, in a bucket: see `_places`."""
        return {
            self.arn("bucket", f"{name}/{place}")
            for bucket in buckets
            for name in self.names(frozenset({bucket}), "object", where)
            for place in self._places(bucket, keys, where, written)
        }

    def _places(self, bucket: Value, keys: Values, where: str, written: bool) -> set[str]:
        """Return the keys that are known, the beginnings of others, and where files of any key may lie.

        In a bucket where files land they lie below the watched prefix and those that they are moved to. What
        is only read may lie anywhere in it, unless it is a source of its own.
        """
        parts, settings = getattr(bucket, "parts", ()), self.settings
        is_source = Setting("s3_source_bucket") in parts
        is_own = is_source and settings.s3_source_bucket != settings.landing_bucket
        files = {"*"}
        if is_own or (written and (is_source or Setting("landing_bucket") in parts)):
            watched = settings.s3_prefix if is_source else settings.input_prefix
            files = {f"{prefix}*" for prefix in {watched, *settings.own_outputs} - {"", *OWN_OUTPUTS}}
        if not written and any(isinstance(part, Setting) for part in parts):
            return files
        known = frozenset(key for key in keys if isinstance(key, Text) and key.parts[0])
        return self.names(known, "key", where) | (files if keys - NIL - known or not known else set())

    def arn(self, kind: Kind, name: str) -> str:
        """Return the ARN of a resource; queues may be named by URL, topics and machines are by ARN."""
        if name.startswith("arn:"):
            return name
        if kind == "bucket":
            return f"arn:{self.target.partition}:s3:::{name}"
        if kind == "queue" and "://" in name:
            _, account, queue = urlsplit(name).path.rsplit("/", 2)
            return self._regional("sqs", queue, account)
        service, pattern = REGIONAL[kind]
        return self._regional(service, pattern.format(name))

    def log_group_arn(self, function: str) -> str:
        """Return the ARN of a function's log group."""
        return self._regional("logs", f"log-group:/aws/lambda/{function}")

    def _regional(self, service: str, resource: str, account: str = "") -> str:
        target = self.target
        return f"arn:{target.partition}:{service}:{target.region}:{account or target.account}:{resource}"


def _replaced(text: str, setting: Setting) -> str:
    for old, new in setting.replaced:
        text = text.replace(old, new)
    return text


REGIONAL: dict[Kind, tuple[str, str]] = {
    "table": ("dynamodb", "table/{}"),
    "index": ("dynamodb", "table/{}"),
    "queue": ("sqs", "{}"),
    "topic": ("sns", "{}"),
    "machine": ("states", "stateMachine:{}"),
    "job": ("glue", "job/{}"),
    "secret": ("secretsmanager", "secret:{}-??????"),  # Secrets Manager adds six characters to the name
}


def follow(parameters: dict[str, Values], path: str) -> Values | None:
    """Return what lies at `path` in a call's parameters; None when it is not passed."""
    first, *rest = path.split(".")
    if first not in parameters:
        return None
    values = parameters[first]
    for step in rest:
        found = [_step(value, step) for value in values]
        values = frozenset().union(*(part for part in found if part is not None))
        if not values:
            return None
    return values


def _step(value: Value, step: str) -> Values | None:
    if not isinstance(value, Box):
        return None if isinstance(value, Nil) else OPAQUE
    if step == "[]":
        return union(value.held())
    if step == "{}":
        keys: Iterable[Value] = (
            key if isinstance(key, Text) else Text((str(key),)) for key in value.known if key is not None
        )
        return frozenset(keys) | value.unknown
    return value.known.get(step, frozenset()) | value.unknown
