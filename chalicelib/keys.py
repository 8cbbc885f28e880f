"""What the words of a key tell: how people are shown it, and whether it names an upload under way."""

from __future__ import annotations

from fnmatch import fnmatchcase

from chalicelib.moves import file_name
from chalicelib.settings import Settings


def shown(text: str) -> str:
    """Return a key, or any text that an uploader chose, on one line and as it is: nothing in it can forge.

    Line ends, control characters and marks that turn the direction of writing appear as escapes.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def is_upload_under_way(settings: Settings, key: str) -> bool:
    """Tell whether a key's last segment is a name that `IGNORED_NAMES` gives to unfinished uploads."""
    name = file_name(key).lower()
    return any(fnmatchcase(name, pattern) for pattern in settings.ignored_names)
