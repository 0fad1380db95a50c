"""From visible points to exact source coordinates, colours and flow, for many frames at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32, Int64, UInt8

from depthmotion.torch_engine.frames import LANE, Frames, Scenes
from depthmotion.torch_engine.holes import Shown
from depthmotion.torch_engine.project import Vector, apply, displaced, of_object
from depthmotion.torch_engine.splat import LEAST_AHEAD

BITS = 5
STEPS = 1 << BITS
"""Steps per texture pixel."""


def intersect(scenes: Scenes, frames: Frames, shown: Shown, labels: Int64[torch.Tensor, "n p"] | None) -> Vector:
    """Return where the rays of all pixels meet the planes of their points: source x, y (from the centre), disparity."""
    x, y = _pixels(scenes, frames)
    plane = scenes.planes.view(-1, 4)[_flat(scenes, frames, shown.point)]
    a, b, c = (torch.where(shown.seen, plane[..., axis], 0) for axis in range(3))
    # A surface that is continued into a hole faces the camera.
    c = torch.where(shown.seen, c, scenes.disparity[frames.scene].gather(1, shown.point))
    r0, r1, r2 = apply(frames.inverse, x, y, labels=labels)
    b0, b1, b2 = (of_object(frames.back[:, :, axis], labels) for axis in range(3))
    s = (a * r0 + b * r1 + c * r2) / (1 + a * b0 + b * b1 + c * b2)
    # A plane that a ray only grazes is met far from its point.
    near = shown.nearness
    s = torch.minimum(torch.maximum(s, 0.5 * near), torch.where(near > 0, 2 * near, s))
    scale = 1.0 / (r2 - b2 * s)
    return (r0 - b0 * s) * scale, (r1 - b1 * s) * scale, s * scale


def flow_of(
    scenes: Scenes, frames: Frames, source: Vector, labels: Int64[torch.Tensor, "n p"] | None
) -> Float32[torch.Tensor, "n h w 2"]:
    """Return where the next motion takes the source points, minus where they are seen [px]."""
    x, y = _pixels(scenes, frames)
    moved = displaced(
        apply(frames.to_matrix, source[0], source[1], labels=labels), frames.to_shift, source[2], labels=labels
    )
    scale = 1.0 / moved[2].clamp(min=LEAST_AHEAD)
    flow = torch.stack([moved[0] * scale - x, moved[1] * scale - y], dim=-1)
    return flow.view(-1, scenes.height, scenes.width, 2)


def colours(
    scenes: Scenes, frames: Frames, shown: Shown, source: Vector, labels: Int64[torch.Tensor, "n p"] | None
) -> UInt8[torch.Tensor, "n h w 3"]:
    """Read the photo or what is behind and around it at the source coordinates."""
    height, width = scenes.height, scenes.width
    centre = scenes.centre[frames.scene]
    u, v = source[0] + centre[:, :1], source[1] + centre[:, 1:]
    near_u, near_v = u.clamp(0, width - 1), v.clamp(0, height - 1)
    # Where the plate has painted over the very surface that is continued, the photo shows it.
    at = _flat(scenes, frames, (near_v + 0.5).long() * width + (near_u + 0.5).long())
    own = (near_u == u) & (near_v == v) & scenes.covered.view(-1)[at]
    own &= scenes.disparity.view(-1)[at] <= source[2] + scenes.tolerance[frames.scene][:, None]
    if labels is not None:
        own &= scenes.labels.view(-1)[at] == labels
    backdrop = torch.where(shown.seen, shown.plate | _alone(scenes, frames, shown), ~own)
    # Where that surface has ended in the photo and something farther is, its own last colour goes on.
    ended = ~shown.seen & (near_u == u) & (near_v == v) & ~scenes.covered.view(-1)[at]
    ended &= scenes.disparity.view(-1)[at] < source[2] - scenes.tolerance[frames.scene][:, None]
    near_u = torch.where(ended, (shown.point % width).float(), near_u)
    near_v = torch.where(ended, (shown.point // width).float(), near_v)
    backdrop &= ~ended
    top, bottom, left, right = scenes.margins[frames.scene].float()[..., None].unbind(1)
    past_u = torch.minimum((u + left).clamp(min=0), width - 1 + left + right)
    past_v = torch.minimum((v + top).clamp(min=0), height - 1 + top + bottom)
    column = (torch.where(backdrop, past_u, 2 * near_u) * STEPS + 0.5).long()
    row = (torch.where(backdrop, past_v, 2 * near_v) * STEPS + 0.5).long()
    row += torch.where(backdrop, 2 * height * STEPS, 0)
    return _bilinear(scenes, frames, column, row).view(-1, height, width, 3)


def _alone(scenes: Scenes, frames: Frames, shown: Shown) -> Bool[torch.Tensor, "n p"]:
    """Return where points are no longer beside the nearer thing that has a share in their colour."""
    near = shown.nearness.view(-1, 1, scenes.height, scenes.width)
    nearest = F.max_pool2d(near, 3, stride=1, padding=1).flatten(1)
    mixed = scenes.planes.view(-1, 4)[_flat(scenes, frames, shown.point), 3] < 0
    return mixed & (nearest <= shown.nearness + scenes.tolerance[frames.scene][:, None])


def _bilinear(
    scenes: Scenes, frames: Frames, column: Int64[torch.Tensor, "n p"], row: Int64[torch.Tensor, "n p"]
) -> UInt8[torch.Tensor, "n p 3"]:
    """Interpolate the texture at coordinates in steps of 1/32, in whole numbers and rounded as OpenCV does."""
    rows, columns = scenes.texture.shape[1:]
    texture = scenes.texture.view(-1)
    first = frames.scene[:, None] * (rows * columns)
    x0, y0 = column >> BITS, row >> BITS
    across, down = column & (STEPS - 1), row & (STEPS - 1)
    x1, y1 = (x0 + 1).clamp(max=columns - 1), (y0 + 1).clamp(max=rows - 1)
    half = STEPS * STEPS // 2
    total = torch.full_like(across, half | (half << LANE) | (half << (2 * LANE)))
    for y, vertical in ((y0, STEPS - down), (y1, down)):
        line = first + y * columns
        for x, horizontal in ((x0, STEPS - across), (x1, across)):
            total += texture[line + x] * (vertical * horizontal)
    return torch.stack([((total >> (colour * LANE + 2 * BITS)) & 255).to(torch.uint8) for colour in range(3)], dim=-1)


def _pixels(scenes: Scenes, frames: Frames) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the coordinates of all pixels from the principal point, each (N, P)."""
    number = torch.arange(scenes.height * scenes.width, device=scenes.device)
    centre = scenes.centre[frames.scene]
    return (number % scenes.width).float() - centre[:, :1], (number // scenes.width).float() - centre[:, 1:]


def _flat(scenes: Scenes, frames: Frames, point: Int64[torch.Tensor, "n p"]) -> Int64[torch.Tensor, "n p"]:
    """Return points as places in the points of all scenes."""
    return point + frames.scene[:, None] * scenes.disparity.shape[1]
