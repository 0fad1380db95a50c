"""Unlabelled target videos: pace clips for training, 32 frames for evaluation. Labels are kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import depthmotion.flowio
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_sampling import sample_pace_clip, uniform_indices
from videoda_train.data.failed_item import naming, naming_item
from videoda_train.data.item_reader import open_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.training_data import EvaluationData
from videoda_train.data.transforms import CropFlip, centre_crop, random_crop_flip
from videoda_train.data.video_facts import VideoFacts
from videoda_train.recipes.config import ClipConfig


@dataclass(frozen=True)
class TargetSample:
    """One augmented target clip: frames `(T, S, S, 3)`, flow codes `(T, S, S, 2)`, its pace label. No class label."""

    rgb: UInt8[np.ndarray, "T S S 3"]
    flow_codes: UInt8[np.ndarray, "T S S 2"]
    pace: int


@dataclass(frozen=True)
class EvaluationBatch:
    """Videos for evaluation: frames and flow codes, centre-cropped."""

    rgb: UInt8[Tensor, "B E S S 3"]
    flow_codes: UInt8[Tensor, "B E S S 2"]

    def to(self, device: torch.device) -> "EvaluationBatch":
        """Return the batch on a device."""
        return EvaluationBatch(**{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


class TargetDataset(EvaluationData):
    """The videos of one list, with their facts and cached flow; without `with_flow` nothing moves."""

    def __init__(
        self,
        items: Sequence[ListItem],
        facts: Sequence[VideoFacts],
        paths: PreparedPaths,
        *,
        clip: ClipConfig,
        num_paces: int,
        cache: ArrayCache,
        with_flow: bool = True,
    ):
        self.items = items
        self._with_flow = with_flow
        self._facts = facts
        self._flow_files = [paths.flow_file(item) for item in items] if with_flow else []
        self._clip = clip
        self._num_paces = num_paces
        self._cache = cache

    def sample(self, index: int, rng: np.random.Generator) -> TargetSample:
        """Return a training clip at a random pace; crop and flip are one draw. The flow ignores pace and start."""
        frames, pace = sample_pace_clip(
            self._facts[index].num_frames, self._clip.num_frames, rng, num_paces=self._num_paces
        )
        crop = self._random_crop(rng)
        return TargetSample(
            rgb=crop.rgb(self._frames(index, frames)),
            flow_codes=crop.flow_codes(self._clip_flow(index)),
            pace=pace,
        )

    def even_clip(
        self, index: int, rng: np.random.Generator
    ) -> tuple[UInt8[np.ndarray, "T S S 3"], UInt8[np.ndarray, "T S S 2"]]:
        """Return evenly spread frames and the flow at them, with a random crop and flip."""
        frames = uniform_indices(self._facts[index].num_frames, self._clip.num_eval_frames)[:: self._eval_stride]
        crop = self._random_crop(rng)
        return crop.rgb(self._frames(index, frames)), crop.flow_codes(self._clip_flow(index))

    def even_flow(self, index: int, rng: np.random.Generator) -> UInt8[np.ndarray, "T S S 2"]:
        """Return the flow at evenly spread frames, with a random crop and flip."""
        crop = self._random_crop(rng)
        return crop.flow_codes(self._clip_flow(index))

    def evaluation_batch(self, indices: Sequence[int]) -> EvaluationBatch:
        """Return the evaluation clips."""
        rgb = []
        for index in indices:
            frames = uniform_indices(self._facts[index].num_frames, self._clip.num_eval_frames)
            rgb.append(self._centre_crop.rgb(self._frames(index, frames)))
        return EvaluationBatch(rgb=torch.from_numpy(np.stack(rgb)), flow_codes=self.evaluation_flow(indices))

    def evaluation_flow(self, indices: Sequence[int]) -> UInt8[Tensor, "B E S S 2"]:
        """Return the flow of the evaluation clips."""
        return torch.from_numpy(np.stack([self._centre_crop.flow_codes(self._flow_codes(index)) for index in indices]))

    def bank_flow_codes(self, index: int) -> UInt8[np.ndarray, "T S S 2"]:
        """Return what the bank keeps of a video: evaluation flows 0, 2, 4, …, centre-cropped."""
        return self._centre_crop.flow_codes(self._clip_flow(index))

    def _clip_flow(self, index: int) -> UInt8[np.ndarray, "T R R 2"]:
        """Return the flow of every second evaluation frame, or whatever gives as many as a training clip has."""
        return self._flow_codes(index)[:: self._eval_stride]

    def _random_crop(self, rng: np.random.Generator) -> CropFlip:
        clip = self._clip
        return random_crop_flip(
            clip.resize, clip.resize, size=clip.crop, rng=rng, flip_probability=clip.flip_probability
        )

    @property
    def _centre_crop(self) -> CropFlip:
        return centre_crop(self._clip.resize, self._clip.resize, size=self._clip.crop)

    @property
    def _eval_stride(self) -> int:
        return self._clip.num_eval_frames // self._clip.num_frames

    def _frames(self, index: int, wanted: np.ndarray) -> UInt8[np.ndarray, "T R R 3"]:
        key = ("target-rgb", index)
        if self._cache.has_room_for(key, self._facts[index].num_frames * self._clip.resize**2 * 3):
            return self._cache.get(key, lambda: self._decode(index, None))[wanted]
        return self._decode(index, wanted)

    def _decode(self, index: int, wanted: np.ndarray | None) -> UInt8[np.ndarray, "T R R 3"]:
        facts = self._facts[index]
        size = (self._clip.resize, self._clip.resize)
        with naming_item(self.items[index]):
            reader = open_item(self.items[index], facts)
            return reader.frames(range(facts.num_frames) if wanted is None else wanted, size=size)

    def _flow_codes(self, index: int) -> UInt8[np.ndarray, "E R R 2"]:
        if not self._with_flow:
            size = self._clip.resize
            still = depthmotion.flowio.encode_uint8(np.zeros((1, 1, 1, 2), np.float32), bound=self._clip.flow_bound)
            return np.broadcast_to(still, (self._clip.num_eval_frames, size, size, 2))
        with naming(self._flow_files[index]):
            return np.load(self._flow_files[index], mmap_mode="r", allow_pickle=False)
