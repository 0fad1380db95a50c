"""The exceptions of videoda-bench: each message names the bad value, what is allowed and what to do next."""

from videoda_train.errors import VideodaError


class BenchError(VideodaError):
    """Base of what a user's input can cause here; commands print it and exit with code 2."""


class TaskError(BenchError):
    """A task's data file that cannot be used."""


class PlanError(BenchError):
    """Rows, seeds or settings that cannot be run, or inputs that are not there."""


class SummaryError(BenchError):
    """Results that cannot be read or set against each other."""
