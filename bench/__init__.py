"""Benchmarks: what a drill costs, beside the bare restore it contains."""
