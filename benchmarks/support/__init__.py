"""What the benchmarks share: counters and prices, AWS in four forms, and programs that run in processes."""
