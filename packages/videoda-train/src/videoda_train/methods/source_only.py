"""Source-only: the streams learn from the labelled clips alone; the target is never seen in training."""

from jaxtyping import Float
from torch import Tensor, nn
from videoda_models import TwoStream

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.methods.losses import frame_and_clip_loss
from videoda_train.methods.two_stream import TwoStreamMethod
from videoda_train.recipes.config import CfbConfig, Streams


class SourceOnly(TwoStreamMethod):
    """CFB's supervised losses on source clips, and nothing else."""

    def __init__(self, streams: TwoStream, *, config: CfbConfig, used: Streams = "both"):
        self.module = nn.ModuleDict({"streams": streams})
        self.used = used
        self._config = config

    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        labels, num_frames = batch.source_labels, batch.source_rgb.shape[1]
        losses: dict[str, Tensor] = {}
        if self.used != "flow":
            logits = self.streams.rgb(rgb_input(batch.source_rgb))
            frame, clip = frame_and_clip_loss(logits, labels, num_frames=num_frames)
            losses |= {"rgb_frame": frame, "rgb_clip": clip}
        if self.used != "rgb":
            logits = self.streams.flow(flow_input(batch.source_flow))
            frame, clip = frame_and_clip_loss(logits, labels, num_frames=num_frames)
            losses["flow_frame"] = self._config.flow_frame_weight * frame
            losses["flow_clip"] = self._config.flow_clip_weight * clip
        return losses
