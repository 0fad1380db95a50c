"""From a configuration to a method with its networks."""

from dataclasses import replace
from pathlib import Path

import torch
from videoda_models import ClassificationHead, TemporalOrderHead, TwoStream

from videoda_train.data.list_file import read_classes
from videoda_train.data.training_data import EvaluationData
from videoda_train.methods.backbone import build_backbone
from videoda_train.methods.cfb import Cfb
from videoda_train.methods.dann import Dann
from videoda_train.methods.flow_memory import BankableVideos, FlowMemory
from videoda_train.methods.glad import Glad
from videoda_train.methods.glad_cfb import GladCfb
from videoda_train.methods.method import Method
from videoda_train.methods.source_only import SourceOnly
from videoda_train.methods.stream import FLOW_CHANNELS, RGB_CHANNELS, build_stream
from videoda_train.methods.tol import Tol
from videoda_train.methods.two_stream import TwoStreamMethod
from videoda_train.methods.views_baselines import ViewsDann, ViewsSourceOnly
from videoda_train.methods.zero_shot import ZeroShot
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import TrainConfig


def build_method(
    config: TrainConfig,
    *,
    num_classes: int,
    target: EvaluationData,
    bank_dir: Path | str,
    device: torch.device,
    fills_bank: bool = True,
) -> Method:
    """Build the configured method on a device, its new layers initialised from the run's seed.

    A bank holds flows of `target`, the unlabelled videos. Of several processes that share `bank_dir`, one fills it
    (`fills_bank`), the others read.
    """
    with seeded_torch(config.seed, "initialisation"):
        method: Method
        memory = None
        if config.method in ("cfb", "glad_cfb"):
            assert isinstance(target, BankableVideos)
            memory = FlowMemory(
                target,
                num_classes=num_classes,
                config=replace(config.cfb, bank=config.uses_bank),
                clip=config.clip,
                folder=Path(bank_dir),
                fills=fills_bank,
                num_streams=2 if config.model.streams == "both" else 1,
                seed=config.seed,
            )
        if config.method == "zero_shot":
            method = ZeroShot(read_classes(config.data.class_map), config=config.zero_shot, device=device)
        elif config.inputs == "views":
            method = _views_method(config, memory, num_classes=num_classes)
        else:
            method = _streams_method(config, memory, num_classes=num_classes)
    method.module.to(device)
    return method


def _streams_method(config: TrainConfig, memory: FlowMemory | None, *, num_classes: int) -> TwoStreamMethod:
    model = config.model
    streams = TwoStream(
        build_stream(model.rgb, model.rgb_weights, in_channels=RGB_CHANNELS, num_classes=num_classes, config=model),
        build_stream(model.flow, model.flow_weights, in_channels=FLOW_CHANNELS, num_classes=num_classes, config=model),
    )
    if config.method == "source_only":
        return SourceOnly(streams, config=config.cfb, used=model.streams)
    if config.method == "dann":
        return Dann(streams, config=config.dann, losses=config.cfb, epochs=config.optim.epochs, used=model.streams)
    assert memory is not None
    return Cfb(streams, memory, config=config.cfb, used=model.streams)


def _views_method(config: TrainConfig, memory: FlowMemory | None, *, num_classes: int) -> Method:
    backbone, to_input = build_backbone(config.model)
    if config.method == "tol":
        tol = config.tol
        order = TemporalOrderHead(
            backbone.feature_channels, num_clips=tol.num_clips, hidden=tol.hidden, dropout=tol.dropout
        )
        return Tol(backbone, order, to_input=to_input, seed=config.seed)
    head = ClassificationHead(backbone.feature_channels, num_classes, dropout=config.model.dropout)
    num_local = len(config.views.local_clips)
    if config.method == "dann":
        return ViewsDann(
            backbone,
            head,
            to_input=to_input,
            num_local=num_local,
            config=config.dann,
            epochs=config.optim.epochs,
        )
    if config.method in ("glad", "glad_cfb"):
        voting = None
        if config.glad.evaluation_views == "published":
            voting = range(num_local - 1, num_local + len(config.views.global_columns))
        glad = Glad(backbone, head, to_input=to_input, num_local=num_local, config=config.glad, voting=voting)
        if memory is None:
            return glad
        return _glad_cfb(config, glad, memory, backbone.feature_channels, num_classes=num_classes)
    return ViewsSourceOnly(backbone, head, to_input=to_input, num_local=num_local)


def _glad_cfb(
    config: TrainConfig, glad: Glad, memory: FlowMemory, feature_channels: int, *, num_classes: int
) -> GladCfb:
    model, flow = config.model, None
    if model.streams == "both":
        flow = build_stream(
            model.flow, model.flow_weights, in_channels=FLOW_CHANNELS, num_classes=num_classes, config=model
        )
    return GladCfb(
        glad,
        flow,
        memory,
        feature_channels=feature_channels,
        config=config.cfb,
        dropout=model.dropout,
    )
