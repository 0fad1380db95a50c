"""Pixels that an edge crosses, in many frames at once: near colours over what the frame shows behind them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32, Int64, UInt8

from depthmotion.matting import EDGE_STEPS, NO_EDGE
from depthmotion.torch_engine.frames import LANE, Frames, Scenes
from depthmotion.torch_engine.holes import Shown


@dataclass(frozen=True)
class _Rays:
    """The rays of Q pixels: their scene, frame and place from the principal point."""

    scenes: Scenes
    frames: Frames
    scene: Int64[torch.Tensor, " q"]
    frame: Int64[torch.Tensor, " q"]
    x: Float32[torch.Tensor, " q"]
    y: Float32[torch.Tensor, " q"]

    def point(self, values: torch.Tensor, point: Int64[torch.Tensor, " q"]) -> torch.Tensor:
        """Return what an array over all scenes' points holds for one point per ray."""
        return values.flatten(0, 1)[self.scene * self.scenes.disparity.shape[1] + point]

    def source_of(
        self, point: Int64[torch.Tensor, " q"], seen: Bool[torch.Tensor, " q"]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return where the rays meet the planes of points, or, if not seen, planes facing the camera."""
        a, b, c = (torch.where(seen, value, 0) for value in self.point(self.scenes.planes, point)[:, :3].unbind(1))
        c = torch.where(seen, c, self.point(self.scenes.disparity, point))
        label = self.point(self.scenes.labels, point)
        inverse, back = self.frames.inverse[self.frame, label], self.frames.back[self.frame, label]
        r0, r1, r2 = (
            inverse[:, row, 0] * self.x + inverse[:, row, 1] * self.y + inverse[:, row, 2] for row in range(3)
        )
        s = (a * r0 + b * r1 + c * r2) / (1 + a * back[:, 0] + b * back[:, 1] + c * back[:, 2])
        scale = 1.0 / (r2 - back[:, 2] * s)
        return (r0 - back[:, 0] * s) * scale, (r1 - back[:, 1] * s) * scale

    def share_of(
        self, point: Int64[torch.Tensor, " q"], u: Float32[torch.Tensor, " q"], v: Float32[torch.Tensor, " q"]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return which share of a pixel at (u, v) of the photo, from its centre, a point's surface takes.

        Exactly, and as the photo holds it, interpolated between pixels.
        """
        width, centre = self.scenes.width, self.scenes.centre[self.scene]
        dx = u - ((point % width).float() - centre[:, 0])
        dy = v - ((point // width).float() - centre[:, 1])
        edges = self.point(self.scenes.edges, point)
        share = held = ((dx.abs() <= 1) & (dy.abs() <= 1)).float()
        for side, past in enumerate((-dx, dx, -dy, dy)):
            full = 0.5 + edges[:, side].float() * (1 / EDGE_STEPS)
            own, outer = full.clamp(max=1), torch.where(past > 0, (full - 1).clamp(min=0), 1)
            whole = edges[:, side] == NO_EDGE
            share = share * torch.where(whole, 1, (full - past).clamp(0, 1))
            held = held * torch.where(whole, 1, own + past.abs() * (outer - own))
        return share, held

    def covered_behind(
        self,
        front: Int64[torch.Tensor, " q"],
        u: Float32[torch.Tensor, " q"],
        v: Float32[torch.Tensor, " q"],
        tolerance: Float32[torch.Tensor, " q"],
    ) -> Bool[torch.Tensor, " q"]:
        """Return where the photo's pixel at (u, v) is farther than a point and painted over in the plate."""
        centre = self.scenes.centre[self.scene]
        x = (u + centre[:, 0] + 0.5).long().clamp(0, self.scenes.width - 1)
        y = (v + centre[:, 1] + 0.5).long().clamp(0, self.scenes.height - 1)
        at = y * self.scenes.width + x
        disparity = self.scenes.disparity
        farther = self.point(disparity, at) < self.point(disparity, front) - tolerance
        return self.point(self.scenes.covered, at) & farther

    def photo(self, u: torch.Tensor, v: torch.Tensor) -> Float32[torch.Tensor, "q 3"]:
        """Read the photo at (u, v) from its centre."""
        size = (2 * self.scenes.height, 2 * self.scenes.width)
        centre = self.scenes.centre[self.scene]
        limits = (torch.full_like(u, size[1] - 1), torch.full_like(v, size[0] - 1))
        return self._read(2 * (u + centre[:, 0]), 2 * (v + centre[:, 1]), limits, first_row=0)

    def plate(self, u: torch.Tensor, v: torch.Tensor) -> Float32[torch.Tensor, "q 3"]:
        """Read what is behind and around the photo at (u, v) from its centre."""
        centre = self.scenes.centre[self.scene]
        top, bottom, left, right = self.scenes.margins[self.scene].float().unbind(1)
        limits = (self.scenes.width - 1 + left + right, self.scenes.height - 1 + top + bottom)
        return self._read(u + centre[:, 0] + left, v + centre[:, 1] + top, limits, first_row=2 * self.scenes.height)

    def _read(
        self, u: torch.Tensor, v: torch.Tensor, limits: tuple[torch.Tensor, torch.Tensor], *, first_row: int
    ) -> Float32[torch.Tensor, "q 3"]:
        u, v = torch.minimum(u.clamp(min=0), limits[0]), torch.minimum(v.clamp(min=0), limits[1])
        x0, y0 = u.long(), v.long()
        x1, y1 = torch.minimum(x0 + 1, limits[0].long()), torch.minimum(y0 + 1, limits[1].long())
        across, down = (u - x0)[:, None], (v - y0)[:, None]
        rows, columns = self.scenes.texture.shape[1:]
        texture = self.scenes.texture.view(-1)

        def colour(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            packed = texture[(self.scene * rows + first_row + y) * columns + x]
            return torch.stack([(packed >> (LANE * channel)) & 255 for channel in range(3)], dim=-1).float()

        above = colour(x0, y0) * (1 - across) + colour(x1, y0) * across
        below = colour(x0, y1) * (1 - across) + colour(x1, y1) * across
        return above * (1 - down) + below * down


def blend_silhouettes(scenes: Scenes, frames: Frames, shown: Shown, images: UInt8[torch.Tensor, "n h w 3"]) -> None:
    """Mix near and far colours in the pixels that edges run through; changes `images`.

    At the edge the photo is a mixture already, of the near surface and of what was behind it there: what is behind it
    now replaces that, in its share.
    """
    height, width = scenes.height, scenes.width
    first = (frames.scene * height * width)[:, None]
    edged = (scenes.edges != NO_EDGE).any(dim=-1).view(-1)[first + shown.point] & shown.seen
    around = F.max_pool2d(edged.view(-1, 1, height, width).float(), 3, stride=1, padding=1)
    queue = around.view(-1).nonzero()[:, 0]
    if not len(queue):
        return
    point, nearness, seen, plate = (part.reshape(-1) for part in (shown.point, shown.nearness, shown.seen, shown.plate))
    edged = edged.view(-1)
    frame = queue // (height * width)
    row, column = queue % (height * width) // width, queue % width
    centre = scenes.centre[frames.scene[frame]]
    rays = _Rays(scenes, frames, frames.scene[frame], frame, column - centre[:, 0], row - centre[:, 1])
    tolerance = scenes.tolerance[rays.scene]
    own_seen = seen[queue]
    own = nearness[queue].abs()
    share, held, u, v = torch.zeros_like(own), torch.ones_like(own), torch.zeros_like(own), torch.zeros_like(own)
    farthest, far, front = own - tolerance, torch.full_like(queue, -1), torch.zeros_like(queue)
    for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)):
        inside = (row + dy >= 0) & (row + dy < height) & (column + dx >= 0) & (column + dx < width)
        beside = torch.where(inside, queue + dy * width + dx, queue)
        qx, qy = rays.source_of(point[beside], seen[beside])
        other = nearness[beside].abs()
        farther = inside & (other < farthest)
        farthest, far = torch.where(farther, other, farthest), torch.where(farther, beside, far)
        taken, there = rays.share_of(point[beside], qx, qy)
        better = inside & edged[beside] & (other > own + tolerance) & (taken > share)
        share, held = torch.where(better, taken, share), torch.where(better, there, held)
        u, v, front = torch.where(better, qx, u), torch.where(better, qy, v), torch.where(better, point[beside], front)
    image = images.view(-1, 3)[queue].float()
    over = share > 0
    ux, uy = rays.source_of(point[queue], own_seen)
    u, v = torch.where(over, u, ux), torch.where(over, v, uy)
    own_share, own_held = rays.share_of(point[queue], u, v)
    share, held = torch.where(over, share, own_share), torch.where(over, held, own_held)
    crossed = over | (edged[queue] & ~plate[queue] & (far >= 0) & ((share != 1) | (held != 1)) & (held > 0))
    fore = torch.where(over[:, None], rays.photo(u, v), image)
    hidden = torch.where(over, queue, far.clamp(min=0))
    behind, behind_seen = point[hidden], seen[hidden]
    clean = over & (~behind_seen | (rays.point(scenes.planes, behind)[:, 3] == 1))  # free of the near surface's colour
    # Where the plate shows what is behind that surface in turn, there or where the edge was, the photo's colour stays.
    painted = behind_seen & rays.point(scenes.covered, behind) & ~(clean & ~rays.covered_behind(front, u, v, tolerance))
    share, held = torch.where(painted, 1.0, share), torch.where(painted, 1.0, held)
    bx, by = rays.source_of(behind, behind_seen)
    now = torch.where(clean[:, None], image, rays.plate(bx, by))
    was, share, held = rays.plate(u, v), share[:, None], held[:, None]
    value = share * was + (1 - share) * now + share / held * (fore - was) + 0.5
    blended = torch.where(crossed[:, None], value, image).clamp(0, 255).to(torch.uint8)
    images.view(-1, 3)[queue] = blended
