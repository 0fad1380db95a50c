"""From an exception to a message and an exit code: shared by `videoda` and by commands built on it."""

import sys
from collections.abc import Callable

from videoda_train.processors import prepare_environment

_CV2_CURES = (
    "OpenCV cannot be imported ({error}). On a server without libGL either 'apt-get install libgl1 libglib2.0-0', or "
    "install opencv-python-headless in place of opencv-python."
)


def exit_code(program: str, run: Callable[[], None]) -> int:
    """Run a command: 0; 2 and one message for bad input; 130 and how to go on for an interrupt, however early."""
    try:
        return _run(program, run)
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted; what is done is kept, add --resume to continue", file=sys.stderr)
        return 130


def _run(program: str, run: Callable[[], None]) -> int:
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
    except OSError as error:
        if error.errno is None:
            raise
        where = f" {error.filename}" if error.filename else ""
        return _report(program, f"{error.strerror}{':' if where else ''}{where}")
    return 0


def _report(program: str, message: str) -> int:
    print(f"{program}: error: {message}", file=sys.stderr)
    return 2


def main() -> None:
    """Run `videoda`."""

    def run() -> None:
        from videoda_train.cli.commands import run_command

        run_command(sys.argv[1:])

    prepare_environment()
    sys.exit(exit_code("videoda", run))
