"""What the header of an image file says, without decoding it."""

from __future__ import annotations

from depthmotion.errors import ImageError

_PNG = b"\x89PNG\r\n\x1a\n"
_STANDALONE = (0x01, *range(0xD0, 0xD8))
_FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))


def check_header(data: bytes, *, name: str) -> tuple[int, int] | None:
    """Return (height, width) of a JPEG or PNG, None for other formats.

    Raises:
        ImageError: the file is cut off.
    """
    if data.startswith(_PNG):
        if b"IEND" not in data[-64:] or len(data) < 33:
            raise ImageError(f"{name} is truncated: a PNG without its end.")
        return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")
    if data.startswith(b"\xff\xd8\xff"):
        size, scan = _jpeg_size(data)
        # Within the scan an end marker cannot be picture data; before it, it may belong to a thumbnail.
        if size is None or data.rfind(b"\xff\xd9") < scan:
            raise ImageError(f"{name} is truncated: a JPEG without its end.")
        return size
    return None


def _jpeg_size(data: bytes) -> tuple[tuple[int, int] | None, int]:
    """Return the size in a JPEG's frame header and where its first scan starts."""
    size: tuple[int, int] | None = None
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            place += 1
            continue
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in _STANDALONE:
            place += 2
            continue
        if marker in _FRAMES and place + 9 <= len(data):
            size = (
                int.from_bytes(data[place + 5 : place + 7], "big"),
                int.from_bytes(data[place + 7 : place + 9], "big"),
            )
        if marker == 0xDA:
            return size, place
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None, len(data)
