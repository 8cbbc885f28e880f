"""The status page: one document that runs under a policy of hashes."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import Counter
from typing import Any

from tests.support.api import Api
from tests.support.builders import LANDING


def sha256(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_shell_needs_no_token_and_no_aws() -> None:
    reply = Api(token="").get("/")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.text.startswith("<!doctype html>")


def test_the_shell_comes_without_usable_settings_too(environ: Any) -> None:
    environ(PREVIEW_CHARS="-1")
    assert Api(token="").get("/").status == 200


def test_no_name_is_declared_twice_on_the_page() -> None:
    scripts = "\n".join(re.findall(r"<script>(.*?)</script>", Api(token="").get("/").text, re.S))
    declared = re.findall(r"^(?:const|let|class|(?:async )?function) (\w+)", scripts, re.M)
    assert len(declared) > 50
    twice = {name for name, count in Counter(declared).items() if count > 1}
    assert not twice, "the browser would refuse the whole script"


def test_the_policy_allows_what_the_page_is_made_of_and_nothing_else() -> None:
    reply = Api(token="").get("/")
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    scripts = re.findall(r"<script>(.*?)</script>", reply.text, re.S)
    assert scripts
    assert policy["script-src"].split() == [sha256(script) for script in scripts]
    (style,) = re.findall(r"<style>(.*?)</style>", reply.text, re.S)
    assert policy["style-src"] == sha256(style)
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert policy["connect-src"].startswith("'self' https://")


def test_the_page_loads_nothing_from_elsewhere_and_makes_no_markup_of_data() -> None:
    text = Api(token="").get("/").text
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", text)
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "<!-- "):
        assert unsafe not in text
    assert not re.search(r"\son\w+=", text.split("<body>")[1].split("<script>")[0])


def test_strangers_are_not_told_the_bucket(aws: None) -> None:
    reply = Api(token="").get("/")
    assert LANDING not in reply.text + str(reply.headers)
    assert " https://*.s3.amazonaws.com;" in reply.headers["Content-Security-Policy"]
