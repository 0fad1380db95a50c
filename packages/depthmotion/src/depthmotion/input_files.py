"""The bytes of a file that somebody else wrote, and the arrays and pictures in them: right, or one error.

Nothing here runs code from a file, believes a size that a header claims before looking at how many bytes there are, or
lets an exception of another library out.
"""

from __future__ import annotations

import ast
import io
import math
import os
import stat
import struct
import zipfile
from pathlib import Path

import cv2
import numpy as np

from depthmotion.errors import DepthMotionError, ImageError
from depthmotion.image_size import check_header

MAX_FILE_BYTES = 2**32
"""Larger files are not read."""
MAX_VALUES = 2**29
"""Arrays of more values are not read: 4 GiB where one takes eight bytes."""
MAX_MAP_PIXELS = 2**27
"""Depth maps, flow pictures and masks of more pixels are not read: 134 megapixels."""

_NPY = b"\x93NUMPY"
_MAX_NPY_HEADER = 10_000
_ZIP_FLAG_ENCRYPTED = 1


def read_bytes(file: Path, *, error: type[DepthMotionError]) -> bytes:
    """Return what a regular file holds.

    Raises:
        error: it is missing, no regular file, too large, or cannot be read.
    """
    try:
        # A pipe that nobody writes to would otherwise be waited for without end.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise error(f"{file} cannot be read: it is no regular file.")
            if status.st_size > MAX_FILE_BYTES:
                raise error(f"{file} has {status.st_size} bytes: at most {MAX_FILE_BYTES} are read.")
            return stream.read()
    except (OSError, ValueError, MemoryError) as caught:
        reason = (isinstance(caught, OSError) and caught.strerror) or str(caught) or "there is not enough memory"
        raise error(f"{file} cannot be read: {reason}.") from caught


def read_text(file: Path, *, error: type[DepthMotionError]) -> str:
    """Return the text of a UTF-8 file, with or without a byte-order mark; see `read_bytes`."""
    return decode_text(read_bytes(file, error=error), name=str(file), error=error)


def decode_text(data: bytes, *, name: str, error: type[DepthMotionError]) -> str:
    """Return UTF-8 bytes as text, without a byte-order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as caught:
        raise error(f"{name} cannot be read: it is no UTF-8 text ({caught.reason}, byte {caught.start}).") from caught


def decode_map(data: bytes, *, name: str, error: type[DepthMotionError]) -> np.ndarray:
    """Return a picture as it is stored, (H, W) or (H, W, C) in OpenCV's order of channels.

    Raises:
        error: it is damaged, no picture, or has more than `MAX_MAP_PIXELS`.
    """
    try:
        size = check_header(data, name=name)
        if size is not None and size[0] * size[1] > MAX_MAP_PIXELS:
            raise ImageError(f"{name} has {size[0] * size[1]} pixels: at most {MAX_MAP_PIXELS} are read.")
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    except (ImageError, cv2.error, MemoryError, ValueError, OverflowError) as caught:
        raise error(f"{name} cannot be read: {_last_line(caught)}") from caught
    if picture is None or picture.size == 0 or picture.ndim not in (2, 3):
        raise error(f"{name} cannot be read: it is damaged, or no picture.")
    if picture.shape[0] * picture.shape[1] > MAX_MAP_PIXELS:
        raise error(f"{name} has {picture.shape[0] * picture.shape[1]} pixels: at most {MAX_MAP_PIXELS} are read.")
    return np.asarray(picture)


def decode_npy(data: bytes, *, name: str, error: type[DepthMotionError]) -> np.ndarray:
    """Return the array of a `.npy` file's bytes.

    Raises:
        error: it is damaged, holds Python objects (which reading would run code for), or more than `MAX_VALUES`.
    """
    shape, dtype, fortran, start = _npy_header(data, name=name, error=error)
    count = math.prod(shape)
    if len(data) - start < count * dtype.itemsize:
        raise error(f"{name} says an array of shape {shape} but holds {len(data) - start} bytes: it is cut off.")
    try:
        array = np.frombuffer(data, dtype, count, offset=start) if count else np.empty(0, dtype)
        return array.reshape(shape, order="F" if fortran else "C")
    except (ValueError, TypeError, MemoryError, OverflowError) as caught:
        raise error(f"{name} cannot be read: {_last_line(caught)}") from caught


def decode_npz(data: bytes, key: str, *, name: str, error: type[DepthMotionError]) -> np.ndarray:
    """Return one array of a `.npz` file's bytes; see `decode_npy`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if f"{key}.npy" not in names:
                held = ", ".join(sorted(name.removesuffix(".npy") for name in names[:10])) or "nothing"
                raise error(f"{name} holds no array named {key!r}, only {held}.")
            member = archive.getinfo(f"{key}.npy")
            if member.flag_bits & _ZIP_FLAG_ENCRYPTED:
                raise error(f"{name} is encrypted.")
            with archive.open(member) as stream:
                head = stream.read(_MAX_NPY_HEADER + 16)
                shape, dtype, _, start = _npy_header(head, name=name, error=error)
                size = start + math.prod(shape) * dtype.itemsize
                # Read as much as the array takes and no more: the archive may unpack to anything.
                content = head + stream.read(max(size - len(head), 0))
    except DepthMotionError:
        raise
    except Exception as caught:  # zipfile and what unpacks for it raise errors of many kinds
        raise error(f"{name} cannot be read: {type(caught).__name__}: {_last_line(caught)}") from caught
    return decode_npy(content, name=name, error=error)


def _npy_header(
    data: bytes, *, name: str, error: type[DepthMotionError]
) -> tuple[tuple[int, ...], np.dtype, bool, int]:
    """Return shape, type, whether the first index runs fastest, and where the values start."""
    if not data.startswith(_NPY) or len(data) < 12:
        raise error(f"{name} cannot be read: it is no .npy file.")
    wide = data[6] > 1
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    start = (12 if wide else 10) + length
    if length > _MAX_NPY_HEADER or start > len(data):
        raise error(f"{name} cannot be read: its header has {length} bytes, of which not all are there.")
    try:
        header = ast.literal_eval(data[12 if wide else 10 : start].decode("latin-1").strip())
        shape, dtype, fortran = tuple(header["shape"]), np.dtype(header["descr"]), bool(header["fortran_order"])
        if not all(isinstance(side, int) and side >= 0 for side in shape) or len(shape) > 32 or not dtype.itemsize:
            raise ValueError(f"its header says shape {shape}, type {dtype}")
    except Exception as caught:  # also what the compiler says of a damaged header
        raise error(f"{name} cannot be read: {_last_line(caught)[:200]}") from caught
    if dtype.hasobject or dtype.kind not in "biufU":
        raise error(f"{name} holds values of type {dtype.kind!r}: only numbers are read, objects never unpickled.")
    if math.prod(shape) > MAX_VALUES:
        raise error(f"{name} says an array of shape {shape}: at most {MAX_VALUES} values are read.")
    return shape, dtype, fortran, start


def _last_line(caught: BaseException) -> str:
    text = str(caught).strip()
    return text.splitlines()[-1] if text else type(caught).__name__
