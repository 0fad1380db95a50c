"""From a configuration to a method with its networks."""

from pathlib import Path

import torch
from torch import nn
from videoda_models import InceptionI3d, TwoStream, create_model

from videoda_train.data.target_dataset import TargetDataset
from videoda_train.methods.cfb import Cfb
from videoda_train.methods.dann import Dann
from videoda_train.methods.method import Method
from videoda_train.methods.source_only import SourceOnly
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import ModelConfig, TrainConfig


def build_method(
    config: TrainConfig,
    *,
    num_classes: int,
    target: TargetDataset,
    bank_dir: Path,
    device: torch.device,
    fills_bank: bool = True,
) -> Method:
    """Build the configured method on a device, its new layers initialised from the run's seed.

    Of several processes that share `bank_dir`, one fills it (`fills_bank`), the others read.
    """
    with seeded_torch(config.seed, "initialisation"):
        streams = TwoStream(
            _stream(config.model.rgb, config.model.rgb_weights, num_classes=num_classes, config=config.model),
            _stream(config.model.flow, config.model.flow_weights, num_classes=num_classes, config=config.model),
        )
        method: Method
        if config.method == "source_only":
            method = SourceOnly(streams, config=config.cfb, used=config.model.streams)
        elif config.method == "dann":
            method = Dann(
                streams, config=config.dann, losses=config.cfb, epochs=config.optim.epochs, used=config.model.streams
            )
        else:
            method = Cfb(
                streams,
                target,
                num_classes=num_classes,
                config=config.cfb,
                clip=config.clip,
                bank_dir=bank_dir,
                fills_bank=fills_bank,
                seed=config.seed,
            )
    method.module.to(device)
    return method


def _stream(name: str, weights: Path | None, *, num_classes: int, config: ModelConfig) -> InceptionI3d:
    model = create_model(
        name,
        num_classes=num_classes,
        pretrained=None if weights is None else str(weights),
        time_stride=config.time_stride,
        dropout=config.dropout,
    )
    assert isinstance(model, InceptionI3d)
    if config.freeze_through is not None and weights is not None:
        model.freeze_through(config.freeze_through, batch_norm="update")
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = config.batch_norm_momentum
    return model
