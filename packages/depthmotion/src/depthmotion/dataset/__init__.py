"""A whole dataset: every photo of a list becomes a clip with exact flow, on disk."""

from depthmotion.dataset.config import GenerateConfig
from depthmotion.dataset.estimate import Estimate, estimate
from depthmotion.dataset.generate import GenerateSummary, generate
from depthmotion.dataset.photo_list import Failure

__all__ = ["Estimate", "Failure", "GenerateConfig", "GenerateSummary", "estimate", "generate"]
