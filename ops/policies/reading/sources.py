"""The project's modules as syntax trees, with the file and line of everything in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from ops.errors import OperationError


class Refused(OperationError):  # noqa: N818 - an answer: this cannot be followed, write it so
    """The code, a call or a setting cannot be turned into a policy; the message says where and what to do."""


@dataclass(frozen=True)
class Source:
    """One module: `name` dotted, `path` relative to the project."""

    name: str
    path: str
    tree: ast.Module


@dataclass
class Project:
    """The modules that ship: `app` and the package `chalicelib`, read from `root` when first asked for."""

    root: Path
    sources: dict[str, Source] = field(default_factory=dict)

    def owns(self, name: str) -> bool:
        """Tell whether a dotted name lies in this project."""
        return name.split(".")[0] in {"app", "chalicelib"}

    def file(self, name: str) -> Path | None:
        """Return the file of a module, None when there is no such module."""
        base = self.root.joinpath(*name.split("."))
        return next((one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()), None)

    def source(self, name: str) -> Source:
        """Return a module; raise Refused when it is not there or is no Python."""
        if name not in self.sources:
            path = self.file(name)
            if path is None:
                raise Refused(f"module {name} is imported but is not in {self.root.name}/")
            shown = path.relative_to(self.root).as_posix()
            self.sources[name] = Source(name, shown, _parsed(path.read_text(), shown))
        return self.sources[name]


def _parsed(text: str, shown: str) -> ast.Module:
    try:
        return ast.parse(text, shown)
    except SyntaxError as error:
        raise Refused(f"{shown}:{error.lineno}: {error.msg}") from None
    except SystemError:  # CPython 3.11 miscounts AST depth once after a stack overflow elsewhere (gh-106905)
        return ast.parse(text, shown)
