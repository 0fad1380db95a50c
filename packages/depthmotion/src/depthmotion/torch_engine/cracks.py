"""Pixels that a splat misses between the points of one surface, in many frames at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float32, Int64

from depthmotion.torch_engine.frames import Frames, Scenes
from depthmotion.torch_engine.splat import LEAST_AHEAD, NOTHING


def close_cracks(
    scenes: Scenes,
    frames: Frames,
    index: Int64[torch.Tensor, "n h2 w2"],
    nearness: Float32[torch.Tensor, "n h2 w2"],
) -> None:
    """Give holes, and pixels that show a far surface through a near one, to the neighbour whose cell covers them.

    Changes `index` and `nearness`. Round by round: what was found in one may cover the holes beside it in the next.
    """
    stride = index.shape[2]
    points, near = index.view(-1), nearness.view(-1)
    beside = torch.tensor(
        [-1, 1, -stride, stride, -stride - 1, -stride + 1, stride - 1, stride + 1], device=index.device
    )
    tolerance = scenes.tolerance[frames.scene][:, None, None]
    highest = F.max_pool2d(nearness[:, None], 3, stride=1, padding=1)[:, 0]
    wanted = (highest > torch.where(nearness > 0, nearness + tolerance, 0)) & (index >= NOTHING)
    queue = wanted.view(-1).nonzero()[:, 0]
    while len(queue):
        winner, value = _nearest_cover(scenes, frames, queue, beside, points, near)
        found = winner >= 0
        queue = queue[found]
        points[queue], near[queue] = winner[found], value[found]
        around = (queue[:, None] + beside).view(-1)
        queue = torch.unique(around[points[around] == NOTHING])


def _nearest_cover(
    scenes: Scenes,
    frames: Frames,
    queue: Int64[torch.Tensor, " q"],
    beside: Int64[torch.Tensor, "8"],
    points: Int64[torch.Tensor, " cells"],
    near: Float32[torch.Tensor, " cells"],
) -> tuple[Int64[torch.Tensor, " q"], Float32[torch.Tensor, " q"]]:
    """Return for each pixel the neighbour's point whose plane covers it, nearest to the eye, and how near; or -1."""
    stride, width = scenes.width + 2, scenes.width
    cells = (scenes.height + 2) * stride
    frame, cell = queue // cells, queue % cells
    scene = frames.scene[frame]
    centre = scenes.centre[scene]
    x = (cell % stride - 1).float() - centre[:, 0]
    y = (cell // stride - 1).float() - centre[:, 1]
    tolerance = scenes.tolerance[scene]
    best = torch.where(points[queue] >= 0, near[queue] + tolerance, 0)
    winner = torch.full_like(queue, -1)
    flat = scenes.planes.view(-1, 4)
    first = scene * scenes.disparity.shape[1]
    for offset in beside.tolist():
        other = near[queue + offset]
        point = points[queue + offset].clamp(min=0)
        a, b, c, reach = flat[first + point].unbind(1)
        label = scenes.labels.view(-1)[first + point] if scenes.num_objects > 1 else torch.zeros_like(point)
        inverse, back = frames.inverse[frame, label], frames.back[frame, label]
        r0, r1, r2 = (inverse[:, row, 0] * x + inverse[:, row, 1] * y + inverse[:, row, 2] for row in range(3))
        b0, b1, b2 = back.unbind(1)
        px, py = (point % width).float() - centre[:, 0], (point // width).float() - centre[:, 1]
        below = 1 + a * b0 + b * b1 + c * b2
        s = a * r0 + b * r1 + c * r2
        ahead = r2 * below - b2 * s
        hit = (below > LEAST_AHEAD) & (s > 0) & (ahead > LEAST_AHEAD * below)
        hit &= (r0 * below - b0 * s - px * ahead).abs() <= reach.abs() * ahead
        hit &= (r1 * below - b1 * s - py * ahead).abs() <= reach.abs() * ahead
        # One surface with all its neighbours in the photo, none of which it hides.
        step = (points[queue] - point).abs()
        hit &= ~((points[queue] >= 0) & (reach.abs() == 1) & ((step == 1) | ((step - width).abs() <= 1)))
        value = s / below
        # Once a plane covers the pixel, only a nearer surface is of interest, not its own neighbours' planes.
        hit &= (other > torch.where(winner < 0, best, best + tolerance)) & (value > best)
        winner, best = torch.where(hit, point, winner), torch.where(hit, value, best)
    return winner, best
