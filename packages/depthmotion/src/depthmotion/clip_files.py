"""A clip's frames, flow, depth and masks as files: new ones, never over what is there."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import av
import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from depthmotion import flowio
from depthmotion.atomic_output import make_folder, open_new, write_new
from depthmotion.errors import ConfigError
from depthmotion.flowio._files import write_new_flow
from depthmotion.flowio._uv_jpeg import write_new_uv
from depthmotion.image_files import encode_image
from depthmotion.output_target import Target

if TYPE_CHECKING:
    from depthmotion.clip import Clip

FlowBetween = Literal["next", "from-first", "to-first"]
FlowFormat = Literal["compact", "uv-jpeg", "npz", "flo", "kitti", "colour"]
FLOW_SUFFIXES: dict[str, str] = {"compact": ".npy", "npz": ".npz"}
"""Extensions of the formats that are one file; the others are folders."""

_CODECS = {".mp4": "libx264", ".avi": "mpeg4"}


def save_frames(
    file: Path,
    frames: UInt8[np.ndarray, "t h w 3"],
    *,
    fps: float = 12.0,
    image_suffix: str = ".jpg",
    quality: int = 95,
) -> None:
    """Write frames as `.mp4` (H.264) or `.avi` (MPEG-4), or `00000.jpg …` into a folder if the name is neither.

    Videos have even sides: an odd last row or column is left out. `image_suffix` is `.jpg` or `.png`.
    """
    if file.suffix.lower() in _CODECS:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_new(file, encode_video(frames, fps=fps, suffix=file.suffix.lower()))
        return
    write_folder(file, (encode_image(frame, suffix=image_suffix, quality=quality) for frame in frames), image_suffix)


def save_clip(clip: Clip, file: Path, *, fps: float, overwrite: bool = False) -> None:
    """Write a clip's frames as `.mp4` or `.avi`, or as JPEGs into a folder if the name has no extension."""
    check_clip_name(file)
    target = Target(
        path=file,
        what="frames",
        is_folder=not file.suffix,
        overwrite="any" if overwrite else "never",
        recorded=False,
    )
    target.claim()
    target.place(lambda partial: save_frames(partial, clip.frames, fps=fps))


def check_clip_name(file: Path) -> None:
    """Raise ConfigError unless frames can be written under a name."""
    if file.suffix and file.suffix.lower() not in _CODECS:
        raise ConfigError(f"{file} has no known clip format: use .mp4, .avi, or a folder name without extension.")


def encode_video(frames: UInt8[np.ndarray, "t h w 3"], *, fps: float = 12.0, suffix: str = ".mp4") -> bytes:
    """Return the bytes of a video; the same frames give the same bytes."""
    height, width = (side - side % 2 for side in frames.shape[1:3])
    if min(height, width) < 2 or not 0 < fps <= 1000:
        raise ConfigError(
            f"a video of {frames.shape[2]}×{frames.shape[1]} pixels at {fps} frames/s cannot be written: give at least "
            "2×2 pixels and a rate up to 1000, or write images into a folder."
        )
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=suffix[1:]) as container:
        # x264's macroblock tree depends on what its memory held before: with it, equal frames differ from call to call.
        options = {"crf": "18", "x264-params": "mbtree=0"} if suffix == ".mp4" else {}
        stream: Any = container.add_stream(_CODECS[suffix], rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        if suffix == ".avi":
            stream.bit_rate = 12 * width * height
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


def save_flow(
    target: Path, flow: Float[np.ndarray, "t h w 2"], *, flow_format: FlowFormat = "compact", bound: float = 20.0
) -> None:
    """Write flow (T, H, W, 2) in pixels: `compact` (uint8 `.npy`) and `npz` are one file, the others a folder.

    `uv-jpeg` has `u/000000.jpg` and `v/000000.jpg`; `flo`, `kitti` and `colour` (a PNG of the Middlebury wheel, one
    scale for the clip) have `00000.flo` or `00000.png` per frame pair. `compact` and `uv-jpeg` clip to ±bound.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if flow_format == "compact":
        with open_new(_exactly(target, ".npy")) as stream:
            np.save(stream, flowio.encode_uint8(flow, bound=bound))
    elif flow_format == "npz":
        write_new_flow(_exactly(target, ".npz"), flow, bound=bound)
    elif flow_format == "uv-jpeg":
        write_new_uv(target, flow, bound=bound)
    elif flow_format == "colour":
        pictures = flowio.flow_to_color(flow) if len(flow) else np.empty((0, *flow.shape[1:3], 3), np.uint8)
        write_folder(target, (encode_image(picture, suffix=".png") for picture in pictures), ".png")
    else:
        make_folder(target)
        suffix = ".flo" if flow_format == "flo" else ".png"
        for t, field in enumerate(flow):
            write_new_flow(target / f"{t:05d}{suffix}", field, bound=bound)


def save_depth(folder: Path, depth: Float[np.ndarray, "t h w"]) -> None:
    """Write depth as 16-bit PNGs and the `depth.json` that `load_depth("dir:FOLDER")` reads them with."""
    scale = float(depth.max()) / 65535
    codes = np.maximum(np.rint(depth / scale), 1).astype(np.uint16)
    write_folder(folder, (_png(field) for field in codes), ".png")
    write_new(folder / "depth.json", (json.dumps({"kind": "depth", "scale": scale}) + "\n").encode())


def save_masks(folder: Path, masks: Bool[np.ndarray, "t h w"]) -> None:
    """Write masks as PNGs of 0 and 255."""
    write_folder(folder, (_png(mask.astype(np.uint8) * 255) for mask in masks), ".png")


def save_clip_masks(folder: Path, clip: Clip) -> None:
    """Write a clip's masks into folders `valid` (the photo is seen), `visible_next` and `visible_before`."""
    for name in ("valid", "visible_next", "visible_before"):
        save_masks(folder / name, getattr(clip, name))


def write_folder(folder: Path, pictures: Iterable[bytes], suffix: str) -> None:
    """Write encoded pictures as `00000` and so on with an extension."""
    make_folder(folder)
    for index, picture in enumerate(pictures):
        write_new(folder / f"{index:05d}{suffix}", picture)


def _exactly(target: Path, suffix: str) -> Path:
    if target.suffix != suffix:
        raise ConfigError(f"{target}: this flow format is one {suffix} file.")
    return target


def _png(picture: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])
