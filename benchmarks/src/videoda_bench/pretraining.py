"""Pretraining of the miniature's two narrow streams, on rendered random motions.

The real task starts from Kinetics weights: networks that know people and their movements. The miniature's networks know
them from `miniature.pretraining_world`: to name the motion, and to say where the keypoints are and how they move. No
photo, video, class or background-to-class correlation of a benchmark's miniature is in it. The weights are made once, by
`videoda-bench pretrain`, and ship with this package.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm
from videoda_models import InceptionI3d, create_model
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_sampling import pace_indices, uniform_indices
from videoda_train.data.list_file import read_list
from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.prepared import PreparedPaths, target_video_name
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.data.transforms import CropFlip, random_crop_flip
from videoda_train.data.video_reader import open_video
from videoda_train.engine.device import autocast, resolve_precision
from videoda_train.randomness import derive_rng, seeded_torch
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.miniature.pretraining_world import PretrainingConfig, make_pretraining_world

Stream = Literal["rgb", "flow"]
CLIP = E2H_MINI.clip
MIRRORED = [0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6]
"""Keypoints with left and right exchanged."""
BODY_UNIT_PX = 12.0
"""Keypoint offsets from the pelvis are learnt in this unit, at the scale of the resized frames."""


@dataclass(frozen=True)
class PretrainConfig:
    """AdamW with a cosine schedule."""

    world: PretrainingConfig = PretrainingConfig()
    rgb_epochs: int = 30
    flow_epochs: int = 22
    batch_size: int = 16
    lr: float = 0.002
    weight_decay: float = 0.02
    warmup_steps: int = 60
    num_validation: int = 160
    still_probability: float = 0.3
    """Part of the RGB clips that repeat one frame, as a photo's clip would."""
    seed: int = 0


class MotionClips:
    """Clips of the pretraining videos with their motion and keypoint targets."""

    def __init__(self, root: Path, list_file: Path, *, config: PretrainConfig) -> None:
        self.items = read_list(list_file)
        self._paths = PreparedPaths(root / "prepared")
        self._facts = cache_target_flow(self.items, self._paths, list_file=list_file, clip=CLIP, progress=True)
        self._cache = ArrayCache(max_bytes=4 << 30)
        self._config = config

    def sample(
        self, index: int, stream: Stream, rng: np.random.Generator
    ) -> tuple[UInt8[np.ndarray, "T S S C"], Float32[np.ndarray, "D Tf"]]:
        """Return an augmented clip and, at every second frame pair, keypoint offsets and velocities."""
        crop = random_crop_flip(CLIP.resize, CLIP.resize, size=CLIP.crop, rng=rng)
        count = self._facts[index].num_frames
        if stream == "flow":
            first = int(rng.integers(2))
            frames = np.minimum(uniform_indices(count, CLIP.num_eval_frames)[first::2], count - 2)
            clip = crop.flow_codes(self._flow(index)[first::2])
        else:
            frames = pace_indices(count, CLIP.num_frames, pace=int(rng.integers(1, 4)), start=int(rng.integers(count)))
            if rng.random() < self._config.still_probability:
                frames = np.full_like(frames, frames[0])
            clip = crop.rgb(self._rgb(index)[frames])
        return clip, self._targets(index, frames, crop)

    def _rgb(self, index: int) -> UInt8[np.ndarray, "N R R 3"]:
        def decode() -> np.ndarray:
            reader = open_video(self.items[index].path, num_frames=self._facts[index].num_frames)
            return reader.frames(range(len(reader)), size=(CLIP.resize, CLIP.resize))

        return self._cache.get(("rgb", index), decode)

    def _flow(self, index: int) -> UInt8[np.ndarray, "E R R 2"]:
        file = self._paths.target_flow / f"{target_video_name(self.items[index])}.npy"
        return self._cache.get(("flow", index), lambda: np.load(file))

    def _targets(self, index: int, frames: np.ndarray, crop: CropFlip) -> Float32[np.ndarray, "D Tf"]:
        height, width = self._config.world.image_size
        points = np.load(self.items[index].path.with_suffix(".npy")) * (CLIP.resize / np.array([width, height]))
        following = np.minimum(frames + 1, len(points) - 1)
        place, velocity = points[frames], points[following] - points[frames]
        if crop.flip:
            place, velocity = place[:, MIRRORED] * [-1, 1], velocity[:, MIRRORED] * [-1, 1]
        offsets = (place[:, 1:] - place[:, :1]) / BODY_UNIT_PX
        rows = np.concatenate([offsets.reshape(len(frames), -1), velocity.reshape(len(frames), -1)], axis=1)
        return rows.reshape(-1, 2, rows.shape[1]).mean(axis=1).T.astype(np.float32)


