"""What GLAD is measured against, on the same views: source-only, DANN, and the upper bound of target labels."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from videoda_models import ClassificationHead, DomainClassifier, GradientReversal, VideoModel

from videoda_train.data.view_batches import ViewsBatch
from videoda_train.methods.dann import reversal_strength
from videoda_train.methods.views_method import ToInput, ViewsMethod
from videoda_train.recipes.config import DannConfig


class ViewsSourceOnly(ViewsMethod):
    """Cross-entropy on the labelled videos, and nothing else. On labelled *target* videos it is the upper bound."""

    def training_step(self, batch: ViewsBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the loss of one step."""
        return {"classification": self.classification_loss(self.features(batch.source), batch.source_labels)}


class ViewsDann(ViewsMethod):
    """Source-only's loss and one domain classifier on the mean feature of a video's views."""

    def __init__(
        self,
        backbone: VideoModel,
        head: ClassificationHead,
        *,
        to_input: ToInput,
        num_local: int,
        config: DannConfig,
        epochs: int,
    ):
        super().__init__(backbone, head, to_input=to_input, num_local=num_local)
        self._config = config
        self._epochs = epochs
        self._reversal = GradientReversal()
        self.module["domain"] = DomainClassifier(
            backbone.feature_channels,
            depth=config.depth,
            width=config.width,
            dropout=config.dropout,
            reversal=self._reversal,
        )

    def training_step(self, batch: ViewsBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        self._reversal.strength = reversal_strength(epoch, epochs=self._epochs)
        source, target = self.features(batch.source), self.features(batch.target)
        logits = self.module["domain"](torch.cat([source.mean(dim=1), target.mean(dim=1)])).float()
        is_source = torch.cat([torch.ones(len(source)), torch.zeros(len(target))]).to(logits)
        return {
            "classification": self.classification_loss(source, batch.source_labels),
            "domain": self._config.weight * F.binary_cross_entropy_with_logits(logits, is_source),
        }
