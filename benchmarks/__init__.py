"""Benchmarks: speed and memory of stack, suite and proxy, as ratios within one run."""
