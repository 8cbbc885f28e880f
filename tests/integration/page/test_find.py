"""The page as a person finds things on it: lists of every lane, charts, what needs attention."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from tests.integration.page.conftest import BROKEN, HOSTILE, REJECTED
from tests.support.browser import Page
from tests.support.builders import s3_event
from tests.support.deployed import DeployedSluice

OPERATORS_ONLY = "only operators may do this"


def go(page: Page, address: str) -> None:
    page.browser.execute_script("location.hash = arguments[0]", address)


def keys(page: Page) -> list[str]:
    return page.texts("tbody .key")


def test_a_part_of_a_name_finds_files_and_the_address_keeps_what_was_asked(
    operator: Page, sluice: DeployedSluice
) -> None:
    operator.wait(lambda: sluice.api(f"/file?key={REJECTED}")[0] == 200)
    operator.wait(lambda: operator.one("#live-text").text == "Live")
    operator.press("/")
    assert operator.focused() == "key"
    operator.one("#key").send_keys("STRICT\n")
    operator.wait(lambda: {*keys(operator)} == {REJECTED})
    assert "contains=STRICT" in operator.browser.current_url
    operator.browser.refresh()
    operator.wait(lambda: {*keys(operator)} == {REJECTED})
    assert operator.one("#fragment").get_attribute("value") == "STRICT"
    assert operator.one("#days-filter").get_attribute("value") == "14"


def test_files_of_both_lanes_are_listed_filtered_and_sorted(operator: Page) -> None:
    go(operator, "files?date=2026-01-15&lane=ndjson")
    operator.wait(lambda: keys(operator) == [BROKEN])
    today = datetime.now(UTC).date().isoformat()
    go(operator, f"files?date={today}&prefix=page/&status=received")
    operator.wait(lambda: len(keys(operator)) >= 50)
    assert all(key.startswith("page/") for key in keys(operator))
    assert "so far" in operator.one("#count").text
    operator.click("th:nth-child(2) .order")
    operator.click("th:nth-child(2) .order")
    operator.wait(lambda: keys(operator) == sorted(keys(operator)))
    assert operator.one("th:nth-child(2)").get_attribute("aria-sort") == "ascending"
    assert "sort=Key-up" in operator.browser.current_url


def test_days_are_written_as_everywhere_and_stepped_through(operator: Page) -> None:
    operator.show("files")
    operator.one("#date").send_keys(Keys.CONTROL, "a", Keys.NULL, "2026-01-31\n")
    operator.wait(lambda: "date=2026-01-31" in operator.browser.current_url)
    assert operator.one("#date").get_attribute("value") == "2026-01-31"
    operator.click("[aria-label='The day after']")
    operator.wait(lambda: "date=2026-02-01" in operator.browser.current_url)
    assert operator.one("#date").get_attribute("value") == "2026-02-01"
    operator.one("#date").send_keys(Keys.CONTROL, "a", Keys.NULL, "31.1.2026\n")
    operator.wait(lambda: operator.one("#date").get_attribute("value") == "2026-02-01")
    assert "date=2026-02-01" in operator.browser.current_url  # what is no day changes nothing


def test_several_selected_files_are_replayed_at_once(operator: Page) -> None:
    go(operator, "files?status=not_configured&lane=landing")
    operator.wait(lambda: {*HOSTILE} <= {*keys(operator)})
    for row in (1, 2):
        operator.click(f"tbody tr:nth-child({row}) .mark")
    operator.wait(lambda: "Replay 2 selected" in operator.one("[data-focus=replay-marked]").text)
    chosen = {*keys(operator)[:2]}
    operator.click("[data-focus=replay-marked]")
    operator.wait(lambda: {*operator.texts("#confirm .plan .key")} == chosen)
    assert "Nothing would be done" in operator.one("#confirm").text


def test_readers_see_what_operators_may_do_and_why_they_may_not(visitor: Page) -> None:
    visitor.sign_in("local-reader")
    go(visitor, "files?status=not_configured&lane=landing")
    visitor.wait(lambda: keys(visitor))
    visitor.click("tbody .mark")
    visitor.wait(lambda: visitor.one("[data-focus=replay-marked]").is_displayed())
    for button in ("[data-focus=replay-marked]", "[data-focus=replay-all]", "#upload"):
        assert visitor.one(button).get_attribute("disabled")
        assert OPERATORS_ONLY in visitor.one(button).get_attribute("title")
    visitor.click("tbody .link")
    visitor.wait(lambda: visitor.one("#detail [data-focus=replay]").get_attribute("disabled"))


def test_what_needs_attention_is_one_line_a_cause_with_its_files_and_next_step(operator: Page) -> None:
    operator.show("overview")
    operator.wait(lambda: any("Add a job for them" in text for text in operator.texts(".attention li")))
    (rejected,) = [text for text in operator.texts(".attention li") if "surplus 'town'" in text]
    assert "1 file" in rejected
    assert "Mend the file" in rejected
    operator.click(".attention li[data-status=rejected] a")
    operator.wait(lambda: keys(operator) == [REJECTED])
    assert "days=14" in operator.browser.current_url


def test_a_late_file_is_shown_beside_its_job_and_with_its_next_step(operator: Page) -> None:
    operator.show("overview")
    operator.wait(lambda: any("nightly.csv" in text for text in operator.texts(".attention li")))
    (told,) = [text for text in operator.texts(".attention li") if "nightly.csv" in text]
    assert told.startswith("latenightly.csv of job NIGHTLY is expected since ")
    assert told.endswith("23:45 UTCAsk its sender.")
    operator.click(".attention li[data-status=late] a")
    operator.wait(lambda: any("NIGHTLY" in text for text in operator.texts("#main tbody tr")))
    assert operator.texts("h1") == ["Jobs"]
    (late,) = [row for row in operator.texts("#main tbody tr") if "NIGHTLY" in row]
    assert "late " in late


def test_alerts_are_listed_once_they_are_unfolded_and_lead_to_what_they_are_about(operator: Page) -> None:
    def rows(subject: str) -> list[str]:
        return [row for row in operator.texts(".alerts tbody tr") if subject in row]

    operator.show("overview")
    operator.wait(lambda: operator.texts(".timeline li"))
    assert operator.texts(".alerts tr") == []
    operator.click(".alerts summary")
    operator.wait(lambda: rows("Expected File Is Late") and rows("File Rejected"))
    operator.browser.execute_script("document.querySelector('.alerts').scrollIntoView({ block: 'center' })")
    operator.shoot("alerts")
    (rejected,) = rows("File Rejected")
    assert (rejected.startswith(REJECTED), rejected.endswith("sent")) == (True, True)
    (late,) = rows("Expected File Is Late")
    assert (late.startswith("job NIGHTLY"), late.endswith("sent")) == (True, True)
    operator.click(".alerts [href='#jobs']")
    operator.wait(lambda: operator.texts("h1") == ["Jobs"])
    operator.show("overview")
    operator.browser.execute_script(f"document.querySelector(`.alerts [title='{REJECTED}']`).click()")
    operator.wait(lambda: operator.texts("#detail-title") == [REJECTED])


def test_dead_letters_of_files_that_were_routed_since_are_said_quietly(
    operator: Page, sluice: DeployedSluice
) -> None:
    operator.wait(lambda: sluice.api(f"/file?key={REJECTED}")[0] == 200)
    _, told = sluice.api(f"/file?key={REJECTED}")
    event = s3_event(REJECTED, etag=told["items"][-1]["etag"], eventTime="2020-01-31T01:00:00.000Z")
    sqs = sluice.client("sqs")
    queue = sqs.get_queue_url(QueueName=sluice.names["LANDING_DLQ"])["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    operator.show("overview")
    operator.wait(lambda: "their files were routed since" in operator.one(".backlog").text)
    (row,) = [text for text in operator.texts(".backlog li") if "routed since" in text]
    assert row.startswith("landing dead letters1 waiting")
    assert operator.texts(".backlog .alarm") == []
    for _ in range(10):  # eleven, of which ten are looked at: of the last nobody knows
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    operator.wait(lambda: any(text.startswith("landing dead letters11") for text in operator.texts(".alarm")))
    assert "routed since" not in operator.one(".backlog").text
    operator.click(".backlog [data-focus=redrive]")
    operator.wait(
        lambda: any("11 dead letters of landing sent back" in text for text in operator.texts(".toast"))
    )
    assert "landing dead letters" not in operator.one(".attention").text


def test_a_broken_config_is_told_on_the_overview(operator: Page, sluice: DeployedSluice) -> None:
    s3, place = sluice.client("s3"), {"Bucket": sluice.names["LANDING_BUCKET"], "Key": "config/config.json"}
    usable = s3.get_object(**place)["Body"].read()
    s3.put_object(**place, Body=b"not json")
    operator.show("overview")
    operator.wait(lambda: any("Job config invalid" in text for text in operator.texts(".attention li")))
    (told,) = [text for text in operator.texts(".attention li") if "Job config invalid" in text]
    assert "1 fault" in told
    assert "The last good version routes meanwhile" in told
    s3.put_object(**place, Body=usable)
    operator.wait(lambda: not any("Job config invalid" in text for text in operator.texts(".attention li")))


def test_an_hour_leads_to_its_files_by_outcome(operator: Page) -> None:
    operator.show("overview")
    operator.click(".hours [data-status=received]")
    operator.wait(lambda: "hour=" in operator.browser.current_url and keys(operator))
    assert {*operator.texts("tbody .badge")} == {"received"}
    operator.click(".chip")
    operator.wait(lambda: "hour=" not in operator.browser.current_url)


def test_an_ndjson_file_is_uploaded_to_its_bucket(operator: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.ndjson"
    file.write_text('{"a": 1}\n' * 13_000)
    operator.one("#file-picker").send_keys(str(file))
    operator.wait(lambda: operator.one("#upload-bucket").get_attribute("value") == "ndjson")
    operator.shoot("upload")
    operator.click("#confirm-act")
    operator.wait(lambda: any("Uploaded" in text for text in operator.texts(".toast")))
    today = datetime.now(UTC).date().isoformat()
    go(operator, f"files?date={today}&lane=ndjson")
    operator.wait(lambda: f"{today}/page.ndjson" in keys(operator))
    assert "pending" in operator.texts("tbody .badge")


def test_a_job_s_two_weeks_are_drawn_and_told(operator: Page) -> None:
    operator.show("jobs")
    operator.wait(lambda: any("STRICT" in text for text in operator.texts("#main tbody tr")))
    (strict,) = [row for row in operator.texts("#main .list > table > tbody > tr") if "STRICT" in row]
    today = datetime.now(UTC).date().isoformat()
    assert (
        f"Job failed{today}1" in strict
    )  # the table beneath the drawing: its head, then the day and its files
    assert operator.texts(".spark rect.tone")
