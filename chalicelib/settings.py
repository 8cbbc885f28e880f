"""All settings of Sluice, read once from environment variables into one frozen record.

A field `landing_bucket` is the variable `LANDING_BUCKET`; the table in README.md lists them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from math import ceil, floor
from typing import Any
from unicodedata import normalize

from chalicelib.errors import SettingFault, SettingsError

BYTES_PER_MB = 1024**2
BYTES_PER_GB = 1024**3
DEFAULT_MAX_CONCURRENCY = 2
OWN_OUTPUTS = ("manifests/", "state/", "quarantine/")  # beside those of the settings
IGNORED_NAMES = ("*.filepart", "*.part", "*.partial", "*.tmp", "*.crdownload")  # uploads under way

Parser = Callable[[str], Any]
_REQUIRED = object()


def _matching(pattern: str, accepted: str) -> Parser:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(accepted)
        return text

    return parse


def _number(low: float, high: float, kind: type[Decimal] | type[int]) -> Parser:
    def parse(text: str) -> Decimal | int:
        accepted = f"{'a whole number' if kind is int else 'a number'} from {low} to {high}"
        with suppress(ValueError, InvalidOperation):  # comparing a NaN is an InvalidOperation too
            value = kind(text)
            if low <= value <= high:
                return value
        raise ValueError(accepted)

    return parse


def _whole(low: int, high: int) -> Parser:
    return _number(low, high, int)


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("true or false")
    return text.lower() == "true"


def _prefix(text: str) -> str:
    if text.startswith("/"):
        raise ValueError("a key prefix without a leading slash, such as data/in/")
    return text if not text or text.endswith("/") else text + "/"


def _folder(text: str) -> str:
    if not text:
        raise ValueError("a key prefix, such as data/in/: a whole bucket is not possible")
    return _prefix(text)


def _names(text: str) -> tuple[str, ...]:
    names = (normalize("NFC", name.strip().lower()) for name in text.split(","))
    return tuple(dict.fromkeys(filter(None, names)))


def _prefixes(text: str) -> tuple[str, ...]:
    return tuple(_prefix(one.strip()) for one in text.split(",") if one.strip())


def _suffixes(text: str) -> tuple[str, ...]:
    names = _names(text)
    if not names or not all(re.fullmatch(r"\.[^\s/]+", name) for name in names):
        raise ValueError("endings of file names, such as .ndjson,.ndjson.gz")
    return names


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return text.upper()


_text: Parser = str
_bucket = _matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket name")
_arn = _matching(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+", "an ARN")
_machine = _matching(  # AWS documents how the ARNs of executions are made from such an ARN, and from no other
    r"arn:[^:\s]+:states:[^:\s]+:[^:\s]+:stateMachine:[^:\s]+",
    "the ARN of a Step Functions state machine, without version or alias",
)
_origin = _matching(r"https://[^/\s]+", "an origin, such as https://sluice.example")


class Machines(dict[str, str]):
    """ARNs by alias, never changed; hashable, as Settings is."""

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(tuple(self.items()))


def _machines(text: str) -> Machines:
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    named = {alias.strip(): arn.strip() for alias, _, arn in pairs}
    if len(named) < len(pairs) or not all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", alias) for alias in named):
        raise ValueError("alias=arn,alias=arn: each alias once, of letters, digits, - and _")
    return Machines({alias: _machine(arn) for alias, arn in named.items()})


_url = _matching(r"https?://\S+", "a queue URL")


def _setting(parse: Parser, default: Any = _REQUIRED, *, parse_empty: bool = False) -> Any:
    """Declare a setting; with `parse_empty` an empty variable is a value, not a wish for the default."""
    metadata = {"parse": parse, "default": default, "parse_empty": parse_empty}
    return field(metadata=metadata)


_max_concurrency = _whole(2, 1000)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, validated; sizes and limits derived from them are the methods below."""

    landing_bucket: str = _setting(_bucket)
    ndjson_bucket: str = _setting(_bucket)
    manifest_bucket: str = _setting(_bucket)
    s3_state_bucket: str = _setting(_bucket)
    catalog_table: str = _setting(_text)
    tracking_table: str = _setting(_text)
    sns_topic_arn: str = _setting(_arn)
    step_function_arn: str = _setting(_machine)
    sqs_queue_url: str = _setting(_url)
    quarantine_bucket: str = _setting(_bucket, "")
    s3_source_bucket: str = _setting(_bucket, "")  # the landing bucket when not set
    stage: str = _setting(_text, "dev")
    config_key: str = _setting(_text, "config/config.json")
    input_prefix: str = _setting(_folder, "data/in/", parse_empty=True)
    new_files_prefix: str = _setting(_folder, "data/new_files/", parse_empty=True)
    inactive_prefix: str = _setting(_prefix, "", parse_empty=True)
    archive_prefix: str = _setting(_prefix, "", parse_empty=True)
    rejected_prefix: str = _setting(_folder, "data/rejected/", parse_empty=True)
    ndjson_queue: str = _setting(_text, "")
    discovered_queue: str = _setting(_text, "")
    landing_dlq: str = _setting(_text, "")  # queue names, like the two above
    events_dlq: str = _setting(_text, "")
    ndjson_dlq: str = _setting(_text, "")
    discovered_dlq: str = _setting(_text, "")
    ndjson_max_concurrency: int = _setting(_max_concurrency, DEFAULT_MAX_CONCURRENCY)
    discovered_max_concurrency: int = _setting(_max_concurrency, DEFAULT_MAX_CONCURRENCY)
    expected_file_size_mb: Decimal = _setting(_number(0, 1_000_000, Decimal), Decimal(10))
    size_tolerance_percent: Decimal = _setting(_number(0, 100, Decimal), Decimal(99))
    max_batch_size_gb: Decimal = _setting(_number(0, 1_000_000, Decimal), Decimal("0.7"))
    max_batch_age_seconds: int = _setting(_whole(0, 31_536_000), 3600)
    max_flushes_per_run: int = _setting(_whole(1, 10_000), 20)
    lock_ttl_seconds: int = _setting(_whole(1, 86_400), 300)
    reconcile_grace_seconds: int = _setting(_whole(0, 86_400), 300)
    reconcile_window_seconds: int = _setting(_whole(0, 31_536_000), 86_400)
    state_machines: Mapping[str, str] = _setting(_machines, Machines())
    config_cache_seconds: int = _setting(_whole(0, 86_400), 60)
    ndjson_content_check: bool = _setting(_flag, True)
    ndjson_suffixes: tuple[str, ...] = _setting(_suffixes, (".ndjson",))
    glue_job_name: str = _setting(_text, "")
    s3_prefix: str = _setting(_folder, "incoming/", parse_empty=True)
    s3_state_key: str = _setting(_text, "state/processed_files.json")
    skip_folders: tuple[str, ...] = _setting(_names, ("logs", "temp", "backups"), parse_empty=True)
    api_reader_token: str = _setting(_text, "")
    api_operator_token: str = _setting(_text, "")
    api_tokens_secret: str = _setting(_text, "")
    alert_email: str = _setting(_matching(r"[^@\s]+@[^@\s]+", "an e-mail address"), "")
    alert_format: str = _setting(_matching("text|chat", "text or chat"), "text")
    page_origin: str = _setting(_origin, "")
    permissions_boundary: str = _setting(_arn, "")
    table_names: tuple[str, ...] = _setting(_names, ())
    ignored_names: tuple[str, ...] = _setting(_names, IGNORED_NAMES, parse_empty=True)
    max_upload_mb: int = _setting(_whole(1, 5120), 1024)  # 5 GB is S3's limit of one PUT
    preview_chars: int = _setting(_whole(0, 1000), 500)
    no_preview_prefixes: tuple[str, ...] = _setting(_prefixes, ())
    log_level: str = _setting(_log_level, "INFO")
    aws_region: str = _setting(_matching(r"[a-z0-9-]+", "an AWS region, such as eu-west-1"), "")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check all variables; raise SettingsError naming every one that is missing or wrong."""
        values: dict[str, Any] = {}
        faults: list[SettingFault] = []
        for setting in fields(cls):
            name = setting.name.upper()
            try:
                values[setting.name] = _read(environ.get(name), **setting.metadata)
            except ValueError as accepted:
                wrong = f"is not usable: expected {accepted}"
                faults.append(SettingFault(name, environ.get(name, ""), wrong))
        if faults:
            raise SettingsError(faults)
        values["s3_source_bucket"] = values["s3_source_bucket"] or values["landing_bucket"]
        settings = cls(**values)
        disagreements = list(settings._disagreements())
        if disagreements:
            raise SettingsError(disagreements)
        return settings

    def _disagreements(self) -> Iterator[SettingFault]:
        awaits = {
            "INPUT_PREFIX": self.input_prefix,
            "S3_PREFIX": self.s3_prefix,
            "CONFIG_KEY": self.config_key,
        }
        for name, awaited in awaits.items():
            for own, called in self._own_outputs().items():
                if own and awaited.startswith(own):
                    yield SettingFault(
                        name,
                        awaited,
                        f"lies under {called}, where Sluice itself writes, so what lands there would be "
                        "ignored: choose one outside of the other",
                    )
        if 0 < self.reconcile_window_seconds <= self.reconcile_grace_seconds:
            yield SettingFault(
                "RECONCILE_WINDOW_SECONDS",
                str(self.reconcile_window_seconds),
                f"is not above RECONCILE_GRACE_SECONDS={self.reconcile_grace_seconds}, so no lost upload "
                "would be found: choose more, or 0 to look for none",
            )

    @property
    def own_outputs(self) -> tuple[str, ...]:
        """Prefixes whose objects Sluice itself writes; an empty one stands for none."""
        return (*self._moved_to, *OWN_OUTPUTS)

    def _own_outputs(self) -> dict[str, str]:
        return {own: repr(own) for own in OWN_OUTPUTS} | self._moved_to

    @property
    def _moved_to(self) -> dict[str, str]:
        return {
            self.new_files_prefix: f"NEW_FILES_PREFIX={self.new_files_prefix!r}",
            self.inactive_prefix: f"INACTIVE_PREFIX={self.inactive_prefix!r}",
            self.rejected_prefix: f"REJECTED_PREFIX={self.rejected_prefix!r}",
            self.archive_prefix: f"ARCHIVE_PREFIX={self.archive_prefix!r}",
        }

    @property
    def min_file_bytes(self) -> int:
        """Smallest whole number of bytes within the range of an NDJSON file, ends included."""
        return ceil(self._size_bound(-self.size_tolerance_percent))

    @property
    def max_file_bytes(self) -> int:
        """Largest whole number of bytes within the range of an NDJSON file, ends included."""
        return floor(self._size_bound(self.size_tolerance_percent))

    @property
    def max_batch_bytes(self) -> int:
        """Threshold and limit of a batch, reached at or above."""
        return int(self.max_batch_size_gb * BYTES_PER_GB)

    def _size_bound(self, percent: Decimal) -> Decimal:
        return self.expected_file_size_mb * (1 + percent / 100) * BYTES_PER_MB


def max_concurrencies(environ: Mapping[str, str]) -> tuple[int, int]:
    """Return how many functions may be at work on the NDJSON queue and on the queue of discovered files.

    A decorator needs them when app.py is imported, where no caller could be told of a bad value: it counts as
    the default, and `Settings` will refuse it.
    """
    return _max_concurrency_of(environ, "NDJSON"), _max_concurrency_of(environ, "DISCOVERED")


def _max_concurrency_of(environ: Mapping[str, str], queue: str) -> int:
    text = environ.get(f"{queue}_MAX_CONCURRENCY")
    try:
        return int(_read(text, parse=_max_concurrency, default=DEFAULT_MAX_CONCURRENCY, parse_empty=False))
    except ValueError:
        return DEFAULT_MAX_CONCURRENCY


def _read(text: str | None, *, parse: Parser, default: Any, parse_empty: bool) -> Any:
    if text is not None and parse_empty and not text.strip():
        return parse("")
    if text is None or not text.strip():
        if default is _REQUIRED:
            raise ValueError("a value: it is required")
        return default
    return parse(text.strip())
