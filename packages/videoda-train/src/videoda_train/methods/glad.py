"""GLAD: global-local view alignment under background debiasing, from a backbone that has learnt temporal order.

A video is seen through local clips (neighbouring frames) and global clips (frames from all of it). Domain classifiers
behind gradient reversals make source and target alike in three ways: local with local views, global with global ones,
and local with global across the domains, which meets their difference in speed. Backgrounds are debiased in the data.
Source: "GLAD: Global-Local View Alignment and Background Debiasing for Unsupervised Video Domain Adaptation with Large
Domain Gap", WACV 2024.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from videoda_models import ClassificationHead, DomainClassifier, VideoModel

from videoda_train.data.view_batches import ViewsBatch
from videoda_train.methods.views_method import ToInput, ViewsMethod
from videoda_train.recipes.views_config import GladConfig


class Glad(ViewsMethod):
    """Classification of source views, and an adversary for each alignment in `config.align`."""

    def __init__(
        self,
        backbone: VideoModel,
        head: ClassificationHead,
        *,
        to_input: ToInput,
        num_local: int,
        config: GladConfig,
        voting: Sequence[int] | None = None,
    ):
        super().__init__(backbone, head, to_input=to_input, num_local=num_local, voting=voting)
        self._config = config
        for name in config.align:
            self.module[f"{name}_domain"] = DomainClassifier(
                backbone.feature_channels, depth=config.depth, width=config.width, dropout=config.dropout
            )

    def training_step(self, batch: ViewsBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step. Four passes: source local and global views, target local and global ones."""
        source = self.features(batch.source)
        losses = {"classification": self.classification_loss(source, batch.source_labels)}
        if not self._config.align:
            return losses
        target = self.features(batch.target)
        source_local, source_global = self._local_global(source)
        target_local, target_global = self._local_global(target)
        pairs = {
            "local": [(source_local, target_local)],
            "global": [(source_global, target_global)],
            "cross": [(source_local, target_global), (source_global, target_local)],
        }
        for name in self._config.align:
            losses[f"{name}_domain"] = self._config.weight * self._domain_loss(name, pairs[name])
        return losses

    def _local_global(self, features: Float[Tensor, "B V F"]) -> tuple[Float[Tensor, "B F"], Float[Tensor, "B F"]]:
        return features[:, : self._num_local].mean(dim=1), features[:, self._num_local :].mean(dim=1)

    def _domain_loss(
        self, name: str, pairs: Sequence[tuple[Float[Tensor, "B F"], Float[Tensor, "B F"]]]
    ) -> Float[Tensor, ""]:
        """Return the mean binary cross-entropy of (source, target) pairs of features; source is 1."""
        features = torch.cat([side for pair in pairs for side in pair])
        logits = self.module[f"{name}_domain"](features).float()
        size = len(pairs[0][0])
        is_source = torch.tensor([1.0, 0.0], device=logits.device).repeat_interleave(size).repeat(len(pairs))
        return F.binary_cross_entropy_with_logits(logits, is_source)
