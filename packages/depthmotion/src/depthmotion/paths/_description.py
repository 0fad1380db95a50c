"""Paths by name: `orbit:angle_deg=10+handheld:rotation_deg=0.4`, `file:poses.npy`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.intrinsics import Intrinsics
from depthmotion.paths._dolly import dolly, dolly_zoom, pan, zoom
from depthmotion.paths._handheld import handheld
from depthmotion.paths._orbit import orbit
from depthmotion.paths._random_walk import random_walk
from depthmotion.paths._scene_scale import limit_holes, nearest_depth
from depthmotion.paths._smooth import smooth
from depthmotion.paths._still import still

Number = float | int | tuple[float, ...]

_PATHS: dict[str, Callable[..., CameraPath]] = {
    "random_walk": random_walk,
    "smooth": smooth,
    "handheld": handheld,
    "dolly": dolly,
    "orbit": orbit,
    "pan": pan,
    "zoom": zoom,
    "dolly_zoom": dolly_zoom,
    "still": still,
}
_MIDDLE = {"orbit": "pivot_depth", "dolly_zoom": "keep_depth"}
"""Options that are a depth of the scene: its middle unless they are given."""

NAMES = tuple(_PATHS)


def options(name: str) -> dict[str, str]:
    """Return the options of a named path, each with its default as it is written in a path's description."""
    found = {}
    for option in _options(name).values():
        value = option.default
        if value is inspect.Parameter.empty:
            found[option.name] = "the scene's middle"
        elif value is not None:
            found[option.name] = ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else f"{value:g}"
        else:
            found[option.name] = "none"
    return found


def from_description(
    description: str,
    rng: np.random.Generator,
    *,
    depth: Float[np.ndarray, "h w"],
    num_frames: int | None = None,
    max_holes: float | None = None,
    intrinsics: Intrinsics | None = None,
) -> CameraPath:
    """Return the path of a description at the scale of a scene.

    A description is `NAME[:OPTION=VALUE]…`, several joined by `+`; a value of several numbers has commas. Lengths are
    for a scene whose nearest things are at depth 1, and are scaled to `depth` (H, W). `file:POSES` is read as it is.

    Args:
        description: as above.
        rng: what random paths draw from.
        depth: distances of the photo's pixels.
        num_frames: length of the path; `None` is 16, or a file's own.
        max_holes: the path is shrunk until no frame has more than this share of pixels that the photo does not show.
        intrinsics: the photo's camera, for `max_holes`.

    Raises:
        PathError: the description names no path, or an option that it does not have, or a value out of range.

    >>> len(from_description("dolly:distance=0.3+handheld", np.random.default_rng(0), depth=np.ones((4, 4))))
    16
    """
    if description.startswith("file:"):
        path = _read(Path(description.removeprefix("file:")), num_frames)
    else:
        near = nearest_depth(depth)
        # The mean of inverse depth: with the median, a far background would swing near things out of the picture.
        middle = 1.0 / float(np.mean(near / depth))
        terms = [_make(name, values, num_frames or 16, rng, middle) for name, values in _parse(description)]
        path = terms[0]
        for term in terms[1:]:
            path = path + term
        path = path.scaled(near)
    return path if max_holes is None else limit_holes(path, depth, max_fraction=max_holes, intrinsics=intrinsics)


def check_description(description: str, *, num_frames: int | None = None) -> None:
    """Raise PathError unless the description gives a path of `num_frames` frames."""
    from_description(description, np.random.default_rng(0), depth=np.ones((2, 2)), num_frames=num_frames)


def _read(file: Path, num_frames: int | None) -> CameraPath:
    path = CameraPath.load(file)
    if num_frames is not None and len(path) != num_frames:
        raise PathError(f"{file} holds {len(path)} poses but {num_frames} frames are asked for: make them equal.")
    return path


def _options(name: str) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(_PATHS[name]).parameters
    return {key: value for key, value in parameters.items() if value.kind is inspect.Parameter.KEYWORD_ONLY}


def _parse(description: str) -> list[tuple[str, dict[str, Number]]]:
    terms = []
    for term in re.split(r"\+(?=\s*[a-z_])", description):
        name, *settings = (part.strip() for part in term.split(":"))
        name = name.replace("-", "_")
        if name not in _PATHS:
            raise PathError(f"path {name!r} is unknown: use one of {', '.join(NAMES)}, sums of them, or file:POSES.")
        terms.append((name, dict(_parse_setting(name, setting) for setting in settings)))
    return terms


def _parse_setting(name: str, setting: str) -> tuple[str, Number]:
    option, equals, text = setting.partition("=")
    option = option.strip().replace("-", "_")
    known = _options(name)
    if not equals or option not in known:
        raise PathError(f"{setting!r} is no option of the path {name}: it has {_listed(name)}.")
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    default = known[option].default
    count = len(default) if isinstance(default, tuple) else 1
    if len(values) != count or not np.isfinite(values).all():
        raise PathError(f"{name}:{setting}: give {count} number{'s, joined by commas' if count > 1 else ''}.")
    if isinstance(default, int) and values[0] != int(values[0]):
        raise PathError(f"{name}:{setting}: give a whole number.")
    return option, values if count > 1 else int(values[0]) if isinstance(default, int) else values[0]


def _listed(name: str) -> str:
    return ", ".join(f"{option}={default}" for option, default in options(name).items()) or "none"


def _make(name: str, values: dict[str, Number], num_frames: int, rng: np.random.Generator, middle: float) -> CameraPath:
    chosen = dict(values)
    if name in _MIDDLE:
        chosen.setdefault(_MIDDLE[name], middle)
    needs_rng = "rng" in inspect.signature(_PATHS[name]).parameters
    return _PATHS[name](num_frames, *([rng] if needs_rng else []), **chosen)
