"""Methods on one RGB network that sees a video through several clips, and classifies the mean of their features."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from videoda_models import ClassificationHead, VideoModel, pool_features

from videoda_train.data.view_videos import EvaluationViews
from videoda_train.evaluation import Scores
from videoda_train.methods.method import Method, ParameterGroup

ToInput = Callable[[UInt8[Tensor, "N T S S 3"]], Float[Tensor, "N 3 T S S"]]


def view_features(
    backbone: VideoModel, to_input: ToInput, views: UInt8[Tensor, "B V T S S 3"]
) -> Float[Tensor, "B V F"]:
    """Return each view's feature, a mean over time and space; all views pass in one batch."""
    return pool_features(backbone.features(to_input(views.flatten(0, 1)))).unflatten(0, views.shape[:2])


class ViewsMethod(Method):
    """`module["backbone"]` and `module["head"]`.

    Args:
        backbone: the network, without its last layer and dropout.
        head: from the mean feature of a video's views to logits.
        to_input: from 8-bit frames to the network's input.
        num_local: how many of a video's views are local clips; they come first.
        voting: positions of the views that are classified in evaluation; all by default.
    """

    def __init__(
        self,
        backbone: VideoModel,
        head: ClassificationHead,
        *,
        to_input: ToInput,
        num_local: int,
        voting: Sequence[int] | None = None,
    ):
        self.module = nn.ModuleDict({"backbone": backbone, "head": head})
        self._to_input = to_input
        self._num_local = num_local
        self._voting = slice(None) if voting is None else list(voting)

    def features(self, views: UInt8[Tensor, "B V T S S 3"]) -> Float[Tensor, "B V F"]:
        """Return each view's feature; local and global views pass as a batch each, one after the other."""
        backbone = self.module["backbone"]
        assert isinstance(backbone, VideoModel)
        groups = [views[:, : self._num_local], views[:, self._num_local :]]
        return torch.cat([view_features(backbone, self._to_input, group) for group in groups if group.shape[1]], dim=1)

    def classification_loss(self, features: Float[Tensor, "B V F"], labels: Int64[Tensor, " B"]) -> Float[Tensor, ""]:
        """Return the cross-entropy of the mean over the views."""
        return F.cross_entropy(self.module["head"](features.mean(dim=1)).float(), labels)

    def video_features(self, batch: EvaluationViews) -> Float[Tensor, "B F"]:
        """Return the mean feature of each video's views."""
        return self.features(batch.views).mean(dim=1).float()

    def score(self, batch: EvaluationViews) -> Scores:
        """Return the scores of the mean feature of the voting views."""
        logits = self.module["head"](self.features(batch.views)[:, self._voting].mean(dim=1)).float()
        return Scores.of_frames({"rgb": logits[..., None]})

    def parameter_groups(self) -> list[ParameterGroup]:
        """Return GLAD's groups: head weight ×5 and bias ×10, other biases ×2; no decay of biases and batch norm."""
        head = self.module["head"]
        assert isinstance(head, ClassificationHead)
        head_weight, head_bias = head.fc_cls.parameters()
        norms = [m for m in self.module.modules() if isinstance(m, nn.modules.batchnorm._NormBase)]
        norm = [p for m in norms for p in m.parameters()]
        special = {id(p) for p in [*norm, head_weight, head_bias]}
        others = [(name, p) for name, p in self.module.named_parameters() if id(p) not in special]
        weights = [p for name, p in others if not name.endswith("bias")]
        biases = [p for name, p in others if name.endswith("bias")]
        return [
            ParameterGroup(weights),
            ParameterGroup(biases, lr_factor=2.0, weight_decay_factor=0.0),
            ParameterGroup(norm, weight_decay_factor=0.0),
            ParameterGroup([head_weight], lr_factor=5.0),
            ParameterGroup([head_bias], lr_factor=10.0, weight_decay_factor=0.0),
        ]
