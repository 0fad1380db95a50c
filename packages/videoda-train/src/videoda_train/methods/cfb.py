"""CFB: a category-aware flow memory bank and the pace task, on two streams.

Source clips teach the RGB stream with their own frames and the flow stream with flows drawn from a bank of confidently
pseudo-labelled target clips. No target label or pseudo-label enters a loss: a pseudo-label only decides under which
class a target flow is kept. Source: "Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory Bank and
Realistic Video Generation", ACM MM 2024.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from videoda_models import PaceHead, TwoStream

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.methods.bank_method import BankMethod
from videoda_train.methods.flow_memory import FlowMemory
from videoda_train.methods.losses import frame_and_clip_loss, pace_loss
from videoda_train.methods.two_stream import TwoStreamMethod
from videoda_train.recipes.config import CfbConfig, Streams


class Cfb(BankMethod, TwoStreamMethod):
    """The full method; `memory` is its bank, and `config.pace` switches the pace task off for ablations.

    The bank belongs to the flow stream, the pace task to the RGB stream: without the stream, without the part.
    """

    def __init__(self, streams: TwoStream, memory: FlowMemory, *, config: CfbConfig, used: Streams = "both"):
        self.module = nn.ModuleDict({"streams": streams})
        self.used = used
        if config.pace and used != "flow":
            self.module["pace"] = PaceHead(streams.rgb.feature_channels, num_paces=config.num_paces)
        self._config = config
        self.memory = memory

    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        losses: dict[str, Tensor] = {}
        if self.used != "flow":
            losses |= self._source_rgb_losses(batch)
        if self.used != "rgb":
            losses |= self._source_flow_losses(batch, epoch=epoch, step=step)
        # The target passes through its streams even where it has no loss: it moves batch norm's running statistics.
        if self.used != "flow":
            with torch.set_grad_enabled("pace" in self.module):
                features = self.streams.rgb.features(rgb_input(batch.target_rgb))
            if "pace" in self.module:
                losses["pace"] = self._config.pace_weight * pace_loss(self.module["pace"](features), batch.target_pace)
        if self.used != "rgb":
            with torch.no_grad():
                self.streams.flow(flow_input(batch.target_flow))
        return losses

    def _source_rgb_losses(self, batch: StepBatch) -> dict[str, Float[Tensor, ""]]:
        logits = self.streams.rgb(rgb_input(batch.source_rgb))
        frame, clip = frame_and_clip_loss(logits, batch.source_labels, num_frames=batch.source_rgb.shape[1])
        return {"rgb_frame": frame, "rgb_clip": clip}

    def _source_flow_losses(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        labels, own = batch.source_labels, flow_input(batch.source_flow)
        flow = self.memory.replace(own, labels=labels, index=batch.source_index, epoch=epoch, step=step)
        frame, clip = frame_and_clip_loss(self.streams.flow(flow), labels, num_frames=flow.shape[2])
        config = self._config
        return {"flow_frame": config.flow_frame_weight * frame, "flow_clip": config.flow_clip_weight * clip}
