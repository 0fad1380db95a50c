"""Flow as colour: hue is direction, saturation is magnitude (the Middlebury wheel)."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float, Float64, UInt8

from depthmotion.errors import ConfigError


@functools.cache
def _wheel() -> Float64[np.ndarray, "55 3"]:
    """Return the 55 hues of Baker et al., 'A database and evaluation methodology for optical flow', in 0 … 1."""
    red, yellow, green, cyan, blue, magenta = np.eye(3)[0], np.array([1.0, 1, 0]), *np.eye(3)[[1]], \
        np.array([0.0, 1, 1]), np.eye(3)[2], np.array([1.0, 0, 1])  # fmt: skip
    stops = [(red, yellow, 15), (yellow, green, 6), (green, cyan, 4), (cyan, blue, 11), (blue, magenta, 13)]
    stops.append((magenta, red, 6))
    rows = [start + (stop - start) * step / count for start, stop, count in stops for step in range(count)]
    return np.stack(rows)


def flow_to_color(
    flow: Float[np.ndarray, "*batch h w 2"], *, max_magnitude: float | None = None
) -> UInt8[np.ndarray, "*batch h w 3"]:
    """Return RGB uint8 of flow in pixels; `max_magnitude` (default: the largest there is) gets full saturation.

    Zero is white, larger magnitudes are darkened, values that are not finite are black.
    """
    if max_magnitude is not None and not max_magnitude > 0:
        raise ConfigError(f"max_magnitude={max_magnitude}: give pixels above 0, or None.")
    finite = np.isfinite(flow).all(axis=-1)
    u, v = (np.where(finite, flow[..., axis], 0.0).astype(np.float32) for axis in (0, 1))
    magnitude = np.hypot(u, v)
    largest = float(magnitude.max(initial=0.0)) if max_magnitude is None else max_magnitude
    radius = (magnitude / max(largest, 1e-9))[..., None]
    wheel = _wheel()
    place = (np.arctan2(-v, -u) / np.pi + 1) / 2 * (len(wheel) - 1)
    lower = np.clip(place.astype(np.int64), 0, len(wheel) - 1)
    part = (place - lower)[..., None]
    hue = (1 - part) * wheel[lower] + part * wheel[(lower + 1) % len(wheel)]
    colour = np.where(radius <= 1, 1 - radius * (1 - hue), hue * 0.75)
    colour[~finite] = 0
    return np.floor(255 * colour).astype(np.uint8)
