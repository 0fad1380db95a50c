"""Whole clips, many frames at once, on any device of torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float32, UInt8

from depthmotion.errors import ConfigError
from depthmotion.prepared import PreparedClip
from depthmotion.scene import Fill
from depthmotion.torch_engine.cracks import close_cracks
from depthmotion.torch_engine.frames import Frames, Scenes, frames_of, scenes_of
from depthmotion.torch_engine.holes import continue_surfaces
from depthmotion.torch_engine.resolve import colours, flow_of, intersect
from depthmotion.torch_engine.silhouettes import blend_silhouettes
from depthmotion.torch_engine.splat import splat

_FILLS = ("background", "none")


@dataclass(frozen=True)
class ClipBatch:
    """Frames uint8 (B, T, H, W, 3) RGB, flow (B, T-1, H, W, 2) in pixels, validity (B, T, H, W), as in `Clip`."""

    frames: UInt8[torch.Tensor, "b t h w 3"]
    flow: Float32[torch.Tensor, "b t1 h w 2"]
    valid: Bool[torch.Tensor, "b t h w"]


def render_batch(
    clips: Sequence[PreparedClip],
    *,
    device: str | torch.device = "auto",
    fill: Fill = "background",
    frames_at_once: int = 64,
) -> ClipBatch:
    """Render prepared clips of one size and length, all frames in batches, on a GPU if there is one.

    Args:
        clips: what `prepare` returns.
        device: `auto`, `cpu`, `cuda`, or any of torch's.
        fill: see `synthesize`; Telea's inpainting is not made here.
        frames_at_once: frames that are in the works together; memory grows with them.

    Raises:
        ConfigError: the clips differ in size or length, or the fill is another.
    """
    if fill not in _FILLS:
        raise ConfigError(f"fill={fill!r}: the engine torch knows {', '.join(_FILLS)}.")
    if frames_at_once < 1:
        raise ConfigError(f"frames_at_once={frames_at_once}: give at least 1.")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    place = torch.device(device)
    with torch.no_grad():
        scenes, frames = scenes_of(clips, device=place), frames_of(clips, device=place)
        parts = [
            _render(scenes, frames.part(first, first + frames_at_once), fill)
            for first in range(0, len(frames), frames_at_once)
        ]
        images, flow, valid = (torch.cat(values) for values in zip(*parts, strict=True))
    shape = (len(clips), len(clips[0]), scenes.height, scenes.width)
    return ClipBatch(images.view(*shape, 3), flow.view(*shape, 2)[:, :-1], valid.view(shape))


def _render(scenes: Scenes, frames: Frames, fill: Fill) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return images, flow and validity of some frames."""
    index, nearness = splat(scenes, frames)
    close_cracks(scenes, frames, index, nearness)
    shown = continue_surfaces(scenes, frames, index, nearness)
    labels = scenes.labels[frames.scene].gather(1, shown.point) if scenes.num_objects > 1 else None
    source = intersect(scenes, frames, shown, labels)
    images = colours(scenes, frames, shown, source, labels)
    blend_silhouettes(scenes, frames, shown, images)
    valid = shown.seen.view(-1, scenes.height, scenes.width)
    if fill == "none":
        images[~valid] = 0
    return images, flow_of(scenes, frames, source, labels), valid
