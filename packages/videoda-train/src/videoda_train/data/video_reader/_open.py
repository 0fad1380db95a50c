"""The one place where a media file is opened to be read: no tag in it can stand in the way."""

from pathlib import Path
from typing import Any

import av
from av.container import Container

from videoda_train.data.regular_file import require_regular

# Tags are bytes of no stated encoding. PyAV up to 18 decodes them strictly unless told otherwise; later versions keep
# whatever is not UTF-8 by themselves and no longer take the argument.
_KEEP_ANY_TAG: dict[str, Any] = {"metadata_errors": "surrogateescape"} if hasattr(Container, "metadata_errors") else {}


def open_media(path: Path | str) -> Any:
    """Open a media file to be read, a context manager (`av.container.InputContainer`); its tags are kept as they are.

    Raises:
        av.error.FFmpegError: the file is missing or of no known format.
        MediaError: it is a pipe, a socket, a device or a folder.
    """
    require_regular(path)
    return av.open(str(path), **_KEEP_ANY_TAG)
