"""RGB and flow side by side, and the ways to make one answer of the two."""

from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.errors import ModelOptionError
from videoda_models.video_model import VideoModel


class TwoStreamLogits(NamedTuple):
    """Per-frame logits of both streams, (B, K, T') each."""

    rgb: Float[Tensor, "B K T"]
    flow: Float[Tensor, "B K T"]


def upsample_logits(logits: Float[Tensor, "B K T"], num_frames: int) -> Float[Tensor, "B K N"]:
    """Per-frame logits at `num_frames` frames: linear in time, half-pixel centres, ends held."""
    if num_frames < 1:
        raise ModelOptionError(f"num_frames is {num_frames}; allowed is 1 or more")
    return F.interpolate(logits, size=num_frames, mode="linear", align_corners=False)


def fuse_logits(rgb: Float[Tensor, "B K T"], flow: Float[Tensor, "B K T"]) -> Float[Tensor, "B K"]:
    """Scores (B, K): the time-mean of RGB logits + flow logits (CFB's `Acc`)."""
    return (rgb + flow).mean(dim=2)


def fuse_softmax(rgb: Float[Tensor, "B K T"], flow: Float[Tensor, "B K T"]) -> Float[Tensor, "B K"]:
    """Scores (B, K), summing to 2: the time-mean of softmax(RGB) + softmax(flow) per frame (CFB's `AccSf`)."""
    return (rgb.softmax(dim=1) + flow.softmax(dim=1)).mean(dim=2)


class TwoStream(nn.Module):
    """Two networks, one for RGB and one for optical flow, that share nothing but the classes."""

    def __init__(self, rgb: VideoModel, flow: VideoModel) -> None:
        super().__init__()
        if rgb.num_classes != flow.num_classes:
            raise ModelOptionError(
                f"the RGB stream has {rgb.num_classes} classes, the flow stream {flow.num_classes}; they must agree: "
                "use replace_logits(num_classes)"
            )
        self.rgb = rgb
        self.flow = flow

    @property
    def num_classes(self) -> int:
        """The number of classes of both streams."""
        return self.rgb.num_classes

    def forward(
        self, rgb_clip: Float[Tensor, "B Cr Tr Hr Wr"], flow_clip: Float[Tensor, "B Cf Tf Hf Wf"]
    ) -> TwoStreamLogits:
        """Clips (B, 3, T, H, W) and (B, 2, T, H, W) -> per-frame logits of each, not yet fused."""
        return TwoStreamLogits(self.rgb(rgb_clip), self.flow(flow_clip))
