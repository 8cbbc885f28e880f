"""Which tests are to notice a mutant of a module, and which mutants no test could notice, and why."""

from __future__ import annotations

ACTIONS = "tests/functional/actions"
LANDING = "tests/functional/landing"
NDJSON = "tests/functional/ndjson"
COPYING = "tests/functional/aws/test_copying.py"

TESTS = {
    "aws/bucket": [COPYING, f"{LANDING}/test_moves.py", f"{NDJSON}/test_batches.py"],
    "aws/catalog_table": [
        f"{LANDING}/test_races.py",
        f"{LANDING}/test_moves.py",
        f"{LANDING}/test_repeats.py",
    ],
    "aws/copying": [COPYING],
    "aws/document_store": [
        "tests/functional/tables/test_manifests.py",
        "tests/functional/discovery/test_failures.py",
    ],
    "aws/expected_files": ["tests/functional/expected/test_watch.py"],
    "aws/lock": [f"{NDJSON}/test_conditions.py", f"{NDJSON}/test_batches.py"],
    "aws/manifest_records": [
        f"{NDJSON}/test_conditions.py",
        f"{NDJSON}/test_glue.py",
        "tests/functional/runs/test_glue_runs.py",
    ],
    "aws/move_secret": [COPYING],
    "aws/release_log": [
        f"{ACTIONS}/test_actions.py",
        f"{ACTIONS}/test_release_of_versions.py",
        f"{NDJSON}/test_failures.py",
    ],
    "aws/replay_log": [f"{ACTIONS}/test_replay.py", f"{ACTIONS}/test_replay_again.py"],
    "aws/run_log": ["tests/functional/runs"],
    "aws/tracking_table": [
        f"{NDJSON}/test_conditions.py",
        f"{NDJSON}/test_tracking.py",
        f"{NDJSON}/test_batches.py",
    ],
    "aws/upload_urls": ["tests/unit/aws/test_upload_urls.py", f"{ACTIONS}/test_actions.py"],
    "actions/release": [f"{ACTIONS}/test_actions.py", f"{ACTIONS}/test_release_of_versions.py"],
    "actions/replay": [f"{ACTIONS}/test_replay.py", f"{ACTIONS}/test_replay_again.py"],
    "landing/outcomes": [
        f"{LANDING}/test_repeats.py",
        f"{LANDING}/test_outcomes.py",
        "tests/functional/expected/test_watch.py",
    ],
    "landing/parking": [f"{LANDING}/test_moves.py", f"{LANDING}/test_repeats.py"],
    "landing/repair": [f"{LANDING}/test_repair_deaths.py", f"{LANDING}/test_races.py"],
    "ndjson/arrivals": [f"{NDJSON}/test_failures.py", f"{LANDING}/test_repair_deaths.py"],
    "ndjson/manifests": [
        f"{NDJSON}/test_conditions.py",
        f"{NDJSON}/test_glue.py",
        "tests/functional/runs/test_glue_runs.py",
    ],
    "ndjson/quarantine": [f"{NDJSON}/test_quarantine.py", f"{NDJSON}/test_late_workers.py"],
}

EQUIVALENT: dict[str, str] = {}
