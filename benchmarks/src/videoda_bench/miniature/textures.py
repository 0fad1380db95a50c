"""Procedural surfaces: fractal noise, gradients, bricks, planks, foliage and crowds as colour images."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32

Texture = Float32[np.ndarray, "h w 3"]
Field = Float32[np.ndarray, "h w"]
RGB = Sequence[float] | np.ndarray
"""Three colour channels in [0, 1]."""


def fractal(
    rng: np.random.Generator, size: tuple[int, int], *, feature: float, octaves: int = 4, stretch: float = 1.0
) -> Field:
    """Fractal noise, mean 0, standard deviation 1, with features of about `feature` pixels, `stretch` times wider."""
    height, width = size
    total = np.zeros(size, dtype=np.float32)
    for octave in range(octaves):
        step = max(feature / 2**octave, 1.0)
        grid = (int(height / step) + 3, int(width / (step * stretch)) + 3)
        noise = rng.standard_normal(grid, dtype=np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.6**octave)
    total -= total.mean()
    return total / max(float(total.std()), 1e-6)


def tinted(field: Field, colour: RGB, *, contrast: float) -> Texture:
    """A colour modulated by a field: colour · (1 + contrast · field)."""
    return (np.asarray(colour, dtype=np.float32) * (1 + np.float32(contrast) * field[..., None])).astype(np.float32)


def gradient(size: tuple[int, int], top: RGB, bottom: RGB) -> Texture:
    """A vertical blend from one colour to another."""
    u = np.linspace(0, 1, size[0], dtype=np.float32)[:, None, None]
    rows = (1 - u) * np.asarray(top, np.float32) + u * np.asarray(bottom, np.float32)
    return np.ascontiguousarray(np.broadcast_to(rows, (*size, 3)))


def blocks(
    rng: np.random.Generator,
    size: tuple[int, int],
    *,
    block: tuple[float, float],
    colour: RGB,
    joint: RGB,
    spread: float = 0.12,
    gap: float = 1.2,
    stagger: bool = True,
) -> Texture:
    """Bricks, tiles or planks of block = (height, width) pixels, each of its own shade, with `gap` pixels between."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    row = np.floor(y / block[0]).astype(int)
    x = x + (row % 2) * (0.5 * block[1] if stagger else 0.0)
    column = np.floor(x / block[1]).astype(int)
    shades = rng.normal(1, spread, (row.max() + 1, column.max() + 1)).astype(np.float32)
    out = np.asarray(colour, np.float32) * shades[row, column][..., None]
    seam = (np.mod(y, block[0]) < gap) | (np.mod(x, block[1]) < gap)
    out[seam] = joint
    return (out * (1 + 0.06 * fractal(rng, size, feature=3, octaves=2)[..., None])).astype(np.float32)


def foliage(rng: np.random.Generator, size: tuple[int, int], *, colour: RGB, feature: float) -> Texture:
    """Leaves: light and dark clumps with bright specks."""
    clumps = fractal(rng, size, feature=feature, octaves=5)
    out = tinted(clumps, colour, contrast=0.32)
    specks = fractal(rng, size, feature=max(feature / 6, 1.5), octaves=1) > 1.4
    out[specks] = out[specks] * 1.25 + 0.06
    return out


def paint_rectangle(image: Texture, *, box: tuple[float, float, float, float], colour: RGB) -> None:
    """Fill (left, top, right, bottom) in pixels, cut at the image's border."""
    left, top, right, bottom = (round(max(value, 0)) for value in box)
    image[top:bottom, left:right] = colour


def paint_specks(
    rng: np.random.Generator,
    image: Texture,
    *,
    rows: tuple[float, float],
    size: float,
    density: float,
    palette: Float32[np.ndarray, "1 n 3"],
) -> None:
    """Fill a band of rows with small upright ellipses coloured from a (1, n, 3) palette: a crowd, bottles, flowers."""
    top, bottom = int(max(rows[0], 0)), int(min(rows[1], image.shape[0]))
    if bottom <= top:
        return
    count = int(density * (bottom - top) * image.shape[1] / max(size, 1.0) ** 2)
    band = image[top:bottom]
    for y, x, shade, pick in zip(
        np.sort(rng.uniform(0, bottom - top, count)),
        rng.uniform(0, image.shape[1], count),
        rng.uniform(0.6, 1.2, count),
        rng.integers(0, palette.shape[1], count),
        strict=True,
    ):
        colour = tuple(float(c) for c in palette[0, pick] * shade)
        half = (max(1, round(size * 0.32)), max(1, round(size * 0.6)))
        cv2.ellipse(band, (int(x), int(y)), half, 0, 0, 360, colour, -1)


def blurred_levels(texture: Texture, levels: int = 4) -> Float32[np.ndarray, "levels h w 3"]:
    """The texture and ever blurrier copies at the same size, for sampling from afar without aliasing."""
    stack = [np.clip(texture, 0.0, 1.2).astype(np.float32)]
    for level in range(1, levels):
        stack.append(cv2.GaussianBlur(stack[0], (0, 0), 0.6 * 2**level, borderType=cv2.BORDER_REFLECT))
    return np.ascontiguousarray(np.stack(stack))
