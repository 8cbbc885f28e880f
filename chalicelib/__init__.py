"""Sluice: what happens between a file landing in S3 and a data pipeline."""

__version__ = "0.1.0"
