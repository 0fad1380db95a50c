"""What is said of an item that failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from depthmotion import DepthMotionError

from videoda_train.data.list_file import ListItem
from videoda_train.errors import MediaError, VideodaError


@dataclass(frozen=True)
class Failed:
    """An item that gave no result, and why."""

    reason: str

    def named(self, item: ListItem, *, list_file: Path) -> str:
        """Return the reason with the item's line of the list, and its path where the reason does not name it."""
        named = self.reason if str(item.path) in self.reason else f"{item.path}: {self.reason}"
        return f"{list_file}:{item.line}: {named}"


def reason_of(error: BaseException) -> str:
    """Return what an exception says: our own as they are, others with their type in front."""
    text = " ".join(str(error).split())
    if isinstance(error, VideodaError | DepthMotionError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"too little memory for it{f' ({text})' if text else ''}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Turn whatever reading a file raises into a `MediaError` that names it; our own errors pass as they are.

    Decoders meet damage with exceptions of many kinds; to whoever reads, they are all one.
    """
    try:
        yield
    except VideodaError:
        raise
    except Exception as error:
        raise MediaError(f"{path} cannot be read: {reason_of(error)}") from error


@contextmanager
def naming_item(item: ListItem) -> Iterator[None]:
    """Turn whatever loading an item raises into a `MediaError` that names it and its line.

    Too little memory passes: that is not the file's fault, and the run says what to do about it.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        reason = reason_of(error)
        named = reason if str(item.path) in reason else f"{item.path}: {reason}"
        raise MediaError(f"{named} (line {item.line} of its list)") from error
