"""Which events EventBridge is to send: those of what Sluice starts, and only when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENDS_OF_EXECUTIONS = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
ENDS_OF_GLUE_RUNS = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"]


def ended_executions(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the pattern of the ends of executions of our state machines.

    A decorator needs it when app.py is imported, where nobody could be told that the variable is missing.
    """
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ENDS_OF_EXECUTIONS,
            "stateMachineArn": [environ.get("STEP_FUNCTION_ARN", "not configured"), *_others(environ)],
        },
    }


def ended_glue_runs(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the pattern of the ends of the Glue job's runs; without a job nothing matches it."""
    job = environ.get("GLUE_JOB_NAME") or "not configured"
    return {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {"state": ENDS_OF_GLUE_RUNS, "jobName": [job]},
    }


def _others(environ: Mapping[str, str]) -> list[str]:
    pairs = (pair.partition("=") for pair in environ.get("STATE_MACHINES", "").split(","))
    return [arn.strip() for _, _, arn in pairs if arn.strip()]
