"""The entry point: exit codes as of `videoda`."""

import sys

from videoda_train.cli.entry import exit_code
from videoda_train.processors import prepare_environment


def main() -> None:
    """Run `videoda-bench`."""

    def run() -> None:
        from videoda_bench.cli.commands import run_command

        run_command(sys.argv[1:])

    prepare_environment()
    sys.exit(exit_code("videoda-bench", run))
