"""The `videoda` command: parse, call, print."""

from videoda_train.cli.entry import main

__all__ = ["main"]
