"""The status page: one HTML document with its style and scripts inside, so that it needs no other route.

Its Content-Security-Policy names each script and style by hash and lets the page connect to this API and to
the bucket's address for uploads. Browsers refuse whatever else it could load, run or connect to.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

from chalicelib.api.answers import answer

FILES = Path(__file__).parents[1] / "page"
SCRIPTS = (
    "dom",
    "api",
    "list",
    "attention",
    "trend",
    "overview",
    "files",
    "replay",
    "detail",
    "lanes",
    "jobs",
    "upload",
    "app",
)


@cache
def page_html() -> str:
    """Return the page."""
    style = f"<style>{_style()}</style>"
    scripts = "\n".join(f"<script>{script}</script>" for script in _scripts())
    shell = (FILES / "index.html").read_text(encoding="utf-8")
    return shell.replace("<!-- style -->", style).replace("<!-- scripts -->", scripts)


def page_headers(upload_origin: Callable[[], str]) -> dict[str, str]:
    """Return the page's headers; `upload_origin` tells where presigned uploads go, if settings are usable."""
    origin = answer(upload_origin)
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": content_security_policy(origin.body if origin.status == 200 else ""),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def content_security_policy(upload_origin: str) -> str:
    """Return the policy: nothing but what the page is made of."""
    scripts = " ".join(_hashed(script) for script in _scripts())
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {_hashed(_style())}",
            f"connect-src 'self' {upload_origin}".rstrip(),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


@cache
def _scripts() -> tuple[str, ...]:
    return tuple((FILES / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def _style() -> str:
    return (FILES / "style.css").read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
