"""Methods on an RGB and a flow network that score every frame."""

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
