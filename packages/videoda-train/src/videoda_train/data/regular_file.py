"""What is read is a file: a named pipe would be waited for without end."""

import stat
from pathlib import Path

from videoda_train.errors import MediaError


def require_regular(path: Path | str) -> None:
    """Raise `MediaError` where a path, links followed, is a pipe, a socket or a device; a missing one passes."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise MediaError(f"{path} is no regular file, and only those are read; drop its line")
