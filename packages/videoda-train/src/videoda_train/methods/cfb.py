"""CFB: a category-aware flow memory bank and the pace task, on two streams.

Source clips teach the RGB stream with their own frames and the flow stream with flows drawn from a bank of confidently
pseudo-labelled target clips. No target label or pseudo-label enters a loss: a pseudo-label only decides under which
class a target flow is kept. Source: "Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory Bank and
Realistic Video Generation", ACM MM 2024.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from flowbank import FlowBank
from jaxtyping import Float, Int64
from torch import Tensor, nn
from videoda_models import PaceHead, TwoStream

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.evaluation import Scores
from videoda_train.methods.losses import frame_and_clip_loss
from videoda_train.methods.two_stream import TwoStreamMethod
from videoda_train.randomness import derive_generator
from videoda_train.recipes.config import CfbConfig, ClipConfig


class Cfb(TwoStreamMethod):
    """The full method; `config.bank` and `config.pace` switch its parts off for ablations.

    Of the processes that share a bank folder one fills it, before the others are called after the same evaluation.
    """

    def __init__(
        self,
        streams: TwoStream,
        target: TargetDataset,
        *,
        num_classes: int,
        config: CfbConfig,
        clip: ClipConfig,
        bank_dir: Path,
        fills_bank: bool = True,
        seed: int,
    ):
        self.module = nn.ModuleDict({"streams": streams})
        if config.pace:
            self.module["pace"] = PaceHead(streams.rgb.feature_channels, num_paces=config.num_paces)
        self._target = target
        self._num_classes = num_classes
        self._config = config
        self._clip = clip
        self._bank_dir = bank_dir
        self._fills_bank = fills_bank
        self._seed = seed
        self._bank: FlowBank | None = None
        self._fill: dict[str, Tensor] | None = None

    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of one step."""
        config, num_frames = self._config, batch.source_rgb.shape[1]
        source_flow = self._replace_flow(flow_input(batch.source_flow), batch, epoch=epoch, step=step)
        source = self.streams(rgb_input(batch.source_rgb), source_flow)
        rgb_frame, rgb_clip = frame_and_clip_loss(source.rgb, batch.source_labels, num_frames=num_frames)
        flow_frame, flow_clip = frame_and_clip_loss(source.flow, batch.source_labels, num_frames=num_frames)
        losses = {
            "rgb_frame": rgb_frame,
            "rgb_clip": rgb_clip,
            "flow_frame": config.flow_frame_weight * flow_frame,
            "flow_clip": config.flow_clip_weight * flow_clip,
        }
        # The target passes through both streams even where it has no loss: it moves batch norm's running statistics.
        with torch.set_grad_enabled(config.pace):
            features = self.streams.rgb.features(rgb_input(batch.target_rgb))
        with torch.no_grad():
            self.streams.flow(flow_input(batch.target_flow))
        if config.pace:
            pace_logits = self.module["pace"](features).float()
            losses["pace"] = config.pace_weight * F.cross_entropy(pace_logits, batch.target_pace)
        return losses

    def _replace_flow(
        self, own: Float[Tensor, "B 2 T S S"], batch: StepBatch, *, epoch: int, step: int
    ) -> Float[Tensor, "B 2 T S S"]:
        """Return a bank flow of each clip's class, or the clip's own flow where the class has none."""
        if self._fill is None:
            return own
        bank, reduction = self._open_bank(), self._config.bank_reduction
        draws = []
        for label, index in zip(batch.source_labels.cpu(), batch.source_index.tolist(), strict=True):
            generator = derive_generator(self._seed, "bank", epoch, step, index)
            draws.append(bank.sample(label[None], reduction=reduction, generator=generator))
        flows = torch.cat([flow for flow, _ in draws]).to(own.device, own.dtype) / self._clip.flow_bound
        hit = torch.cat([hit for _, hit in draws]).to(own.device)
        return torch.where(hit[:, None, None, None, None], flows, own)

    def after_training(self, epoch: int) -> None:
        """Empty the bank; the evaluation that follows refills it."""
        if self._fill is not None and self._fills_bank:
            self._open_bank().clear()
        self._fill = None

    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        """From `bank_from_epoch` on, keep the most confident target flows under their pseudo-labels."""
        if not self._config.bank or epoch < self._config.bank_from_epoch:
            return {}
        confidences, pseudo_labels = scores.softmax.max(dim=1)
        self._fill_bank(pseudo_labels, confidences)
        return {
            "bank_counts": self._open_bank().counts().tolist(),
            "bank_videos": self._banked(pseudo_labels, confidences),
        }

    def _fill_bank(self, pseudo_labels: Int64[Tensor, " N"], confidences: Float[Tensor, " N"]) -> None:
        self._fill = {"pseudo_labels": pseudo_labels, "confidences": confidences}
        bank = self._open_bank()
        if not self._fills_bank:
            bank.refresh()
            return
        bank.clear()
        for index in range(len(self._target)):
            codes = np.moveaxis(self._target.bank_flow_codes(index), -1, 0)[None]
            bank.insert(pseudo_labels[index : index + 1], confidences[index : index + 1], np.ascontiguousarray(codes))
        bank.commit()

    def _banked(self, pseudo_labels: Int64[Tensor, " N"], confidences: Float[Tensor, " N"]) -> list[list[int]]:
        """Return the target indices of the videos in the bank, class by class, the most confident first."""
        order = confidences.argsort(descending=True, stable=True)
        members = (order[pseudo_labels[order] == label] for label in range(self._num_classes))
        return [indices[: self._config.bank_size].tolist() for indices in members]

    def _open_bank(self) -> FlowBank:
        if self._bank is None:
            self._bank = self._create_bank() if self._fills_bank else FlowBank.open(self._bank_dir)
        return self._bank

    def _create_bank(self) -> FlowBank:
        clip = self._clip
        shutil.rmtree(self._bank_dir, ignore_errors=True)
        return FlowBank.create(
            self._bank_dir,
            num_classes=self._num_classes,
            capacity=self._config.bank_size,
            clip_shape=(2, clip.num_frames, clip.crop, clip.crop),
            codec="flow-uint8",
            bound=clip.flow_bound,
        )

    def state(self) -> dict[str, Any]:
        """Return what the bank was filled from: replaying it in target order rebuilds the same bank."""
        return {"bank_fill": self._fill}

    def load_state(self, state: dict[str, Any]) -> None:
        """Rebuild the bank."""
        fill = state["bank_fill"]
        if fill is not None:
            self._fill_bank(fill["pseudo_labels"], fill["confidences"])
