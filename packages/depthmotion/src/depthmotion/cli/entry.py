"""From an exception to a message and an exit code."""

import signal
import sys
import traceback
from types import FrameType

_CV2_CURES = (
    "OpenCV cannot be imported ({error}). On a server without libGL either 'apt-get install libgl1 libglib2.0-0', or "
    "install opencv-python-headless in place of opencv-python."
)


def main() -> None:
    """Run the command and exit with its code.

    0: done. 1: internal error, with a traceback. 2: bad usage or input, one line. 3: finished, but some items failed,
    each of them named. 130: interrupted, by SIGINT or SIGTERM.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run()
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(code)


def _run() -> int:
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        return _fail(_CV2_CURES.format(error=error))
    from depthmotion.cli.commands import run_command
    from depthmotion.errors import DepthMotionError

    try:
        return run_command(sys.argv[1:])
    except DepthMotionError as error:
        return _fail(" ".join(str(error).split()))
    except OSError as error:
        return _fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))
    except MemoryError as error:
        return _fail(f"there is not enough memory. {error}".strip())
    except KeyboardInterrupt:
        print("\ndepthmotion: interrupted; finished clips are kept, call again to continue", file=sys.stderr)
        return 130
    except Exception as error:
        traceback.print_exc()
        print(f"depthmotion: internal error, please report it: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not stop the tidying up
    raise KeyboardInterrupt


def _fail(message: str) -> int:
    print(f"depthmotion: error: {message}", file=sys.stderr)
    return 2
