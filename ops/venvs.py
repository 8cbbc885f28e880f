"""Make virtual environments from lock files: `python -m ops.venvs .venv=ops/locks/run.txt ...`.

An environment is made once per state of its lock file, several of them side by side. This module runs before
anything is installed, so it needs only the standard library.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(;[^\\]*)?", re.MULTILINE)
PIP = [
    "--quiet",
    "--no-deps",
    "--require-hashes",
    "--no-compile",
    "--disable-pip-version-check",
    "--no-input",
]

WAYS_OUT = {
    "No module named pip": "This Python has no pip: install it (Debian, Ubuntu: apt-get install python3-pip "
    "python3-venv), or choose another Python: make PYTHON=/path/to/python3.12",
    "Errno 28": "The disk is full: make room, then run the same command again.",
    "Errno 13": "The folder cannot be written to: work in a checkout of your own.",
    "Errno 30": "The disk is read-only: work in a checkout on a disk that can be written to.",
    "(from versions: none)": "The package index cannot be reached, or does not have it: the first run "
    "needs a network. Is a proxy needed (HTTPS_PROXY), or an index of your own (PIP_INDEX_URL)? Set it, "
    "then run the same command again.",
}


class EnvironmentCreationError(Exception):
    """An environment could not be made; the message says why."""


def ensure(folder: Path, lock: Path) -> bool:
    """Make `folder` hold everything `lock` pins; return whether something had to be done."""
    stamp = folder / f"{lock.stem}.stamp"
    if stamp.is_file() and stamp.read_text() == lock.read_text() and _python(folder).exists():
        return False
    if _missing(folder, lock):
        started = time.monotonic()
        _say(f"Installing {lock.name} into {folder} ...")
        _create(folder)
        _install(folder, lock)
        _say(f"Installed {lock.name} in {time.monotonic() - started:.0f} s")
    stamp.write_text(lock.read_text())
    return True


def _say(text: str) -> None:
    """Write a whole line at once: several environments are made side by side."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _installer() -> Path:
    """Return the interpreter whose pip installs: an active environment may have no pip, its base has one."""
    if sys.prefix == sys.base_prefix:
        return Path(sys.executable)
    return Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")


def _create(folder: Path) -> None:
    if not _python(folder).exists():
        venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)


def _install(folder: Path, lock: Path) -> None:
    command = [
        str(_installer()),
        "-m",
        "pip",
        "--python",
        str(_python(folder)),
        "install",
        *PIP,
        "-r",
        str(lock),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise EnvironmentCreationError(
            f"pip could not install {lock.name} into {folder}:\n{_errors(result.stderr)}\n"
            f"{_way_out(result.stderr)}"
        )


def _errors(output: str) -> str:
    lines = [line for line in output.splitlines() if not line.startswith("WARNING")]
    return "\n".join(lines[-20:]) or output[-2000:]


def _way_out(output: str) -> str:
    """Return what to do about an error of pip."""
    for words, step in WAYS_OUT.items():
        if words in output:
            return step
    return "Mend what pip names, then run the same command again: it goes on where it stopped."


def _missing(folder: Path, lock: Path) -> set[tuple[str, str]]:
    """Return the pins of `lock` that `folder` does not hold; pins for other platforms are left out."""
    found = [str(path) for path in folder.glob("lib/python3*/site-packages")]
    installed = {(_normal(each.name), each.version) for each in distributions(path=found)} if found else set()
    wanted = {(_normal(pin[1]), pin[2]) for pin in PIN.finditer(lock.read_text()) if not pin[3]}
    return wanted - installed


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> int:
    """Ensure every `folder=lock` of `arguments`; return the exit status."""
    pairs = [(Path(folder), Path(lock)) for folder, _, lock in (each.partition("=") for each in arguments)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            list(pool.map(lambda pair: ensure(*pair), pairs))
        except EnvironmentCreationError as fault:
            print(fault, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("Stopped; the same command goes on where this one was", file=sys.stderr)
            return 130
        except OSError as error:
            say = f"{error.filename} cannot be made ({error.strerror}): is this checkout yours to write to?"
            print(say, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
