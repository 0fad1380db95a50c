"""The `depthmotion` command: parse, call, print."""

from depthmotion.cli.entry import main

__all__ = ["main"]
