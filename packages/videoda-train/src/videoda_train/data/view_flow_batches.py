"""Views of both domains, and beside them what CFB learns from: clips' flow, and target clips at a pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.source_videos import SourceVideos
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.training_data import EvaluationData, StepKey, TrainingData
from videoda_train.data.view_batches import ViewsBatch, ViewsData
from videoda_train.data.view_videos import EvaluationViews, ViewVideos
from videoda_train.randomness import derive_rng


@dataclass(frozen=True)
class ViewsFlowBatch(ViewsBatch):
    """`ViewsBatch` with a clip of every one of its videos; its crop is not that of the views."""

    source_flow: UInt8[Tensor, "B Tc C C 2"]
    target_clip: UInt8[Tensor, "B Tc C C 3"]
    """Frames at a pace."""
    target_pace: Int64[Tensor, " B"]
    target_flow: UInt8[Tensor, "B Tc C C 2"]


@dataclass(frozen=True)
class EvaluationViewsFlow(EvaluationViews):
    """The views of videos to classify, and their flow, centre-cropped."""

    flow_codes: UInt8[Tensor, "B E C C 2"]


class ViewsFlowVideos(EvaluationData):
    """The videos of one list, as views and as clips."""

    def __init__(self, views: ViewVideos, clips: TargetDataset):
        self.items = views.items
        self._views = views
        self._clips = clips

    def evaluation_batch(self, indices: Sequence[int]) -> EvaluationViewsFlow:
        """Return the views and the flow of the given videos."""
        return EvaluationViewsFlow(
            self._views.evaluation_batch(indices).views, flow_codes=self._clips.evaluation_flow(indices)
        )

    def bank_flow_codes(self, index: int) -> UInt8[np.ndarray, "Tc C C 2"]:
        """Return what the bank keeps of a video."""
        return self._clips.bank_flow_codes(index)


class ViewsFlowData(TrainingData):
    """`ViewsFlowBatch`es, drawn as `ViewsData` draws.

    Args:
        views: both domains' views; their videos are in the same order in what follows.
        source_clips: the source's clips with flow.
        target_clips: the target's.
        evaluated: videos that are scored after every epoch.
        adapted: the unlabelled videos; the same object as `evaluated` where those are evaluated.
        seed: of every draw.
    """

    def __init__(
        self,
        views: ViewsData,
        *,
        source_clips: SourceDataset | SourceVideos,
        target_clips: TargetDataset,
        evaluated: ViewsFlowVideos,
        adapted: ViewsFlowVideos,
        seed: int,
    ):
        self.steps_per_epoch = views.steps_per_epoch
        self.evaluated = evaluated
        self._adapted = adapted
        self._views = views
        self._source_clips = source_clips
        self._target_clips = target_clips
        self._seed = seed

    @property
    def adapted(self) -> ViewsFlowVideos:
        """The unlabelled videos."""
        return self._adapted

    def __getitem__(self, key: StepKey) -> ViewsFlowBatch:
        batch = self._views[key]
        flows = [
            self._source_clips.flow(i, derive_rng(self._seed, "source-flow", key.epoch, i))
            for i in batch.source_index.tolist()
        ]
        clips = [
            self._target_clips.sample(i, derive_rng(self._seed, "target-clip", key.epoch, key.step, i))
            for i in batch.target_index.tolist()
        ]
        return ViewsFlowBatch(
            **vars(batch),
            source_flow=torch.from_numpy(np.stack(flows)),
            target_clip=torch.from_numpy(np.stack([clip.rgb for clip in clips])),
            target_pace=torch.tensor([clip.pace for clip in clips]),
            target_flow=torch.from_numpy(np.stack([clip.flow_codes for clip in clips])),
        )

    def source_to_evaluate(self, key: StepKey) -> tuple[EvaluationViewsFlow, Int64[Tensor, " B"]]:
        """Return a step's source videos as a method scores videos, and their labels."""
        batch = self[key]
        return EvaluationViewsFlow(batch.source, flow_codes=batch.source_flow), batch.source_labels

    def files(self, key: StepKey) -> list[Path]:
        """Return the source's videos, then the target's, of a batch."""
        return self._views.files(key)
