"""Methods on an RGB and a flow network that score every frame."""

import torch
from jaxtyping import Float
from torch import Tensor
from videoda_models import TwoStream, upsample_logits

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.target_dataset import EvaluationBatch
from videoda_train.evaluation import Scores
from videoda_train.methods.method import Method
from videoda_train.recipes.config import Streams


class TwoStreamMethod(Method):
    """A method whose `module["streams"]` are two localisation networks."""

    used: Streams = "both"
    """The streams that train and vote."""

    @property
    def streams(self) -> TwoStream:
        """The RGB and flow networks."""
        streams = self.module["streams"]
        assert isinstance(streams, TwoStream)
        return streams

    def video_features(self, batch: EvaluationBatch) -> Float[Tensor, "N F"]:
        """Return the streams' features before their classifiers, averaged over time, side by side."""
        parts = []
        if self.used != "flow":
            parts.append(self.streams.rgb.features(rgb_input(batch.rgb)))
        if self.used != "rgb":
            parts.append(self.streams.flow.features(flow_input(batch.flow_codes)))
        return torch.cat([part.float().mean(dim=(2, 3, 4)) for part in parts], dim=1)

    def score(self, batch: EvaluationBatch) -> Scores:
        """Return scores averaged over the evaluation clip's frames, to which the logits are upsampled."""
        logits: dict[str, Float[Tensor, "B K E"]] = {}
        if self.used != "flow":
            logits["rgb"] = self.streams.rgb(rgb_input(batch.rgb))
        if self.used != "rgb":
            logits["flow"] = self.streams.flow(flow_input(batch.flow_codes))
        return Scores.of_frames(
            {name: upsample_logits(values.float(), batch.rgb.shape[1]) for name, values in logits.items()}
        )
