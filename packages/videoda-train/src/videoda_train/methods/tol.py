"""TOL, temporal ordering learning: GLAD's first stage, on both domains without labels.

The clips of a video are put in a random order, and a small network behind the backbone tells in which: what it needs to
know is how the movement goes on, not where it takes place. The backbone is what GLAD starts from.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from videoda_models import TemporalOrderHead, VideoModel

from videoda_train.data.view_batches import ViewsBatch
from videoda_train.data.view_videos import EvaluationViews
from videoda_train.evaluation import Scores
from videoda_train.methods.method import Method
from videoda_train.methods.views_method import ToInput, view_features
from videoda_train.randomness import derive_generator


class Tol(Method):
    """`module["backbone"]` and `module["order"]`; its classes are the orders of the clips."""

    def __init__(self, backbone: VideoModel, head: TemporalOrderHead, *, to_input: ToInput, seed: int):
        self.module = nn.ModuleDict({"backbone": backbone, "order": head})
        self._to_input = to_input
        self._seed = seed

    def training_step(self, batch: ViewsBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the loss of one step; both domains pass in one batch, and batch norm sees them together."""
        features = self._features(torch.cat([batch.source, batch.target]))
        videos = [("source", int(i)) for i in batch.source_index] + [("target", int(i)) for i in batch.target_index]
        shuffled = [
            self._head.shuffle(feature[None], generator=derive_generator(self._seed, "order", epoch, step, *video))
            for feature, video in zip(features, videos, strict=True)
        ]
        logits = self._head(torch.cat([feature for feature, _ in shuffled])).float()
        return {"order": F.cross_entropy(logits, torch.cat([order for _, order in shuffled]))}

    def score(self, batch: EvaluationViews) -> Scores:
        """Return the scores of the orders that the clips may be in."""
        logits = self._head(self._features(batch.views)).float()
        return Scores.of_frames({"rgb": logits[..., None]})

    @property
    def _head(self) -> TemporalOrderHead:
        head = self.module["order"]
        assert isinstance(head, TemporalOrderHead)
        return head

    def _features(self, views: UInt8[Tensor, "B V T S S 3"]) -> Float[Tensor, "B V F"]:
        backbone = self.module["backbone"]
        assert isinstance(backbone, VideoModel)
        return view_features(backbone, self._to_input, views)
