"""Settings: defaults as documented, and every bad variable named at once."""

from __future__ import annotations

import dataclasses

import pytest

from chalicelib.errors import SettingsError
from chalicelib.settings import Settings, max_concurrencies
from tests.support.emulation import LOCAL_ENVIRONMENT


def _load(**variables: str) -> Settings:
    return Settings.from_environ({**LOCAL_ENVIRONMENT, **variables})


def test_the_defaults_are_the_documented_ones() -> None:
    settings = _load()
    assert (settings.input_prefix, settings.new_files_prefix, settings.inactive_prefix) == (
        "data/in/",
        "data/new_files/",
        "",
    )
    assert (settings.max_batch_bytes, settings.max_batch_age_seconds) == (751_619_276, 3600)
    assert (settings.lock_ttl_seconds, settings.reconcile_grace_seconds) == (300, 300)
    assert (settings.reconcile_window_seconds, settings.config_cache_seconds) == (86_400, 60)
    assert (settings.s3_prefix, settings.s3_state_key) == ("incoming/", "state/processed_files.json")
    assert (settings.skip_folders, settings.preview_chars) == (("logs", "temp", "backups"), 500)
    assert settings.s3_source_bucket == settings.landing_bucket


@pytest.mark.parametrize(
    ("size", "tolerance", "smallest", "largest"),
    [
        ("10", "99", 104_858, 20_866_662),  # 0.1 MB is 104,857.6 bytes, 19.9 MB are 20,866,662.4
        ("10", "10", 9_437_184, 11_534_336),  # whole numbers of bytes belong to the range
        ("1", "50", 524_288, 1_572_864),
        ("0", "99", 0, 0),
        ("0.3", "10", 283_116, 346_030),  # 0.27 and 0.33 MB are 283,115.52 and 346,030.08 bytes
    ],
)
def test_the_size_range_has_the_bytes_within_it_and_its_ends(
    size: str, tolerance: str, smallest: int, largest: int
) -> None:
    settings = _load(EXPECTED_FILE_SIZE_MB=size, SIZE_TOLERANCE_PERCENT=tolerance)
    assert (settings.min_file_bytes, settings.max_file_bytes) == (smallest, largest)


def test_every_bad_variable_is_named_with_its_value_and_what_is_accepted() -> None:
    bad = {
        "LANDING_BUCKET": "",
        "MAX_BATCH_SIZE_GB": "lots",
        "PREVIEW_CHARS": "-1",
        "SNS_TOPIC_ARN": "topic",
        "NDJSON_CONTENT_CHECK": "maybe",
        "LOG_LEVEL": "loud",
        "INPUT_PREFIX": "/data",
        "NDJSON_MAX_CONCURRENCY": "1",
        "EXPECTED_FILE_SIZE_MB": "NaN",
    }
    with pytest.raises(SettingsError) as caught:
        _load(**bad)
    assert len(caught.value.faults) == len(bad)
    for name, value in bad.items():
        assert f"{name}={value!r} is not usable: expected " in str(caught.value)


@pytest.mark.parametrize("qualifier", ["PROD", "3"])
def test_a_version_or_alias_of_a_state_machine_is_refused(qualifier: str) -> None:
    with pytest.raises(SettingsError, match=r"STEP_FUNCTION_ARN=.* expected .* without version or alias"):
        _load(STEP_FUNCTION_ARN=f"arn:aws:states:eu-west-1:123456789012:stateMachine:etl:{qualifier}")


@pytest.mark.parametrize(
    ("text", "concurrency"), [("7", 7), ("", 2), (None, 2), ("abc", 2), ("1", 2), ("1001", 2)]
)
def test_the_concurrency_of_a_trigger_is_a_number_whatever_the_variable_says(
    text: str | None, concurrency: int
) -> None:
    assert max_concurrencies({} if text is None else {"DISCOVERED_MAX_CONCURRENCY": text}) == (2, concurrency)


def test_a_window_that_the_grace_swallows_is_refused_and_none_at_all_is_accepted() -> None:
    with pytest.raises(SettingsError, match=r"RECONCILE_WINDOW_SECONDS='300' .*GRACE_SECONDS=300.*or 0"):
        _load(RECONCILE_WINDOW_SECONDS="300")
    assert _load(RECONCILE_WINDOW_SECONDS="0").reconcile_window_seconds == 0


@pytest.mark.parametrize("watched", ["INPUT_PREFIX", "S3_PREFIX", "CONFIG_KEY"])
@pytest.mark.parametrize("own", ["state/", "manifests/", "quarantine/"])
def test_nothing_may_be_awaited_where_sluice_itself_writes(watched: str, own: str) -> None:
    with pytest.raises(SettingsError, match=f"{watched}='{own}in/.*' lies under '{own}'.*ignored: choose"):
        _load(**{watched: own + "in/x"})


@pytest.mark.parametrize("watched", ["INPUT_PREFIX", "S3_PREFIX", "CONFIG_KEY"])
@pytest.mark.parametrize("parked", ["NEW_FILES_PREFIX", "INACTIVE_PREFIX"])
@pytest.mark.parametrize("above", ["inbox", "inbox/shop/"])
def test_nothing_may_be_awaited_where_files_are_parked(watched: str, parked: str, above: str) -> None:
    with pytest.raises(SettingsError, match=rf"{watched}='inbox/shop/.*lies under {parked}='inbox/.*choose"):
        _load(**{watched: "inbox/shop/x", parked: above})


def test_files_may_be_parked_below_where_they_land() -> None:
    settings = _load(INPUT_PREFIX="data/", S3_PREFIX="data/", INACTIVE_PREFIX="data/inactive/")
    assert (settings.new_files_prefix, settings.inactive_prefix) == ("data/new_files/", "data/inactive/")


@pytest.mark.parametrize("name", ["INPUT_PREFIX", "S3_PREFIX", "NEW_FILES_PREFIX"])
@pytest.mark.parametrize("text", ["", "  "])
def test_no_prefix_at_all_is_refused_where_one_is_needed(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}='{text}' is not usable: expected a key prefix"):
        _load(**{name: text})


def test_a_prefix_gets_its_slash_and_a_list_its_names() -> None:
    settings = _load(INPUT_PREFIX="inbox", SKIP_FOLDERS=" Logs, ,TMP ", TABLE_NAMES="")
    assert (settings.input_prefix, settings.skip_folders, settings.table_names) == (
        "inbox/",
        ("logs", "tmp"),
        (),
    )
    assert _load(SKIP_FOLDERS="").skip_folders == ()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        _load().stage = "prod"  # type: ignore[misc]