def pretrain(root: Path, out_dir: Path, *, config: PretrainConfig) -> dict[str, dict[str, float]]:
    """Make the world below `root`, train both streams, write `i3d-tiny-{rgb,flow}.safetensors`; return the scores.

    Scores are on held-out videos: accuracy of the motion, and the share of variance of keypoint offsets and velocities
    that is explained.
    """
    list_file = make_pretraining_world(root, config=config.world)
    clips = MotionClips(root, list_file, config=config)
    out_dir.mkdir(parents=True, exist_ok=True)
    scores: dict[str, dict[str, float]] = {}
    for stream, epochs in (("rgb", config.rgb_epochs), ("flow", config.flow_epochs)):
        model, scores[stream] = _train(clips, stream, epochs=epochs, config=config)  # type: ignore[arg-type]
        half = {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}
        save_file(half, out_dir / f"i3d-tiny-{stream}.safetensors")
    return scores


def _train(
    clips: MotionClips, stream: Stream, *, epochs: int, config: PretrainConfig
) -> tuple[InceptionI3d, dict[str, float]]:
    labels = np.array([item.label for item in clips.items])
    order = derive_rng(config.seed, "split").permutation(len(labels))
    held_out, training = order[: config.num_validation], order[config.num_validation :]
    with seeded_torch(config.seed, "initialisation", stream):
        model = create_model(
            f"i3d-inception-tiny-{stream}", num_classes=int(labels.max()) + 1, time_stride="cfb", dropout=0.2
        )
        assert isinstance(model, InceptionI3d)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = 0.1
        num_targets = clips.sample(0, stream, derive_rng(0, "shape"))[1].shape[0]
        head = nn.Conv3d(model.feature_channels, num_targets, 1)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay)
    steps = len(training) // config.batch_size
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, (step + 1) / config.warmup_steps)
        * 0.5
        * (1 + math.cos(math.pi * min(1.0, step / (steps * epochs)))),
    )
    for epoch in tqdm(range(epochs), desc=f"pretrain {stream}", unit="epoch"):
        model.train()
        shuffled = derive_rng(config.seed, stream, "order", epoch).permutation(training)
        for step, batch in enumerate(_batches(clips, stream, shuffled, config=config, epoch=epoch)):
            with seeded_torch(config.seed, stream, epoch, step):
                loss = _loss(model, head, *batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            rate.step()
    return model, _validate(model, head, clips, stream, held_out, config=config)


def _batches(
    clips: MotionClips, stream: Stream, indices: np.ndarray, *, config: PretrainConfig, epoch: int
) -> Iterator[tuple[Float[Tensor, "B C T S S"], Tensor, Float[Tensor, "B D Tf"]]]:
    to_input = rgb_input if stream == "rgb" else flow_input
    for first in range(0, len(indices) - config.batch_size + 1, config.batch_size):
        chosen = indices[first : first + config.batch_size]
        samples = [clips.sample(int(i), stream, derive_rng(config.seed, stream, epoch, int(i))) for i in chosen]
        yield (
            to_input(torch.from_numpy(np.stack([clip for clip, _ in samples]))),
            torch.tensor([clips.items[int(i)].label for i in chosen]),
            torch.from_numpy(np.stack([target for _, target in samples])),
        )


def _forward(model: InceptionI3d, head: nn.Module, clip: Tensor) -> tuple[Float[Tensor, "B K"], Float[Tensor, "B D Tf"]]:
    device = torch.device("cpu")
    with autocast(device, resolve_precision("auto", device)):
        features = model.features(clip)
        return model.classify(features).mean(dim=2).float(), head(features)[..., 0, 0].float()


def _loss(model: InceptionI3d, head: nn.Module, clip: Tensor, labels: Tensor, targets: Tensor) -> Float[Tensor, ""]:
    logits, predicted = _forward(model, head, clip)
    motion = F.cross_entropy(logits, labels, label_smoothing=0.1)
    # Offsets and velocities fill about half of the rows each; 6 × the mean weighs each like 3 × its own.
    return 0.3 * motion + 6 * F.smooth_l1_loss(predicted, targets, beta=0.2)


@torch.inference_mode()
def _validate(
    model: InceptionI3d, head: nn.Module, clips: MotionClips, stream: Stream, indices: np.ndarray, *, config: PretrainConfig
) -> dict[str, float]:
    model.eval()
    right, predicted, wanted = 0, [], []
    for clip, labels, targets in _batches(clips, stream, indices, config=config, epoch=-1):
        logits, points = _forward(model, head, clip)
        right += int((logits.argmax(dim=1) == labels).sum())
        predicted.append(points)
        wanted.append(targets)
    error = (torch.cat(predicted) - torch.cat(wanted)).square().mean(dim=(0, 2))
    spread = torch.cat(wanted).var(dim=(0, 2))
    offsets = 20
    return {
        "motion_accuracy": right / (len(predicted) * config.batch_size),
        "offsets_explained": float(1 - error[:offsets].sum() / spread[:offsets].sum()),
        "velocities_explained": float(1 - error[offsets:].sum() / spread[offsets:].sum()),
    }
