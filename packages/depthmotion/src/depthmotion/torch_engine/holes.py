"""Pixels that no point of the photo reaches: which surface is continued there, in many frames at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float32, Int64

from depthmotion.holes import NEXT_TO_HOLE
from depthmotion.torch_engine.frames import Frames, Scenes
from depthmotion.torch_engine.splat import NOTHING

FAR = 1 << 30


@dataclass(frozen=True)
class Shown:
    """What every pixel of N frames shows: a point, seen or only continued, in the photo's colours or the backdrop's."""

    point: Int64[torch.Tensor, "n p"]
    nearness: Float32[torch.Tensor, "n p"]
    seen: Bool[torch.Tensor, "n p"]
    plate: Bool[torch.Tensor, "n p"]


def continue_surfaces(
    scenes: Scenes,
    frames: Frames,
    index: Int64[torch.Tensor, "n h2 w2"],
    nearness: Float32[torch.Tensor, "n h2 w2"],
) -> Shown:
    """Give each hole the point that it continues.

    Of the shown pixels that enclose a hole in its row, or in its column if they are closer together there, that is the
    farther one: what was hidden lies behind. A hole that reaches the frame's border continues the nearest pixel, or
    what its neighbours continue. Pixels beside a hole are coloured by the plate: in the photo they touch what was in
    front.
    """
    stride = index.shape[2]
    points, near = index.view(-1), nearness.view(-1)
    plate = torch.zeros(points.shape, dtype=torch.bool, device=index.device)
    seen = index >= 0
    hole = (index == NOTHING).view(-1).nonzero()[:, 0]
    if len(hole):
        cells = torch.arange(points.numel(), device=index.device).view_as(index)
        left, right = _last_shown(seen, cells, 2), _next_shown(seen, cells, 2)
        above, below = _last_shown(seen, cells, 1), _next_shown(seen, cells, 1)
        ends = torch.stack([end.view(-1)[hole] for end in (left, right, above, below)])
        chosen, step = _choose(scenes, frames, ends, hole, points, near, stride=stride)
        _colour_by_plate(scenes, frames, chosen, step, points, near, plate, cells_per_frame=index[0].numel())
        points[hole] = torch.where(chosen >= 0, points[chosen.clamp(min=0)], NOTHING)
        near[hole] = torch.where(chosen >= 0, -near[chosen.clamp(min=0)], 0)
        _spread(index)

    def inner(values: torch.Tensor) -> torch.Tensor:
        return values.view_as(index)[:, 1:-1, 1:-1].flatten(1)

    return Shown(inner(points).clamp(min=0), inner(near), inner(seen), inner(plate))


def _last_shown(seen: torch.Tensor, cells: torch.Tensor, dim: int) -> torch.Tensor:
    """Return the last shown cell before or at each one along an axis, -1 for none."""
    return torch.where(seen, cells, -1).cummax(dim).values


def _next_shown(seen: torch.Tensor, cells: torch.Tensor, dim: int) -> torch.Tensor:
    """Return the first shown cell after or at each one along an axis, `FAR` squared for none."""
    return torch.where(seen, cells, FAR * FAR).flip(dim).cummin(dim).values.flip(dim)


def _choose(
    scenes: Scenes,
    frames: Frames,
    ends: Int64[torch.Tensor, "4 q"],
    hole: Int64[torch.Tensor, " q"],
    points: Int64[torch.Tensor, " cells"],
    near: Float32[torch.Tensor, " cells"],
    *,
    stride: int,
) -> tuple[Int64[torch.Tensor, " q"], Int64[torch.Tensor, " q"]]:
    """Return the cell that each hole continues (-1: none in its row and column), and the step away from the hole.

    The step is 0 where both ends lie on one surface, and at the frame's border.
    """
    size = scenes.height * stride + 2 * stride
    frame = hole // size
    left, right, above, below = ends
    # A row's or a column's ends are of its own frame: along an axis the scan never leaves it.
    has = torch.stack([left >= 0, right < FAR * FAR, above >= 0, below < FAR * FAR])
    across = torch.where(has[0] & has[1], right - left, FAR)
    down = torch.where(has[2] & has[3], (below - above) // stride, FAR)
    in_row = across <= down
    enclosed = torch.minimum(across, down) < FAR
    first, last = torch.where(in_row, left, above), torch.where(in_row, right, below)
    first, last = torch.where(enclosed, first, hole), torch.where(enclosed, last, hole)
    difference = near[first] - near[last]
    tolerance = scenes.tolerance[frames.scene[frame]]
    behind = difference < 0  # the first is the farther one
    if scenes.num_objects > 1:
        offset = frames.scene[frame] * scenes.disparity.shape[1]
        labels = scenes.labels.view(-1)
        label, other = (labels[offset + points[end].clamp(min=0)] for end in (first, last))
        alike = (difference.abs() <= tolerance) & (label != other)
        behind = torch.where(alike, label < other, behind)
    farther = torch.where(behind, first, last)
    step = torch.where(in_row, 1, stride) * torch.where(behind, -1, 1)
    step = torch.where(enclosed & (difference.abs() > tolerance), step, 0)
    distance = torch.stack([hole - left, right - hole, (hole - above) // stride, (below - hole) // stride])
    distance = torch.where(has, distance, FAR)
    order = torch.arange(4, device=hole.device)[:, None]
    nearest = (distance * 4 + order).min(dim=0).values
    closest = ends.gather(0, (nearest % 4)[None])[0]
    open_end = torch.where(nearest < 4 * FAR, closest, -1)
    return torch.where(enclosed, farther, open_end), step


def _colour_by_plate(
    scenes: Scenes,
    frames: Frames,
    chosen: Int64[torch.Tensor, " q"],
    step: Int64[torch.Tensor, " q"],
    points: Int64[torch.Tensor, " cells"],
    near: Float32[torch.Tensor, " cells"],
    plate: Bool[torch.Tensor, " cells"],
    *,
    cells_per_frame: int,
) -> None:
    """Mark what lies behind a hole's edge and goes on away from it as coloured by the plate."""
    alive = (step != 0).nonzero()[:, 0]
    cell, way = chosen[alive], step[alive]
    start = near[cell]
    scene = frames.scene[cell // cells_per_frame]
    for _ in range(NEXT_TO_HOLE):
        point = points[cell]
        covered = scenes.covered.view(-1)[scene * scenes.disparity.shape[1] + point.clamp(min=0)]
        going = (point >= 0) & ~covered & ((near[cell] - start).abs() <= scenes.tolerance[scene])
        cell, way, start, scene = cell[going], way[going], start[going], scene[going]
        plate[cell] = True
        cell = cell + way


def _spread(index: Int64[torch.Tensor, "n h2 w2"]) -> None:
    """Let holes with nothing shown in their row and column continue what a neighbour does; changes `index`."""
    inner = index[:, 1:-1, 1:-1]
    for dim, backwards in ((2, True), (1, True), (2, False), (1, False)):
        if not bool((inner == NOTHING).any()):
            return
        ordered = inner.flip(dim) if backwards else inner
        place = torch.arange(ordered.shape[dim], device=index.device).view([-1 if k == dim else 1 for k in range(3)])
        last = torch.where(ordered != NOTHING, place, 0).cummax(dim).values
        filled = ordered.gather(dim, last)
        inner.copy_(filled.flip(dim) if backwards else filled)
