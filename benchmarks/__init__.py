"""Measured claims: `python -m benchmarks` prints one table per question, every contender in the same run."""
