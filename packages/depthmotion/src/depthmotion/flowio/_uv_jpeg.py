"""The published flow folders: grey pictures u/000000.jpg and v/000000.jpg."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from depthmotion.atomic_output import make_folder, write_new
from depthmotion.errors import FlowFileError
from depthmotion.flowio._codes import decode_uint8, encode_uint8
from depthmotion.input_files import decode_map, read_bytes
from depthmotion.output_target import Target

DEFAULT_QUALITY = 95


def write_codes(
    folder: Path, t: int, codes: UInt8[np.ndarray, "h w 2"], *, jpeg_quality: int = DEFAULT_QUALITY
) -> None:
    """Write one pair of grey JPEGs of 8-bit codes."""
    for axis, name in enumerate("uv"):
        make_folder(folder / name)
        file = folder / name / f"{t:06d}.jpg"
        ok, data = cv2.imencode(
            ".jpg", np.ascontiguousarray(codes[..., axis]), [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
        )
        if not ok:
            raise FlowFileError(f"cannot encode flow of shape {codes.shape} for {file}.")
        write_new(file, data.tobytes())


def write_uv(
    folder: str | Path,
    flow: Float[np.ndarray, "t h w 2"],
    *,
    bound: float = 20.0,
    jpeg_quality: int = DEFAULT_QUALITY,
    overwrite: bool = False,
) -> None:
    """Write flow (T, H, W, 2) as `u/000000.jpg`, `v/000000.jpg`, …, clipped to ±bound pixels.

    Raises:
        OutputError: the folder holds files and `overwrite` is not given; see `write`.
    """
    path = Path(folder)
    target = Target(path=path, what="flow", is_folder=True, overwrite="any" if overwrite else "never", recorded=False)
    target.claim()
    target.place(lambda partial: write_new_uv(partial, flow, bound=bound, jpeg_quality=jpeg_quality))


def write_new_uv(
    folder: Path, flow: Float[np.ndarray, "t h w 2"], *, bound: float, jpeg_quality: int = DEFAULT_QUALITY
) -> None:
    """Write flow as `write_uv` does, into a folder where it has no files yet."""
    make_folder(folder)
    for t, field in enumerate(flow):
        write_codes(folder, t, encode_uint8(field, bound=bound), jpeg_quality=jpeg_quality)


def read_uv(folder: str | Path, *, bound: float = 20.0) -> Float32[np.ndarray, "t h w 2"]:
    """Read all pairs of a folder in order of name as flow (T, H, W, 2) in pixels."""
    folder = Path(folder)
    names = {axis: sorted(file.name for file in (folder / axis).glob("*.jpg")) for axis in "uv"}
    if not names["u"] or names["u"] != names["v"]:
        raise FlowFileError(
            f"{folder} holds {len(names['u'])} files in u/ and {len(names['v'])} in v/: "
            "a flow folder has the same .jpg names in both."
        )
    fields = []
    for name in names["u"]:
        pair = [_read_grey(folder / axis / name) for axis in "uv"]
        if pair[0].shape != pair[1].shape:
            raise FlowFileError(f"{folder}: u/{name} and v/{name} have different sizes.")
        fields.append(np.stack(pair, axis=-1))
    if len({field.shape for field in fields}) > 1:
        raise FlowFileError(f"{folder} holds pictures of different sizes.")
    return decode_uint8(np.asarray(np.stack(fields), dtype=np.uint8), bound=bound)


def _read_grey(file: Path) -> UInt8[np.ndarray, "h w"]:
    return parse_grey(read_bytes(file, error=FlowFileError), name=str(file))


def parse_grey(data: bytes, *, name: str = "flow") -> UInt8[np.ndarray, "h w"]:
    """Return the codes in a grey picture's bytes."""
    picture = decode_map(data, name=name, error=FlowFileError)
    if picture.dtype != np.uint8:
        raise FlowFileError(f"{name} holds {picture.dtype}: flow codes are pictures of 8 bits.")
    if picture.ndim == 3:
        kinds = {1: None, 3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
        if picture.shape[2] not in kinds:
            raise FlowFileError(f"{name} has {picture.shape[2]} channels: flow codes are grey pictures.")
        code = kinds[picture.shape[2]]
        picture = picture[..., 0] if code is None else cv2.cvtColor(picture, code)
    return np.asarray(picture, dtype=np.uint8)
