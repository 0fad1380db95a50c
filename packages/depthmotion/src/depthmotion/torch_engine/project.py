"""Points moved and projected, and rays brought back, for all pixels of many frames at once."""

from __future__ import annotations

import torch
from jaxtyping import Float32, Int64

Vector = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def apply(
    matrix: Float32[torch.Tensor, "n k 3 3"],
    x: Float32[torch.Tensor, "n p"],
    y: Float32[torch.Tensor, "n p"],
    *,
    labels: Int64[torch.Tensor, "n p"] | None,
) -> Vector:
    """Return M·(x, y, 1) per pixel, M being that of the pixel's object (`labels`; None: there is one object)."""
    rows = []
    for row in range(3):
        first, second, third = (of_object(matrix[:, :, row, column], labels) for column in range(3))
        rows.append(first * x + second * y + third)
    return rows[0], rows[1], rows[2]


def of_object(
    values: Float32[torch.Tensor, "n k"], labels: Int64[torch.Tensor, "n p"] | None
) -> Float32[torch.Tensor, "n p_or_1"]:
    """Return the value of each pixel's object, or of the only one."""
    return values[:, :1] if labels is None else values.gather(1, labels)


def displaced(
    point: Vector, shift: Float32[torch.Tensor, "n k 3"], disparity: torch.Tensor, *, labels: torch.Tensor | None
) -> Vector:
    """Return points moved by the parallax of their disparity: + b·d."""
    x, y, z = (part + of_object(shift[:, :, axis], labels) * disparity for axis, part in enumerate(point))
    return x, y, z
