"""Which tests are to notice a mutant of a module, and which mutants no test could notice, and why."""

from __future__ import annotations

ACTIONS = "tests/functional/actions"
LANDING = "tests/functional/landing"
NDJSON = "tests/functional/ndjson"
COPYING = "tests/functional/aws/test_copying.py"

TESTS = {
    "aws/bucket": [COPYING],
    "aws/catalog_table": [f"{LANDING}/test_races.py", f"{LANDING}/test_repeats.py"],
    "aws/copying": [COPYING],
    "aws/document_store": [
        "tests/functional/tables/test_manifests.py::test_of_two_runs_that_overlap_anywhere_the_newer_listing_stays",
        "tests/functional/discovery/test_failures.py",
    ],
    "aws/expected_files": ["tests/functional/aws/test_expected_files.py"],
    "aws/lock": [f"{NDJSON}/test_conditions.py", f"{NDJSON}/test_batches.py"],
    "aws/manifest_records": [
        f"{NDJSON}/test_waiting.py",
        f"{NDJSON}/test_conditions.py",
        f"{NDJSON}/test_glue.py",
        "tests/functional/runs/test_glue_runs.py::test_a_run_that_succeeds_is_told_by_its_manifest",
        "tests/functional/runs/test_glue_runs.py::test_a_retry_of_glue_itself_has_the_last_word",
    ],
    "aws/move_secret": [f"{COPYING}::test_every_process_reads_the_secret_that_the_first_one_made"],
    "aws/pending_lists": [f"{NDJSON}/test_conditions.py", f"{NDJSON}/test_waiting.py"],
    "aws/release_log": [f"{NDJSON}/test_conditions.py", f"{ACTIONS}/test_release_of_versions.py"],
    "aws/replay_log": [f"{LANDING}/test_races.py"],
    "aws/run_log": ["tests/functional/runs/test_ends.py", "tests/functional/runs/test_attempts.py"],
    "aws/tracking_table": [f"{NDJSON}/test_conditions.py", f"{NDJSON}/test_tracking.py"],
    "aws/upload_urls": [
        f"{ACTIONS}/test_actions.py::test_an_offered_place_takes_the_file_once",
        f"{ACTIONS}/test_actions.py::test_a_file_is_replaced_on_purpose_only_while_it_is_the_one_that_was_there",
    ],
    "actions/release": [f"{ACTIONS}/test_actions.py", f"{ACTIONS}/test_release_of_versions.py"],
    "actions/replay": [f"{ACTIONS}/test_replay.py", f"{ACTIONS}/test_replay_again.py"],
    "landing/outcomes": [
        f"{LANDING}/test_repeats.py",
        f"{LANDING}/test_outcomes.py",
        "tests/functional/expected/test_watch.py",
    ],
    "landing/parking": [f"{LANDING}/test_moves.py", f"{LANDING}/test_repeats.py"],
    "landing/repair": [f"{LANDING}/test_repair_deaths.py", f"{LANDING}/test_races.py"],
    "ndjson/arrivals": [
        f"{NDJSON}/test_failures.py",
        f"{NDJSON}/test_waiting.py",
        f"{LANDING}/test_repair_deaths.py",
    ],
    "ndjson/manifests": [
        f"{NDJSON}/test_conditions.py",
        f"{NDJSON}/test_glue.py",
        "tests/functional/runs/test_glue_runs.py",
    ],
    "ndjson/quarantine": [f"{NDJSON}/test_quarantine.py", f"{NDJSON}/test_late_workers.py"],
    "ndjson/threshold": [f"{NDJSON}/test_waiting.py"],
}

EQUIVALENT: dict[str, str] = {}
