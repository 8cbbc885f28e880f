"""What would happen to a file that landed now where Sluice watches. Pure: nothing is read or written."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.api.answers import Body
from chalicelib.api.words import counted
from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.failures import describe_failure
from chalicelib.csv_header import wrong_header
from chalicelib.discovery.listing import Scope
from chalicelib.keys import is_upload_under_way
from chalicelib.landing.catalog import UploadStatus
from chalicelib.landing.config import Config
from chalicelib.landing.jobs import WILDCARD, Job
from chalicelib.moves import SHORT_IDENTITY, destination_keys, file_name
from chalicelib.settings import Settings
from chalicelib.status.near_misses import near_misses

IGNORED = "ignored"
LINTED = "linted"


@dataclass(frozen=True, slots=True)
class Prediction:
    """An outcome, why, and what follows; `details` are the data behind the sentences."""

    outcome: str
    why: str
    next_step: str = ""
    details: Body = field(default_factory=dict)
    job: Job | None = None  # the one that would be started

    def shown(self) -> Body:
        """Return it as JSON has it."""
        return {"outcome": self.outcome, "why": self.why, "next_step": self.next_step, **self.details}


FOLDER_MARKER = Prediction(IGNORED, "It is a folder marker: an empty object whose key ends in a slash.")


def predict(
    key: str,
    settings: Settings,
    config: Config,
    *,
    bucket: str = "",
    routed: bool = False,
    parked_name_taken: bool = False,
) -> Prediction:
    """Tell what would happen to `key`; with `routed` as if it lay where files are routed.

    `bucket` is where the key lies, by default the landing bucket. With `parked_name_taken` another file is
    parked under this one's name already.
    """
    lands = bucket in {"", settings.landing_bucket}
    if key.startswith(tuple(prefix for prefix in settings.own_outputs if prefix)):
        return Prediction(
            IGNORED, "It lies under a prefix that Sluice writes itself, which is not processed."
        )
    if lands and key == settings.config_key:
        return Prediction(LINTED, "It is the job config: it would be checked at once and its faults alerted.")
    if is_upload_under_way(settings, key):
        return _under_way(settings) if lands else _overlooked(settings)
    if routed or (lands and key.startswith(settings.input_prefix)):
        return _route(key, settings, config, parked_name_taken)
    if is_discoverable(key, settings, bucket or settings.landing_bucket):
        return _route(key, settings, config, parked_name_taken)
    return _recorded(settings) if lands else _overlooked(settings)


def unreadable(predicted: Prediction, refusal: Exception) -> Prediction:
    """Return what becomes of a file that S3 does not give out, where it would be routed otherwise."""
    if predicted.outcome in {IGNORED, LINTED, UploadStatus.RECEIVED}:
        return predicted
    return Prediction(
        UploadStatus.FAILED,
        f"S3 does not give it out ({describe_failure(refusal)}), so it would fail. Else: {predicted.why}",
        "Let Sluice's roles read it and its encryption key; repair tries it again within minutes.",
        predicted.details,
    )


def with_header(predicted: Prediction, settings: Settings, found: StoredObject) -> Prediction:
    """Return what becomes of a file that would start a job, now that its beginning is known."""
    job = predicted.job
    if job is None or not job.columns or (found.size and not found.first_bytes):
        return predicted
    wrong = wrong_header(found.first_bytes, found.size, job.columns, job.delimiter)
    if not wrong:
        return predicted
    target = destination_keys(settings.rejected_prefix, file_name(found.key), "x" * SHORT_IDENTITY)[0]
    return Prediction(
        UploadStatus.REJECTED,
        f"{why_matched(found.key, job)}, but {wrong}: it would be moved to {target} and reported.",
        "Mend its first line, or the columns of the job; a replay with force starts it as it is.",
        {**predicted.details, "moved_to": target},
    )


def is_discoverable(key: str, settings: Settings, bucket: str) -> bool:
    """Tell whether discovery would queue a file of `bucket` with this key."""
    return settings.s3_source_bucket == bucket and Scope.of(settings).takes(key)


def why_matched(key: str, job: Job) -> str:
    """Say why a job matches a key."""
    if WILDCARD.search(job.source_file_name):
        return f"{file_name(key)!r} fits the pattern {job.source_file_name!r} of job {job.job_id}"
    return f"{file_name(key)!r} is the file name of job {job.job_id}"


def _under_way(settings: Settings) -> Prediction:
    return Prediction(
        UploadStatus.RECEIVED,
        f"Its name says that its upload is under way (IGNORED_NAMES: {', '.join(settings.ignored_names)}): "
        "it is only recorded.",
        "Rename it when it is complete.",
    )


def _recorded(settings: Settings) -> Prediction:
    return Prediction(
        UploadStatus.RECEIVED,
        f"It does not lie under {settings.input_prefix}, where files are routed: it is only recorded.",
        f"Upload it under {settings.input_prefix} to have it routed.",
    )


def _overlooked(settings: Settings) -> Prediction:
    return Prediction(
        IGNORED,
        f"Of {settings.s3_source_bucket} only CSV files in a folder of {settings.s3_prefix} are looked for.",
        f"Put it there, or upload it to {settings.landing_bucket} under {settings.input_prefix}.",
    )


def _route(key: str, settings: Settings, config: Config, parked_name_taken: bool) -> Prediction:
    if config.jobs is None:
        return Prediction(
            UploadStatus.FAILED,
            f"The job config cannot be used ({counted(len(config.faults), 'fault')}), so nothing is routed "
            "or moved.",
            f"Mend {settings.config_key}; waiting files are routed by the next repair, within minutes.",
            {"config_faults": config.faults},
        )
    job = config.jobs.find_matching_job(key)
    if job is None:
        return _unmatched(key, settings, config, parked_name_taken)
    details = {"job": _job(job)}
    if not job.is_active:
        return _inactive(key, settings, job, details)
    return Prediction(
        UploadStatus.TRIGGERED,
        f"{why_matched(key, job)}: it would start {job.job_name}, which loads {job.target_table}.",
        "Its first line must name the columns of the job." if job.columns else "",
        details,
        job,
    )


def _inactive(key: str, settings: Settings, job: Job, details: Body) -> Prediction:
    done = "reported, and nothing started"
    if settings.inactive_prefix:
        target = destination_keys(settings.inactive_prefix, file_name(key), "x" * SHORT_IDENTITY)[0]
        details = {**details, "moved_to": target}
        done = f"parked as {target} and reported, and nothing started"
    return Prediction(
        UploadStatus.INACTIVE,
        f"{why_matched(key, job)}, and that job is inactive: it would be {done}.",
        f"Set is_active of job {job.job_id} to true, then replay the file.",
        details,
    )


def _unmatched(key: str, settings: Settings, config: Config, parked_name_taken: bool) -> Prediction:
    jobs = config.jobs.all if config.jobs else ()
    misses = near_misses(key, jobs)
    names = destination_keys(settings.new_files_prefix, file_name(key), "x" * SHORT_IDENTITY)
    target = names[-1] if parked_name_taken else names[0]
    taken = f" (x: a digit of its identity), as {names[0]} is taken" if parked_name_taken else ""
    close = f" Close to {misses[0].source_file_name!r}: {misses[0].differs}." if misses else ""
    return Prediction(
        UploadStatus.NOT_CONFIGURED,
        f"No job of {len(jobs):,} takes {file_name(key)!r}: it would be parked as {target}{taken}.{close}",
        f"Add a job for it to {settings.config_key}, or upload it under the name of one; then replay it.",
        {"near_misses": [miss.shown() for miss in misses], "moved_to": target},
    )


def _job(job: Job) -> Body:
    return {
        "job_id": job.job_id,
        "job_name": job.job_name,
        "source_file_name": job.source_file_name,
        "target_table": job.target_table,
        "upsert_keys": list(job.upsert_keys),
        **({"columns": list(job.columns), "delimiter": job.delimiter} if job.columns else {}),
        "is_active": job.is_active,
    }
