"""What the header of an image file says, without decoding it."""

from __future__ import annotations

import struct
import zlib

from depthmotion.errors import ImageError

_PNG = b"\x89PNG\r\n\x1a\n"
_STANDALONE = (0x01, *range(0xD0, 0xD8))
_FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEFLATE_RATIO = 1032
"""No byte of zlib's format unpacks to more bytes (zlib's own technical details)."""
_JPEG_PIXELS_PER_BYTE = 4096
"""A JPEG takes a bit for each block at least, 64 pixels, or 256 of its coarsest sampling; twice that is never seen."""
_TIFF_SIDES = {256: 1, 257: 0}


def check_header(data: bytes, *, name: str) -> tuple[int, int] | None:
    """Return (height, width) of a PNG, JPEG, BMP, GIF, WebP or TIFF, None for other formats.

    Raises:
        ImageError: the file is cut off, or says a size that its bytes cannot hold.
    """
    if data.startswith(_PNG):
        return _png_size(data, name)
    if data.startswith(b"\xff\xd8\xff"):
        size, scan = _jpeg_size(data)
        # Within the scan an end marker cannot be picture data; before it, it may belong to a thumbnail.
        if size is None or data.rfind(b"\xff\xd9") < scan:
            raise ImageError(f"{name} is truncated: a JPEG without its end.")
        _check_size(size, float(len(data)) * _JPEG_PIXELS_PER_BYTE, data, name)
        return size
    try:
        return _other_size(data)
    except struct.error as error:
        raise ImageError(f"{name} is truncated: its header is cut off.") from error


def _check_size(size: tuple[int, int], most: float, data: bytes, name: str) -> None:
    # What is far over every limit is told so by the caller, in pixels.
    if most < size[0] * size[1] < 2**30:
        raise ImageError(f"{name} says {size[1]}×{size[0]} pixels but has only {len(data)} bytes: it is damaged.")


def _png_size(data: bytes, name: str) -> tuple[int, int]:
    _check_png_chunks(data, name)
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    row = 1 + width * bits * _PNG_CHANNELS.get(colour, 1) / 8
    _check_size((height, width), len(data) * _DEFLATE_RATIO * width / row, data, name)
    return height, width


def _check_png_chunks(data: bytes, name: str) -> None:
    """Raise ImageError unless the pieces of a PNG are whole: of damaged ones OpenCV takes minutes and gigabytes."""
    place, kind = len(_PNG), b""
    while kind != b"IEND":
        if place + 12 > len(data):
            raise ImageError(f"{name} is truncated: a PNG without its end.")
        length, kind = struct.unpack_from(">I4s", data, place)
        if place == len(_PNG) and (length, kind) != (13, b"IHDR"):
            raise ImageError(f"{name} cannot be decoded: it is a PNG without a header.")
        end = place + 12 + length
        if end > len(data):
            raise ImageError(f"{name} is truncated: a PNG without its end.")
        is_needed = kind[:1].isupper()  # what is not, decoders leave out where it is damaged
        if is_needed and zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ImageError(f"{name} cannot be decoded: a PNG whose {kind.decode('latin-1')} is damaged.")
        place = end


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


def _other_size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"BM") and len(data) > 26:
        if struct.unpack_from("<I", data, 14)[0] == 12:
            width, height = struct.unpack_from("<HH", data, 18)
        else:
            width, height = struct.unpack_from("<ii", data, 18)
        return abs(height), abs(width)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack_from("<HH", data, 6)
        return height, width
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_size(data)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return height & 0x3FFF, width & 0x3FFF
    return None


def _tiff_size(data: bytes) -> tuple[int, int] | None:
    """Return the size in the first directory of a TIFF."""
    order = "<" if data[:1] == b"I" else ">"
    (place,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, place)
    sides = [0, 0]
    for entry in range(count):
        tag, kind = struct.unpack_from(f"{order}HH", data, place + 2 + 12 * entry)
        if tag in _TIFF_SIDES and kind in (3, 4):
            code = f"{order}{'H' if kind == 3 else 'I'}"
            (sides[_TIFF_SIDES[tag]],) = struct.unpack_from(code, data, place + 2 + 12 * entry + 8)
    return (sides[0], sides[1]) if all(sides) else None
