"""Benchmarks: each prints a table with the ratio to its baseline in the same run (`make bench`)."""

import os

os.environ["LOG_LEVEL"] = "WARNING"
