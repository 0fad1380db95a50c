"""The `videoda-bench` command."""

from videoda_bench.cli.entry import main

__all__ = ["main"]
