"""From an exception to a message and an exit code: shared by `videoda` and by commands built on it.

The codes: 0 done; 1 a bug; 2 bad usage or input; 3 finished, but some items failed; 130 interrupted. A command that
finishes with failed items raises `SystemExit(SOME_FAILED)` itself.
"""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

from videoda_train import __version__
from videoda_train.processors import prepare_environment

DONE, BUG, BAD_INPUT, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

_CV2_CURES = (
    "OpenCV cannot be imported ({error}). On a server without libGL either 'apt-get install libgl1 libglib2.0-0', or "
    "install opencv-python-headless in place of opencv-python."
)


def exit_code(program: str, run: Callable[[], None], *, version: str = __version__) -> int:
    """Run a command and return its exit code, having said on stderr what a user needs to know of it.

    Bad input is one message and 2; Ctrl-C and SIGTERM, however early, are one line and 130; a bug is its traceback, a
    line that calls it one, and 1. Whoever reads the output may stop reading: that ends a command without a word, with 0
    where it was done.
    """
    try:
        with _sigterm_as_interrupt():
            code = _run(program, run, version)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted; what is done is kept, add --resume to continue", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _leave_stdout()
        return DONE


def _run(program: str, run: Callable[[], None], version: str) -> int:
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        return _report(program, _CV2_CURES.format(error=error))
    from depthmotion import DepthMotionError
    from flowbank import FlowBankError
    from videoda_models import VideodaModelsError

    from videoda_train.engine.interrupt import Interrupted
    from videoda_train.errors import VideodaError

    try:
        run()
    except (VideodaError, DepthMotionError, FlowBankError, VideodaModelsError) as error:
        return _report(program, str(error))
    except Interrupted as interrupt:
        raise KeyboardInterrupt from interrupt
    except BrokenPipeError:
        _leave_stdout()
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            where = f" {error.filename}" if error.filename else ""
            return _report(program, f"{error.strerror}{':' if where else ''}{where}")
        traceback.print_exc()
        print(
            f"{program}: this is a bug in {program} {version}: please report it with the lines above and the command",
            file=sys.stderr,
        )
        return BUG
    return DONE


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does (in the main thread; elsewhere nothing changes)."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _leave_stdout() -> None:
    """Send what is still to be written to nowhere: Python would complain of the closed pipe when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(program: str, message: str) -> int:
    print(f"{program}: error: {message}", file=sys.stderr)
    return BAD_INPUT


def main() -> None:
    """Run `videoda`."""
    if sys.argv[1:] == ["--version"]:
        print(f"videoda {__version__}")
        return

    def run() -> None:
        from videoda_train.cli.commands import run_command

        run_command(sys.argv[1:])

    prepare_environment()
    sys.exit(exit_code("videoda", run))
