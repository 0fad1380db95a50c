"""GLAD with CFB's flow memory bank and pace task: neither paper has this combination.

The RGB network is GLAD's, as published, and also tells at which pace a target clip plays. A second network classifies
source clips by their flow, in whose place come flows of confidently pseudo-labelled target videos, as in CFB; the two
vote together. No target label or pseudo-label enters a loss.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from videoda_models import PaceHead, VideoModel, upsample_logits

from videoda_train.data.model_input import flow_input
from videoda_train.data.view_flow_batches import EvaluationViewsFlow, ViewsFlowBatch
from videoda_train.evaluation import Scores
from videoda_train.methods.bank_method import BankMethod
from videoda_train.methods.flow_memory import FlowMemory
from videoda_train.methods.glad import Glad
from videoda_train.methods.losses import frame_and_clip_loss, pace_loss
from videoda_train.methods.method import ParameterGroup
from videoda_train.recipes.config import CfbConfig


class GladCfb(BankMethod):
    """`module` holds GLAD's modules, `pace` if `config.pace`, and `flow` if there is a flow network.

    Args:
        glad: the method on RGB views.
        flow: the flow network; `None`: GLAD's network votes alone, and there is no bank.
        memory: the flow network's bank.
        feature_channels: of GLAD's network.
        config: the settings of CFB's parts.
        dropout: of the feature that the pace is told from.
    """

    def __init__(
        self,
        glad: Glad,
        flow: VideoModel | None,
        memory: FlowMemory,
        *,
        feature_channels: int,
        config: CfbConfig,
        dropout: float,
    ):
        self.module = nn.ModuleDict(dict(glad.module.items()))
        if config.pace:
            self.module["pace"] = nn.Sequential(nn.Dropout(dropout), PaceHead(feature_channels, config.num_paces))
        if flow is not None:
            self.module["flow"] = flow
        self._glad = glad
        self._flow = flow
        self.memory = memory
        self._config = config

    def training_step(self, batch: ViewsFlowBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step. GLAD's four passes are followed by the pace clip's and the flow network's."""
        losses = self._glad.training_step(batch, epoch=epoch, step=step)
        if self._config.pace:
            losses["pace"] = self._config.pace_weight * self._pace_loss(batch)
        if self._flow is not None:
            losses |= self._flow_losses(self._flow, batch, epoch=epoch, step=step)
        return losses

    def _pace_loss(self, batch: ViewsFlowBatch) -> Float[Tensor, ""]:
        features = self._glad.features(batch.target_clip[:, None])[:, 0]
        return pace_loss(self.module["pace"](features[..., None, None, None]), batch.target_pace)

    def _flow_losses(
        self, network: VideoModel, batch: ViewsFlowBatch, *, epoch: int, step: int
    ) -> dict[str, Float[Tensor, ""]]:
        config, labels, own = self._config, batch.source_labels, flow_input(batch.source_flow)
        flow = self.memory.replace(own, labels=labels, index=batch.source_index, epoch=epoch, step=step)
        frame, clip = frame_and_clip_loss(network(flow), labels, num_frames=flow.shape[2])
        with torch.no_grad():  # as in CFB, the target's own flow moves batch norm's running statistics, no more
            network(flow_input(batch.target_flow))
        return {"flow_frame": config.flow_frame_weight * frame, "flow_clip": config.flow_clip_weight * clip}

    def score(self, batch: EvaluationViewsFlow) -> Scores:
        """Return the scores of the mean feature of the views, and of the flow, averaged over the clip's frames."""
        rgb = self._glad.score(batch)
        if self._flow is None:
            return rgb
        logits = self._flow(flow_input(batch.flow_codes)).float()
        flow = Scores.of_frames({"flow": upsample_logits(logits, batch.flow_codes.shape[1])})
        return Scores(logits=rgb.logits + flow.logits, streams=rgb.streams | flow.streams)

    def video_features(self, batch: EvaluationViewsFlow) -> Float[Tensor, "B F"]:
        """Return the networks' features of each video, side by side."""
        rgb = self._glad.video_features(batch)
        if self._flow is None:
            return rgb
        return torch.cat([rgb, self._flow.features(flow_input(batch.flow_codes)).float().mean(dim=(2, 3, 4))], dim=1)

    def parameter_groups(self) -> list[ParameterGroup]:
        """Return GLAD's groups; the pace head and the flow network as CFB publishes it, decay on all alike."""
        groups = self._glad.parameter_groups()
        if self._config.pace:
            groups.append(ParameterGroup(list(self.module["pace"].parameters())))
        if self._flow is not None:
            trained = [p for p in self._flow.parameters() if p.requires_grad]
            groups.append(ParameterGroup(trained, lr_factor=self._config.flow_lr_factor))
        return groups
