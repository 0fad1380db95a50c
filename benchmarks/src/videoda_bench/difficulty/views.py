"""What a classifier is shown of a video: one frame, its motion, its background, what moves before it, or all."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Int, UInt8
from videoda_train.data.item_reader import open_item
from videoda_train.data.target_flow import flow_codes
from videoda_train.progress import ProgressBar
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.difficulty.items import CROP, SIZE, Item

View = Literal["frame", "clip", "motion", "background", "foreground"]
NUM_FRAMES = 8
INTERVAL = 2
"""Video frames from one frame of a clip to the next."""

Shown = UInt8[np.ndarray, "frames size size 3"]


def shown_frames(item: Item, *, view: View) -> Shown:
    """The frames (N, SIZE, SIZE, 3) of which a view takes some.

    `motion`: the optical flow to the next frame (red: u, green: v, mid-grey: none); `background`: the median over time
    of every pixel; `foreground`: half the difference from it, about mid-grey.
    """
    if view in ("frame", "clip"):
        return item.frames
    if view == "motion":
        return _flow_pictures(item)
    median = np.median(item.frames, axis=0).astype(np.int16)
    if view == "background":
        return median[None].astype(np.uint8)
    return (128 + (item.frames - median) // 2).clip(0, 255).astype(np.uint8)


def _flow_pictures(item: Item) -> Shown:
    reader = open_item(item.listed)
    starts = np.arange(max(len(reader) - 1, 1))
    codes = flow_codes(reader, starts, clip=E2H_MINI.clip)
    return np.concatenate([codes, np.full_like(codes[..., :1], 128)], axis=-1)


def prepare_view(items: Sequence[Item], *, view: View) -> list[Shown]:
    """`shown_frames` of every item."""
    return [shown_frames(item, view=view) for item in ProgressBar(items, desc=f"see {view}", unit="item")]


def clip_indices(num_frames: int, start: int, *, view: View, interval: int) -> Int[np.ndarray, " t"]:
    """The `NUM_FRAMES` frames shown from `start` on, from frame 0 again past the end; one frame stays still."""
    steps = np.zeros(NUM_FRAMES, int) if view == "frame" else interval * np.arange(NUM_FRAMES)
    return (start + steps) % num_frames


def random_clip(shown: Shown, *, view: View, rng: np.random.Generator) -> UInt8[np.ndarray, "t c c 3"]:
    """A clip from a random start, cropped at random, mirrored half of the time (then the flow's u is negated)."""
    indices = clip_indices(len(shown), int(rng.integers(len(shown))), view=view, interval=INTERVAL)
    top, left = rng.integers(SIZE - CROP + 1, size=2)
    clip = shown[indices, top : top + CROP, left : left + CROP]
    if rng.random() < 0.5:
        clip = clip[:, :, ::-1]
        if view == "motion":
            clip = np.concatenate([255 - clip[..., :1], clip[..., 1:]], axis=-1)
    return clip


def even_clips(shown: Shown, *, view: View, count: int, interval: int) -> UInt8[np.ndarray, "k t c c 3"]:
    """`count` clips with starts evenly over the video, centre crops."""
    span = 1 if view == "frame" else interval * NUM_FRAMES
    free = max(len(shown) - span + 1, 1)
    starts = [int((k + 0.5) * free / count) for k in range(count)]
    border = (SIZE - CROP) // 2
    inside = slice(border, border + CROP)
    return np.stack(
        [shown[clip_indices(len(shown), start, view=view, interval=interval), inside, inside] for start in starts]
    )
