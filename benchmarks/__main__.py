"""Run every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import api, landing, ndjson


def main() -> None:
    """Print every table."""
    landing.main()
    ndjson.main()
    api.main()


if __name__ == "__main__":
    main()
