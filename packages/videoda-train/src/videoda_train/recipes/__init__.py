"""Typed recipes: every published hyper-parameter in one place, each with its source."""

from videoda_train.recipes.config import (
    CfbConfig,
    CheckpointConfig,
    ClipConfig,
    DataConfig,
    LoadingConfig,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainConfig,
    TrainOptions,
    with_data,
)

__all__ = [
    "CfbConfig",
    "CheckpointConfig",
    "ClipConfig",
    "DataConfig",
    "LoadingConfig",
    "ModelConfig",
    "MotionConfig",
    "OptimConfig",
    "TrainConfig",
    "TrainOptions",
    "with_data",
]
