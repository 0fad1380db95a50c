"""Source-only: both streams learn from the labelled clips alone; the target is never seen in training."""

from jaxtyping import Float
from torch import Tensor, nn
from videoda_models import TwoStream

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.methods.losses import frame_and_clip_loss
from videoda_train.methods.method import Method
from videoda_train.recipes.config import CfbConfig


class SourceOnly(Method):
    """CFB's supervised losses on source clips, and nothing else."""

    def __init__(self, streams: TwoStream, *, config: CfbConfig):
        self.module = nn.ModuleDict({"streams": streams})
        self._config = config

    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        num_frames = batch.source_rgb.shape[1]
        logits = self.streams(rgb_input(batch.source_rgb), flow_input(batch.source_flow))
        rgb_frame, rgb_clip = frame_and_clip_loss(logits.rgb, batch.source_labels, num_frames=num_frames)
        flow_frame, flow_clip = frame_and_clip_loss(logits.flow, batch.source_labels, num_frames=num_frames)
        return {
            "rgb_frame": rgb_frame,
            "rgb_clip": rgb_clip,
            "flow_frame": self._config.flow_frame_weight * flow_frame,
            "flow_clip": self._config.flow_clip_weight * flow_clip,
        }
