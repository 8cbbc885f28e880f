"""Run every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import landing


def main() -> None:
    """Print every table."""
    landing.main()


if __name__ == "__main__":
    main()
