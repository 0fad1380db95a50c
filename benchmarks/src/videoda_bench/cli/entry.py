"""The entry point: exit codes as of `videoda`."""

import sys

from videoda_train.cli.entry import exit_code
from videoda_train.processors import prepare_environment

from videoda_bench import __version__


def main() -> None:
    """Run `videoda-bench`."""
    if sys.argv[1:] == ["--version"]:
        print(f"videoda-bench {__version__}")
        return

    def run() -> None:
        from videoda_bench.cli.commands import run_command

        run_command(sys.argv[1:])

    prepare_environment()
    sys.exit(exit_code("videoda-bench", run, version=__version__))
