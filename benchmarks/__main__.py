"""Run every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import discovery, landing, ndjson, table_manifests


def main() -> None:
    """Print every table."""
    landing.main()
    ndjson.main()
    discovery.main()
    table_manifests.main()


if __name__ == "__main__":
    main()
