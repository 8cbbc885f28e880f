"""Tell what a web page from elsewhere sends from what this machine sends itself.

A browser lets any page that its user visits send requests to this machine. It names the page in `Origin`,
and in `Sec-Fetch-Site` where it sends no origin. A page whose name was made to lead to this machine (DNS
rebinding) shows in `Host`. This file needs only the standard library, because the embedded AWS's own
environment runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

HERE = {"127.0.0.1", "localhost", "::1"}
AT_HOME = ".localhost"  # browsers and resolvers never look such a name up elsewhere (RFC 6761)


def refusal_of(headers: Mapping[str, str]) -> str:
    """Return why a request with these lower-case headers is refused, empty when it comes from here."""
    host, origin = headers.get("host", "127.0.0.1"), headers.get("origin")
    if not _is_here(f"//{host}"):
        return f"this is only for this machine, not for the host {host!r}: use 127.0.0.1 or localhost"
    if origin is not None and not _is_here(origin):
        return f"a page of {origin!r} may not use what runs on this machine"
    return ""


def comes_from_another_site(headers: Mapping[str, str]) -> bool:
    """Tell whether a page from elsewhere sends this without an origin: an image, a script, a link."""
    return "origin" not in headers and headers.get("sec-fetch-site") == "cross-site"


def _is_here(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host in HERE or host.endswith(AT_HOME)
