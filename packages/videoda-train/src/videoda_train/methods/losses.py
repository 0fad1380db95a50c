"""The per-frame and clip losses of the two-stream localisation networks, and that of the pace task."""

import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor
from videoda_models import upsample_logits


def frame_and_clip_loss(
    logits: Float[Tensor, "B K Tf"], labels: Int64[Tensor, " B"], *, num_frames: int
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return the per-frame and the clip loss of one stream.

    Per-frame: binary cross-entropy with logits against the one-hot label on every frame of the logits upsampled to
    `num_frames`; clip: the same of their mean over time. Each is a mean over batch, classes (and frames).
    """
    frames = upsample_logits(logits.float(), num_frames)
    one_hot = F.one_hot(labels, num_classes=logits.shape[1]).to(frames.dtype)
    frame_loss = F.binary_cross_entropy_with_logits(frames, one_hot[..., None].expand_as(frames))
    clip_loss = F.binary_cross_entropy_with_logits(frames.mean(dim=2), one_hot)
    return frame_loss, clip_loss


def pace_loss(logits: Float[Tensor, "B P"], paces: Int64[Tensor, " B"]) -> Float[Tensor, ""]:
    """Return the cross-entropy of logits against pace labels, a mean over the batch."""
    return F.cross_entropy(logits.float(), paces)
