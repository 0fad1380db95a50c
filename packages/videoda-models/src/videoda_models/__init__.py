"""Video networks and heads for domain adaptation, with the weights people already have."""

from videoda_models.cards import ModelCard, PackageSource, PretrainedConfig, WeightCard
from videoda_models.errors import (
    InputShapeError,
    ModelOptionError,
    UnknownModelError,
    VideodaModelsError,
    WeightsError,
)
from videoda_models.gradient_reversal import GradientReversal, reverse_gradient
from videoda_models.heads import ClassificationHead, DomainClassifier, PaceHead, pool_features
from videoda_models.hf import TransformersModel
from videoda_models.inception_i3d import InceptionI3d
from videoda_models.inflate import InflatedModel, inflate
from videoda_models.mobilenet_npz import mobilenet_v2_from_npz
from videoda_models.non_local import NonLocalBlock
from videoda_models.registry import create_model, get_weights, list_models, model_card
from videoda_models.resnet3d import ResNet3d
from videoda_models.staged_model import StagedVideoModel
from videoda_models.summary import ModelSummary, model_table, summarise
from videoda_models.temporal_order import TemporalOrderHead, all_permutations
from videoda_models.torchvision_video import TorchvisionVideoModel
from videoda_models.tsm import TsmResNet50, temporal_shift
from videoda_models.two_stream import TwoStream, TwoStreamLogits, fuse_logits, fuse_softmax, upsample_logits
from videoda_models.video_model import VideoModel
from videoda_models.weights import load_weights, read_state_dict

__version__ = "0.1.0"

__all__ = [
    "ClassificationHead",
    "DomainClassifier",
    "GradientReversal",
    "InceptionI3d",
    "InflatedModel",
    "InputShapeError",
    "ModelCard",
    "ModelOptionError",
    "ModelSummary",
    "NonLocalBlock",
    "PaceHead",
    "PackageSource",
    "PretrainedConfig",
    "ResNet3d",
    "StagedVideoModel",
    "TemporalOrderHead",
    "TorchvisionVideoModel",
    "TransformersModel",
    "TsmResNet50",
    "TwoStream",
    "TwoStreamLogits",
    "UnknownModelError",
    "VideoModel",
    "VideodaModelsError",
    "WeightCard",
    "WeightsError",
    "all_permutations",
    "create_model",
    "fuse_logits",
    "fuse_softmax",
    "get_weights",
    "inflate",
    "list_models",
    "load_weights",
    "mobilenet_v2_from_npz",
    "model_card",
    "model_table",
    "pool_features",
    "read_state_dict",
    "reverse_gradient",
    "summarise",
    "temporal_shift",
    "upsample_logits",
]
