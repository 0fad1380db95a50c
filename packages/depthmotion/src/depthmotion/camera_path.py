"""A camera path: one pose per frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from depthmotion.atomic_output import open_new
from depthmotion.errors import PathError
from depthmotion.input_files import decode_npy, decode_text, read_bytes
from depthmotion.output_target import Target


@dataclass(frozen=True)
class CameraPath:
    """Poses float64 (T, 4, 4), `poses[t]` maps points of frame 0's camera to frame t's; zoom (T,) scales the focal."""

    poses: Float[np.ndarray, "t 4 4"]
    zoom: Float[np.ndarray, " t"] | None = None
    name: str = "path"

    def __post_init__(self) -> None:
        poses = np.asarray(self.poses, dtype=np.float64)
        if poses.ndim != 3 or poses.shape[1:] != (4, 4) or len(poses) == 0:
            raise PathError(f"a camera path has shape (T, 4, 4) with T > 0, got {poses.shape}.")
        if not np.isfinite(poses).all():
            raise PathError("a camera path holds NaN or infinite values.")
        rotations = poses[:, :3, :3]
        # Larger numbers are no rotation either, and overflow below.
        if np.abs(rotations).max() > 2 or (
            not np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3), atol=1e-4)
            or np.any(np.linalg.det(rotations) < 0)
        ):
            raise PathError("a pose's upper left 3×3 block is not a rotation: poses are [R t; 0 1].")
        if not np.allclose(poses[:, 3], (0, 0, 0, 1)):
            raise PathError("a pose's last row is not (0, 0, 0, 1): poses are [R t; 0 1].")
        object.__setattr__(self, "poses", poses)
        if self.zoom is not None:
            zoom = np.asarray(self.zoom, dtype=np.float64)
            if zoom.shape != (len(poses),) or not np.all(np.isfinite(zoom)) or np.any(zoom <= 0):
                raise PathError(f"zoom must be {len(poses)} positive factors, one per pose, got {zoom.tolist()}.")
            object.__setattr__(self, "zoom", zoom)

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def zooms(self) -> Float[np.ndarray, " t"]:
        """Focal length of every frame over frame 0's."""
        return np.ones(len(self)) if self.zoom is None else self.zoom

    def __add__(self, other: CameraPath) -> CameraPath:
        """Return both motions at once: `other` happens in the camera that `self` moves."""
        if len(other) != len(self):
            raise PathError(f"paths of {len(self)} and {len(other)} frames cannot be added: make them equally long.")
        zoom = None if self.zoom is None and other.zoom is None else self.zooms * other.zooms
        return CameraPath(other.poses @ self.poses, zoom, f"{self.name}+{other.name}")

    def scaled(self, factor: float) -> CameraPath:
        """Return the path with all translations multiplied by a factor."""
        poses = self.poses.copy()
        poses[:, :3, 3] *= factor
        return CameraPath(poses, self.zoom, self.name)

    def inverse(self) -> CameraPath:
        """Return the path whose poses undo this one's."""
        return CameraPath(np.linalg.inv(self.poses), None if self.zoom is None else 1 / self.zoom, self.name)

    @classmethod
    def load(cls, file: str | Path) -> CameraPath:
        """Read poses (T, 4, 4) from `.npy`, `.json` (nested list) or text with 12 or 16 numbers per line.

        A `.json` of `{"poses": …, "zoom": …}` holds zoom factors too.
        """
        file = Path(file)
        return parse_poses(read_bytes(file, error=PathError), suffix=file.suffix, name=file.stem, shown=str(file))

    def save(self, file: str | Path, *, overwrite: bool = False) -> None:
        """Write the poses as `.npy`, `.json`, or text with 16 numbers per line; a path that zooms only as `.json`.

        Raises:
            PathError: the format cannot hold the path's zoom.
            OutputError: the file exists and `overwrite` is not given, or it is a link, a folder or a device.
        """
        file = Path(file)
        target = Target(path=file, what="poses", overwrite="any" if overwrite else "never", recorded=False)
        target.claim()
        target.place(lambda partial: write_new_poses(partial, self))


def parse_poses(data: bytes, *, suffix: str, name: str = "path", shown: str = "poses") -> CameraPath:
    """Return the path in a file's bytes, as `CameraPath.load` does; errors call the file as `shown` says."""
    zoom = None
    try:
        if suffix == ".npy":
            poses = np.asarray(decode_npy(data, name=shown, error=PathError), dtype=np.float64)
        elif suffix == ".json":
            content = json.loads(decode_text(data, name=shown, error=PathError))
            if isinstance(content, dict):
                zoom = None if content.get("zoom") is None else np.asarray(content["zoom"], dtype=np.float64)
                content = content["poses"]
            poses = np.asarray(content, dtype=np.float64)
        else:
            text = decode_text(data, name=shown, error=PathError)
            lines = [line.partition("#")[0].split() for line in text.splitlines()]
            poses = np.array([[float(number) for number in line] for line in lines if line], dtype=np.float64)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError) as error:
        raise PathError(f"cannot read poses from {shown}: {error}") from error
    if poses.ndim == 2 and poses.shape[1] == 12:
        last_row = np.tile(np.array([[[0.0, 0.0, 0.0, 1.0]]]), (len(poses), 1, 1))
        poses = np.concatenate([poses.reshape(-1, 3, 4), last_row], axis=1)
    elif poses.ndim == 2 and poses.shape[1] == 16:
        poses = poses.reshape(-1, 4, 4)
    if zoom is not None and zoom.ndim != 1:
        raise PathError(f"{shown} has zoom of shape {zoom.shape}: give one factor per pose.")
    if poses.ndim != 3:
        raise PathError(f"{shown} holds numbers of shape {poses.shape}: poses are (T, 4, 4), or 12 or 16 per line.")
    return CameraPath(poses, zoom, name)


def write_new_poses(file: Path, path: CameraPath) -> None:
    """Write a path's poses as `CameraPath.save` does, as a new file."""
    if path.zoom is not None and file.suffix != ".json":
        raise PathError(f"a {file.suffix or 'text'} file cannot hold the path's zoom: use a .json file.")
    with open_new(file) as stream:
        if file.suffix == ".npy":
            np.save(stream, path.poses)
        elif file.suffix == ".json":
            poses = path.poses.tolist()
            content = poses if path.zoom is None else {"poses": poses, "zoom": path.zoom.tolist()}
            stream.write(json.dumps(content).encode())
        else:
            np.savetxt(stream, path.poses.reshape(len(path), 16))
