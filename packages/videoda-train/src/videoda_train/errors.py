"""The exceptions of videoda-train: each message names the bad value, what is allowed and what to do next."""


class VideodaError(Exception):
    """Base of every error that a user's input or machine can cause; commands print it and exit with code 2."""


class ListFileError(VideodaError):
    """A list file or class map that cannot be used."""


class MediaError(VideodaError):
    """Photos or videos that cannot be read."""


class ConfigError(VideodaError):
    """A setting out of its range, or settings that contradict each other."""


class RunError(VideodaError):
    """A run folder that cannot be written, resumed or evaluated."""


class StorageError(RunError):
    """A disk that is full, over its quota, read-only or not ours to write: no file of the user's is at fault."""


class MissingDatasetError(VideodaError):
    """A dataset that was not found where it was looked for."""
