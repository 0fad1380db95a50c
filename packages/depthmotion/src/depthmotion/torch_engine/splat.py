"""Forward splat: the nearest point of the photo at every pixel of many frames."""

from __future__ import annotations

import torch
from jaxtyping import Float32, Int64

from depthmotion.torch_engine.frames import Frames, Scenes
from depthmotion.torch_engine.project import apply, displaced

NOTHING, BORDER = -1, -3
LEAST_AHEAD = 1e-6


def splat(scenes: Scenes, frames: Frames) -> tuple[Int64[torch.Tensor, "n h2 w2"], Float32[torch.Tensor, "n h2 w2"]]:
    """Return the point that every pixel shows and its inverse depth, with a border of one pixel.

    A pixel that no point reaches shows `NOTHING` at 0; the border shows `BORDER`. Of points at one depth the first
    wins.
    """
    height, width, scene = scenes.height, scenes.width, frames.scene
    points = height * width
    number = torch.arange(points, device=scenes.device)
    centre = scenes.centre[scene]
    x = (number % width).float()[None] - centre[:, :1]
    y = (number // width).float()[None] - centre[:, 1:]
    disparity = scenes.disparity[scene]
    labels = scenes.labels[scene] if scenes.num_objects > 1 else None
    moved = displaced(apply(frames.matrix, x, y, labels=labels), frames.shift, disparity, labels=labels)
    ahead = moved[2] > LEAST_AHEAD
    scale = 1.0 / torch.where(ahead, moved[2], 1.0)
    u = moved[0] * scale + (centre[:, :1] + 0.5)
    v = moved[1] * scale + (centre[:, 1:] + 0.5)
    inside = ahead & (u >= 0) & (v >= 0) & (u < width) & (v < height)
    stride = width + 2
    cell = torch.where(inside, (v.long() + 1) * stride + u.long() + 1, 0)
    # The bits of a positive float are ordered as the float is: one maximum finds the nearest point and its number.
    near = (disparity * scale).view(torch.int32).long()
    key = (near << 32) | (points - 1 - number)
    best = torch.full((len(frames), (height + 2) * stride), NOTHING, dtype=torch.int64, device=scenes.device)
    best.scatter_reduce_(1, cell, key, "amax")
    hit = best >= 0
    index = torch.where(hit, points - 1 - (best & 0xFFFFFFFF), NOTHING).view(-1, height + 2, stride)
    nearness = torch.where(hit, best >> 32, 0).int().view(torch.float32).view(-1, height + 2, stride)
    for side in (index[:, 0], index[:, -1], index[:, :, 0], index[:, :, -1]):
        side.fill_(BORDER)
    nearness[:, 0, 0] = 0  # where everything went that left the frame
    return index, nearness
