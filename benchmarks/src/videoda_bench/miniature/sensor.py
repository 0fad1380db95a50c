"""From rendered light to a picture: exposure, colour cast, vignette, defocus, noise, 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8


@dataclass(frozen=True)
class Look:
    """How a camera renders light; `defocus` is a blur radius in pixels, `noise` a standard deviation of full scale."""

    gain: float
    gamma: float
    cast: tuple[float, float, float]
    saturation: float
    vignette: float
    defocus: float
    noise: float


def sample_look(rng: np.random.Generator, *, video: bool) -> Look:
    """A photo camera's clean look, or a video camera's softer, noisier and more varied one."""
    wide = 1.6 if video else 1.0
    red, green, blue = 1 + wide * rng.normal(0, 0.03, 3)
    return Look(
        gain=float(np.exp(wide * rng.normal(0.05, 0.1))),
        gamma=float(np.exp(wide * rng.normal(0, 0.08))),
        cast=(float(red), float(green), float(blue)),
        saturation=float(rng.uniform(0.45, 1.1) if video else rng.uniform(0.85, 1.2)),
        vignette=float(rng.uniform(0, 0.3)),
        defocus=float(rng.choice([0.35, 0.7, 1.1], p=[0.4, 0.4, 0.2]) if video else 0.0),
        noise=float(rng.uniform(0.008, 0.03) if video else rng.uniform(0.003, 0.012)),
    )


def develop(light: Float32[np.ndarray, "h w 3"], *, look: Look, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """The picture that a camera with this look makes of rendered light."""
    height, width = light.shape[:2]
    out = light * np.array([look.gain * c for c in look.cast], np.float32)
    grey = out.mean(axis=-1, keepdims=True)
    out = grey + np.float32(look.saturation) * (out - grey)
    if look.defocus > 0:
        out = cv2.GaussianBlur(out, (0, 0), look.defocus)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    out *= (1 - np.float32(look.vignette * 0.5) * (x * x + y * y))[..., None]
    out = cv2.pow(np.maximum(out, 0), look.gamma)
    grain = rng.standard_normal((height, width, 1), dtype=np.float32)
    out += np.float32(look.noise) * grain
    return np.clip(255 * out + 0.5, 0, 255).astype(np.uint8)
