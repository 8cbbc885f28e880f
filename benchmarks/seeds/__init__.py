"""The baselines: the designs that Sluice grew out of, one module a lane, written down as they stand.

docs/performance.md tells which number names which seed, and where a seed is cheaper than Sluice.
"""
