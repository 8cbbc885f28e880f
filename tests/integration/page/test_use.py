"""The page as a person uses it: upload, search, release, replay, sign in and out."""

from __future__ import annotations

import json
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from tests.integration.page.conftest import BROKEN, HOSTILE, JOBS, MARKUP, NOT_JSON, REJECTED
from tests.support.browser import Page
from tests.support.deployed import DeployedSluice


def test_an_unknown_token_is_told_so_and_a_known_one_lets_in(visitor: Page) -> None:
    visitor.wait(lambda: visitor.one("#token").get_attribute("open"))
    assert visitor.one("#token-value").get_attribute("value") == "local-operator"
    visitor.one("#token-value").clear()
    visitor.one("#token-value").send_keys("wrong")
    visitor.one("#token-submit").click()
    visitor.wait(lambda: "not known" in visitor.one("#token-error").text)
    assert all("401" in error for error in visitor.errors())  # the browser itself reports a refused request
    visitor.sign_in("local-reader")
    visitor.wait(lambda: visitor.one("#live-text").text == "Live")


def test_an_uploaded_file_s_job_ends_without_a_reload_and_its_story_opens(
    operator: Page, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("id,name\n1,Ada\n")
    other = tmp_path / "else.txt"
    other.write_text("1")
    operator.one("#file-picker").send_keys(f"{file}\n{other}")
    operator.wait(lambda: "Upload 2 files" in operator.one("#confirm").text)
    assert operator.one("#upload-prefix").get_attribute("value") == "data/in/"
    operator.click("#confirm-act")
    operator.wait(lambda: any("Uploaded 2 files" in text for text in operator.texts(".toast")))
    operator.show("files")
    operator.choose("#status-filter", "job_failed")  # there is no such Glue job
    operator.wait(lambda: "data/in/customers.csv" in operator.texts("tbody .key"))
    assert "job failed" in operator.texts("tbody .badge")
    operator.click("tbody .link")
    operator.wait(lambda: any("matched job JOB001" in text for text in operator.texts("#story p")))
    assert operator.texts("#head .badge")[0] == "job failed"
    assert operator.texts("#now .badge") == []  # what would be must not look like what is
    operator.shoot("story")
    operator.click("#detail-close")


def test_a_quarantined_file_is_released_and_accepted(operator: Page, sluice: DeployedSluice) -> None:
    operator.show("quarantine")
    operator.wait(lambda: BROKEN in operator.texts("tbody .key"))
    operator.shoot("quarantine")
    operator.click("tbody [data-focus=release]")
    operator.wait(lambda: "not JSON" in operator.one("#confirm").text)
    operator.shoot("release")
    operator.click("#confirm-act")
    operator.wait(lambda: any("Released" in text for text in operator.texts(".toast")))
    operator.wait(lambda: BROKEN not in operator.texts("tbody .key"))

    def statuses() -> list[str]:
        _, told = sluice.api(f"/explain?key={BROKEN}")
        return [row["status"] for row in told["tracking"]]

    operator.wait(lambda: "pending" in statuses())
    assert statuses() == ["pending"]
    back = sluice.client("s3").get_object(Bucket=sluice.names["NDJSON_BUCKET"], Key=BROKEN)
    assert back["Body"].read() == NOT_JSON


def test_a_list_is_paged_and_stays_whole_while_it_refreshes(operator: Page, sluice: DeployedSluice) -> None:
    operator.show("files")
    operator.choose("#status-filter", "received")
    operator.wait(lambda: len(operator.texts("tbody tr")) == 50)
    operator.click(".more")
    operator.wait(lambda: len(operator.texts("tbody tr")) >= 60)
    s3 = sluice.client("s3")
    s3.put_object(Bucket=sluice.names["LANDING_BUCKET"], Key="page/late.txt", Body=b"1")
    operator.wait(lambda: "page/late.txt" in operator.texts("tbody .key"))
    shown = [key for key in operator.texts("tbody .key") if key.startswith("page/")]
    operator.one("#fragment").send_keys("LATE")
    operator.wait(lambda: operator.texts("tbody .key") == ["page/late.txt"])
    assert sorted(shown) == sorted([*(f"page/{number:02}.txt" for number in range(60)), "page/late.txt"])


def test_hostile_keys_show_as_themselves(operator: Page) -> None:
    operator.show("files")
    operator.choose("#status-filter", "not_configured")
    operator.wait(lambda: set(HOSTILE) <= set(operator.texts("tbody .key")))
    made = "return document.querySelectorAll('main img, main script').length"
    assert operator.browser.execute_script(made) == 0
    operator.one("#key").send_keys(MARKUP)
    operator.one("#search button").click()
    operator.wait(lambda: operator.texts("#detail-title") == [MARKUP])
    operator.wait(lambda: operator.texts("#story p"))
    operator.shoot("hostile")


def test_a_replay_shows_its_plan_before_it_acts(operator: Page) -> None:
    operator.one("#key").send_keys("data/in/customer.csv")
    operator.one("#search button").click()
    operator.wait(lambda: any("customers.csv" in text for text in operator.texts("#detail .now li")))
    operator.browser.execute_script("openDetail(arguments[0])", MARKUP)
    operator.click("#detail [data-focus=replay]")
    operator.wait(lambda: operator.one("#confirm").get_attribute("open"))
    assert any("Nothing would change" in text for text in operator.texts("#confirm li"))
    assert "null" not in operator.one("#confirm").text
    assert operator.one("#confirm-act").get_attribute("disabled")


def test_after_a_replay_the_drawer_still_tells_of_its_file(operator: Page, sluice: DeployedSluice) -> None:
    s3, landing, key = sluice.client("s3"), sluice.names["LANDING_BUCKET"], "data/in/products.csv"
    s3.put_object(Bucket=landing, Key=key, Body=b"id\n1\n")
    operator.browser.execute_script("openDetail(arguments[0])", key)
    operator.wait(lambda: any("is inactive" in text for text in operator.texts("#story p")))
    active = [{**job, "is_active": True} for job in JOBS]
    s3.put_object(Bucket=landing, Key="config/config.json", Body=json.dumps(active).encode())
    operator.click("#detail [data-focus=replay]")
    operator.click("#confirm-act")
    operator.wait(lambda: any("Replayed 1: triggered" in text for text in operator.texts(".toast")))
    operator.wait(lambda: any("started execution" in text for text in operator.texts("#story p")))
    assert operator.texts("#detail-title") == [key]


def test_a_rejected_file_is_started_as_it_is_when_an_operator_asks(operator: Page) -> None:
    operator.browser.execute_script("openDetail(arguments[0])", REJECTED)
    operator.wait(lambda: any("surplus 'town'" in text for text in operator.texts("#story p")))
    operator.click("#detail [data-focus=force]")
    operator.click("#confirm-act")
    operator.wait(lambda: any("Replayed 1: triggered" in text for text in operator.texts(".toast")))
    operator.browser.execute_script("document.getElementById('detail').close()")
    operator.wait(lambda: any("STRICT" in row for row in _job_rows(operator)))
    (strict,) = [row for row in _job_rows(operator) if "STRICT" in row]
    assert "due in 23 h" in strict or "due in 1 d" in strict  # within the minute of its arrival


def _job_rows(operator: Page) -> list[str]:
    operator.browser.execute_script("location.hash = 'jobs'")  # a dialog that closes sets it a moment later
    return operator.texts("#main tbody tr")


def test_an_address_that_names_no_view_leads_to_the_overview(operator: Page) -> None:
    operator.show("files")
    operator.browser.execute_script("location.hash = 'constructor'")
    operator.wait(lambda: operator.texts("h1") != ["Files"])
    assert operator.texts("h1") == ["Overview"]
    assert operator.errors() == []


def test_a_refresh_moves_neither_focus_nor_what_was_unfolded(operator: Page, sluice: DeployedSluice) -> None:
    key = "page/growing.txt"
    s3, landing = sluice.client("s3"), sluice.names["LANDING_BUCKET"]
    s3.put_object(Bucket=landing, Key=key, Body=b"one")
    operator.show("files")
    operator.browser.execute_script("openDetail(arguments[0])", key)
    operator.wait(lambda: len(operator.texts("#versions details")) == 1)
    operator.click("#versions summary")
    operator.browser.execute_script("document.getElementById('detail-close').focus()")
    s3.put_object(Bucket=landing, Key=key, Body=b"another")
    operator.wait(lambda: len(operator.texts("#versions details")) == 2)
    assert operator.focused() == "detail-close"
    assert "one" in operator.texts("#versions details[open] .preview")
    operator.press(Keys.ESCAPE)
    operator.wait(lambda: not operator.one("#detail").get_attribute("open"))


def test_a_lost_connection_is_said_and_what_was_shown_stays(operator: Page) -> None:
    operator.show("files")
    operator.wait(lambda: operator.texts("tbody tr"))
    operator.connected(False)
    operator.wait(lambda: "does not answer" in operator.one("#problem").text)
    assert operator.texts("tbody tr")
    operator.shoot("offline")
    operator.connected(True)
    operator.wait(lambda: not operator.one("#problem").is_displayed())
    assert all("ERR_INTERNET_DISCONNECTED" in error for error in operator.errors())  # by the browser


def test_whoever_signs_out_sees_nothing_until_signed_in_again(operator: Page) -> None:
    operator.show("files")
    operator.wait(lambda: operator.texts("tbody tr"))
    operator.click("#account")
    operator.wait(lambda: operator.focused() == "token-value")
    operator.press(Keys.ESCAPE)
    operator.wait(lambda: not operator.one("#token").get_attribute("open"))
    assert operator.texts("tbody tr") == []
    operator.shoot("signed-out")
    operator.click("main [data-focus=sign-in]")
    operator.sign_in("local-reader")
    operator.wait(lambda: operator.texts("tbody tr"))


def test_a_reader_sees_what_operators_may_do_and_why_it_is_not_for_readers(visitor: Page) -> None:
    visitor.sign_in("local-reader")
    visitor.wait(lambda: visitor.one("#upload").get_attribute("disabled"))
    visitor.browser.execute_script("openDetail(arguments[0])", MARKUP)
    visitor.wait(lambda: visitor.one("#head [data-focus=replay]").get_attribute("disabled"))
    assert "only operators" in visitor.one("#head [data-focus=replay]").get_attribute("title")
    visitor.shoot("reader")


def test_the_address_keeps_day_filter_and_key_through_a_reload(operator: Page) -> None:
    operator.show("files")
    operator.choose("#status-filter", "not_configured")
    operator.wait(lambda: MARKUP in operator.texts("tbody .key"))
    operator.browser.execute_script("openDetail(arguments[0])", MARKUP)
    operator.wait(lambda: operator.texts("#head .badge"))
    operator.browser.refresh()
    operator.wait(lambda: operator.texts("#detail-title") == [MARKUP])
    operator.press(Keys.ESCAPE)
    operator.wait(lambda: MARKUP in operator.texts("tbody .key"))
    assert operator.one("#status-filter").get_attribute("value") == "not_configured"


def test_what_needs_a_person_is_one_line_a_cause(operator: Page) -> None:
    operator.show("overview")
    operator.wait(lambda: any("file" in text for text in operator.texts(".attention a")))
    lines = operator.texts(".attention a")
    assert len({*lines}) == len(lines)
    operator.shoot("attention")
