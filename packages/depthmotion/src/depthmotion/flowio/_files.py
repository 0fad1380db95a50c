"""One reader and one writer for every flow file format, chosen by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float32

from depthmotion.atomic_output import open_new
from depthmotion.errors import FlowFileError
from depthmotion.flowio._codes import decode_uint8, encode_uint8
from depthmotion.flowio._kitti import read_kitti, write_kitti
from depthmotion.flowio._middlebury import read_flo, write_flo
from depthmotion.flowio._uv_jpeg import read_uv, write_new_uv
from depthmotion.input_files import decode_npy, decode_npz, read_bytes
from depthmotion.output_target import Target

FORMATS = ".flo, KITTI .png, .npz, compact .npy (uint8 codes), or a folder with u/ and v/, or of .flo or KITTI .png"


def read(path: str | Path, *, bound: float = 20.0) -> Float32[np.ndarray, "*t h w 2"]:
    """Read flow in pixels; `bound` is the one that 8-bit formats were written with.

    `.flo` and KITTI `.png` give (H, W, 2), a folder of them in order of name, or one with `u/` and `v/`, a stack
    (T, H, W, 2); `.npz` and `.npy` what they hold.
    """
    path = Path(path)
    if path.is_dir():
        fields = sorted(file for file in path.iterdir() if file.suffix.lower() in (".flo", ".png"))
        return _read_stack(fields) if fields else read_uv(path, bound=bound)
    if not path.exists():
        raise FlowFileError(f"{path} does not exist.")
    suffix = path.suffix.lower()
    if suffix == ".flo":
        return read_flo(path)
    if suffix == ".png":
        return read_kitti(path)[0]
    if suffix in (".npy", ".npz"):
        data = read_bytes(path, error=FlowFileError)
        return parse_numpy_flow(data, suffix=suffix, bound=bound, name=str(path))
    raise FlowFileError(f"{path} has no known flow format: use {FORMATS}.")


def _read_stack(files: list[Path]) -> Float32[np.ndarray, "t h w 2"]:
    fields = [read(file) for file in files]
    if len({field.shape for field in fields}) > 1:
        raise FlowFileError(f"{files[0].parent} holds flow of different sizes.")
    return np.stack(fields)


def parse_numpy_flow(
    data: bytes, *, suffix: str, bound: float = 20.0, name: str = "flow"
) -> Float32[np.ndarray, "*t h w 2"]:
    """Return the flow in the bytes of a `.npy` or `.npz` file."""
    if suffix == ".npz":
        array = decode_npz(data, "flow", name=name, error=FlowFileError)
    else:
        array = decode_npy(data, name=name, error=FlowFileError)
    if array.ndim < 3 or array.shape[-1] != 2:
        raise FlowFileError(f"{name} holds an array of shape {array.shape}: flow ends in (H, W, 2).")
    if array.dtype == np.uint8:
        return decode_uint8(array, bound=bound)
    if array.dtype.kind != "f":
        raise FlowFileError(f"{name} holds {array.dtype}: flow is floating point, or uint8 codes.")
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes infinite
        return np.array(array, dtype=np.float32)


def read_valid(path: str | Path) -> Bool[np.ndarray, "h w"]:
    """Read the validity of a KITTI flow PNG."""
    return read_kitti(Path(path))[1]


def write(
    path: str | Path, flow: Float[np.ndarray, "*t h w 2"], *, bound: float = 20.0, overwrite: bool = False
) -> None:
    """Write flow in pixels; the name's extension chooses the format, none means a folder with `u/` and `v/`.

    `.flo` and KITTI `.png` hold one field (H, W, 2). `.npy` and folders hold 8-bit codes, clipped to ±bound. The file
    or folder appears whole or not at all. With `overwrite` a file of that name is replaced, and so are files of the
    same names in a folder; all else there stays.

    Raises:
        FlowFileError: the format is unknown, or cannot hold this flow.
        OutputError: the file exists or the folder holds files, and `overwrite` is not given; or a link, folder or
            device is where a file should be, which nothing replaces.
    """
    path = Path(path)
    target = Target(
        path=path,
        what="flow",
        is_folder=not path.suffix,
        overwrite="any" if overwrite else "never",
        recorded=False,
    )
    target.claim()
    target.place(lambda partial: write_new_flow(partial, flow, bound=bound))


def write_new_flow(path: Path, flow: Float[np.ndarray, "*t h w 2"], *, bound: float) -> None:
    """Write flow as `write` does, as a new file or into a folder where it has no files yet."""
    suffix = path.suffix.lower()
    if flow.ndim < 3 or flow.shape[-1] != 2:
        raise FlowFileError(f"flow has shape (H, W, 2) or (T, H, W, 2), got {flow.shape}.")
    if suffix in (".flo", ".png"):
        if flow.ndim != 3:
            raise FlowFileError(f"{suffix} holds one flow field (H, W, 2), got {flow.shape}: write one file per frame.")
        if suffix == ".flo":
            write_flo(path, flow)
        else:
            write_kitti(path, flow)
    elif suffix == ".npz":
        with open_new(path) as stream:
            np.savez_compressed(stream, flow=np.asarray(flow, dtype=np.float32))
    elif suffix == ".npy":
        with open_new(path) as stream:
            np.save(stream, encode_uint8(flow, bound=bound))
    elif suffix == "":
        write_new_uv(path, flow if flow.ndim == 4 else flow[None], bound=bound)
    else:
        raise FlowFileError(f"{path} has no known flow format: use {FORMATS}.")
