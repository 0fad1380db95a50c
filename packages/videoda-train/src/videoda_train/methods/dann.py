"""DANN: the features of source clips and target videos made indistinguishable by an adversary.

Each stream has a domain classifier behind a gradient reversal; the networks learn to name the source's classes and to
deceive it. Source: "Domain-Adversarial Training of Neural Networks", Ganin et al., JMLR 2016. There the strength of the
reversal grows with every step; here, with every epoch.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from videoda_models import DomainClassifier, GradientReversal, TwoStream

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.methods.losses import frame_and_clip_loss
from videoda_train.methods.two_stream import TwoStreamMethod
from videoda_train.recipes.config import CfbConfig, DannConfig, Streams


def reversal_strength(epoch: int, *, epochs: int) -> float:
    """Return the strength, 2 / (1 + exp(-10 p)) - 1 with p the share of training that is done: 0 at first."""
    return 2 / (1 + math.exp(-10 * epoch / epochs)) - 1


class Dann(TwoStreamMethod):
    """Source-only's losses and, per stream, a domain loss on the pooled features of both domains."""

    def __init__(self, streams: TwoStream, *, config: DannConfig, losses: CfbConfig, epochs: int, used: Streams):
        self.used = used
        self._config = config
        self._epochs = epochs
        self._flow_weights = {"frame": losses.flow_frame_weight, "clip": losses.flow_clip_weight}
        self._reversal = GradientReversal()
        self._names = ("rgb", "flow") if used == "both" else (used,)
        self.module = nn.ModuleDict({"streams": streams})
        for name in self._names:
            self.module[f"{name}_domain"] = DomainClassifier(
                getattr(streams, name).feature_channels,
                depth=config.depth,
                width=config.width,
                dropout=config.dropout,
                reversal=self._reversal,
            )

    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        self._reversal.strength = reversal_strength(epoch, epochs=self._epochs)
        clips = {
            "rgb": (rgb_input, batch.source_rgb, batch.target_rgb),
            "flow": (flow_input, batch.source_flow, batch.target_flow),
        }
        losses: dict[str, Tensor] = {}
        for name in self._names:
            to_input, source, target = clips[name]
            stream = getattr(self.streams, name)
            source_features = stream.features(to_input(source))
            logits = stream.classify(source_features)
            frame, clip = frame_and_clip_loss(logits, batch.source_labels, num_frames=source.shape[1])
            weights = self._flow_weights if name == "flow" else {"frame": 1.0, "clip": 1.0}
            losses |= {f"{name}_frame": weights["frame"] * frame, f"{name}_clip": weights["clip"] * clip}
            # The frame and clip losses are means over K classes, not sums: so is this one's weight.
            weight = self._config.weight / logits.shape[1]
            losses[f"{name}_domain"] = weight * self._domain_loss(
                name, source_features, stream.features(to_input(target))
            )
        return losses

    def _domain_loss(
        self, name: str, source: Float[Tensor, "B F Tf 1 1"], target: Float[Tensor, "B2 F Tf 1 1"]
    ) -> Float[Tensor, ""]:
        logits = self.module[f"{name}_domain"](torch.cat([source, target])).float()
        is_source = torch.cat([torch.ones(len(source)), torch.zeros(len(target))]).to(logits)
        return F.binary_cross_entropy_with_logits(logits, is_source)
