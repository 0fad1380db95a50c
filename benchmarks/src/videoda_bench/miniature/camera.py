"""Where the picture is taken from: framing, view angle, hand-held shake and panning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.skeleton import rotation


@dataclass(frozen=True)
class Camera:
    """A pinhole camera at `eye` [m]; rows of `axes` are its right, down, forward axes in the world; focal in pixels."""

    eye: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "3 3"]
    focal: float


@dataclass(frozen=True)
class Framing:
    """How a shot is framed: metres of scene height in the picture at the subject, aim point [m], camera height [m]."""

    view_height: float
    aim: tuple[float, float]
    camera_height: float
    focal_per_width: float
    roll_deg: float
    shake_deg: float
    pan_deg_per_second: float


def sample_photo_framing(rng: np.random.Generator, *, height: float, leg_driven: bool) -> Framing:
    """A still's framing: the whole figure or most of it, near eye level, steady."""
    close = rng.random() < (0.1 if leg_driven else 0.4)
    view = height * float(rng.uniform(0.7, 0.95) if close else rng.uniform(1.06, 1.35))
    middle = height * float(rng.uniform(0.66, 0.74) if close else rng.uniform(0.5, 0.58))
    return Framing(
        view_height=view,
        aim=(float(rng.normal(0, 0.1) * view), middle),
        camera_height=float(rng.uniform(0.9, 1.8)),
        focal_per_width=float(rng.uniform(1.0, 1.5)),
        roll_deg=float(rng.normal(0, 1.0)),
        shake_deg=0.0,
        pan_deg_per_second=0.0,
    )


def sample_video_framing(rng: np.random.Generator, *, height: float, leg_driven: bool) -> Framing:
    """A video's framing: wider or cropped, from high or low, hand-held, at times panning."""
    close = rng.random() < (0.15 if leg_driven else 0.4)
    view = height * float(rng.uniform(0.65, 0.95) if close else rng.uniform(1.04, 1.5))
    middle = height * float(rng.uniform(0.62, 0.76) if close else rng.uniform(0.46, 0.62))
    return Framing(
        view_height=view,
        aim=(float(rng.normal(0, 0.1) * view), middle),
        camera_height=float(rng.uniform(0.5, 2.9)),
        focal_per_width=float(rng.uniform(0.8, 1.4)),
        roll_deg=float(rng.normal(0, 2.5)),
        shake_deg=float(rng.choice([0.05, 0.25, 0.6], p=[0.3, 0.45, 0.25])),
        pan_deg_per_second=float(rng.normal(0, 3.0) if rng.random() < 0.35 else 0.0),
    )


def smooth_noise(
    times: Float[np.ndarray, " t"],
    rng: np.random.Generator,
    *,
    lowest_hertz: float,
    highest_hertz: float,
    waves: int = 4,
) -> Float[np.ndarray, " t"]:
    """A smooth random signal of standard deviation about 1: sine waves, slow ones stronger."""
    hertz = np.exp(rng.uniform(np.log(lowest_hertz), np.log(highest_hertz), waves))
    weight = 1.0 / np.sqrt(hertz)
    weight *= np.sqrt(2.0) / np.linalg.norm(weight)
    angle = 2 * np.pi * (hertz * times[:, None] + rng.random(waves))
    return np.sin(angle) @ weight


def film(
    framing: Framing,
    times: Float[np.ndarray, " t"],
    *,
    subject: Float[np.ndarray, "t 3"],
    image_size: tuple[int, int],
    rng: np.random.Generator,
) -> list[Camera]:
    """The camera at T times [s], on the +z side of the subject [m], looking towards −z, following and shaking."""
    focal = framing.focal_per_width * image_size[1]
    distance = focal * framing.view_height / image_size[0]

    def shake() -> Float[np.ndarray, " t"]:
        return smooth_noise(times, rng, lowest_hertz=0.4, highest_hertz=3.5)

    drift = 0.02 * framing.shake_deg * np.stack([shake(), shake(), shake()], axis=-1)
    eyes = subject * np.array([1.0, 0.0, 1.0]) + np.array([framing.aim[0], framing.camera_height, distance]) + drift
    pan = framing.pan_deg_per_second * (times - times.mean())
    pitch = np.rad2deg(np.arctan2(framing.camera_height - framing.aim[1], distance)) + framing.shake_deg * shake()
    level = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    turned = rotation("z", framing.roll_deg + 0.5 * framing.shake_deg * shake()) @ rotation("x", pitch)
    axes = turned @ level @ rotation("y", pan + framing.shake_deg * shake())
    return [
        Camera(np.ascontiguousarray(eye), np.ascontiguousarray(axis), focal)
        for eye, axis in zip(eyes, axes, strict=True)
    ]
