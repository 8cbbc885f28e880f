"""Benchmarks: each prints a table with the ratio to its baseline in the same run (`make bench`)."""

import logging
import os
import warnings

os.environ.setdefault("LOG_LEVEL", "WARNING")
logging.getLogger("moto").setLevel(logging.ERROR)  # moto warns of every part of the template that it lacks
warnings.filterwarnings("ignore", "Tried to parse AWS::", UserWarning)
