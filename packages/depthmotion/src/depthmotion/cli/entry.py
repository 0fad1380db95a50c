"""From an exception to a message and an exit code."""

import sys

_CV2_CURES = (
    "OpenCV cannot be imported ({error}). On a server without libGL either 'apt-get install libgl1 libglib2.0-0', or "
    "install opencv-python-headless in place of opencv-python."
)


def main() -> None:
    """Run the command: exit code 0; 2 and one line for bad input; 3 when some photos failed; 130 for an interrupt."""
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        sys.exit(_fail(_CV2_CURES.format(error=error)))
    from depthmotion.cli.commands import run_command
    from depthmotion.errors import DepthMotionError

    try:
        code = run_command(sys.argv[1:])
    except DepthMotionError as error:
        code = _fail(str(error))
    except OSError as error:
        code = _fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))
    except KeyboardInterrupt:
        print("\ndepthmotion: interrupted; finished clips are kept, call again to continue", file=sys.stderr)
        code = 130
    sys.exit(code)


def _fail(message: str) -> int:
    print(f"depthmotion: error: {message}", file=sys.stderr)
    return 2
