"""Pretraining of the miniature's RGB stream: it learns where the joints of a rendered person are.

The real task starts from Kinetics weights, from networks that know people. The miniature's narrow RGB network knows
them from single frames of `miniature.pretraining_world`: random motions, none a class of a benchmark, at places that
tell nothing. It learns keypoints with only the centre of its kernels in time in use, like a network inflated from
images: it knows poses and no movement. The flow stream of the miniature starts from random weights. The weights are
made once, by `videoda-bench pretrain`, and ship with this package.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm
from videoda_models import InceptionI3d, create_model
from videoda_train.data.list_file import read_list
from videoda_train.data.video_reader import open_video
from videoda_train.engine.device import autocast, resolve_precision
from videoda_train.randomness import derive_rng, seeded_torch
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.miniature.pretraining_world import PretrainingConfig, make_pretraining_world

CLIP = E2H_MINI.clip
MIRRORED = [0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6]
"""Keypoints with left and right exchanged."""
UNIT_PX = 10.0
"""Keypoints are learnt in this unit, at the scale of the resized frames."""
PELVIS, HEAD = 0, 2


@dataclass(frozen=True)
class PretrainConfig:
    """AdamW with a cosine schedule; every second frame of a video is used, every ninth video is held out."""

    world: PretrainingConfig = field(default_factory=PretrainingConfig)
    steps: int = 5000
    batch_size: int = 64
    lr: float = 0.003
    weight_decay: float = 0.02
    warmup_steps: int = 100
    seed: int = 0


@dataclass(frozen=True)
class LabelledFrames:
    """Frames (N, R, R, 3), keypoints (N, 11, 2) [px] in them, and the video each comes from."""

    frames: UInt8[np.ndarray, "N R R 3"]
    keypoints: Float32[np.ndarray, "N 11 2"]
    video: np.ndarray


def pretrain(root: Path, out_file: Path, *, config: PretrainConfig) -> dict[str, float]:
    """Make the world below `root` (kept if there), train, write half-precision weights; return held-out scores."""
    data = load_frames(make_pretraining_world(root, config=config.world), config=config)
    held_out = np.flatnonzero(data.video % 9 == 0)[::8]
    training = np.flatnonzero(data.video % 9)
    with seeded_torch(config.seed, "initialisation"):
        model = create_model("i3d-inception-tiny-rgb", num_classes=2, time_stride="cfb", dropout=0.0)
        assert isinstance(model, InceptionI3d)
        keep_centre_in_time(model)
        head = nn.Conv3d(model.feature_channels, 24, 1)
    _train(model, head, data, training, config=config)
    out_file.parent.mkdir(parents=True, exist_ok=True)
    state = model.state_dict()
    save_file({name: v.half() if v.is_floating_point() else v for name, v in state.items()}, out_file)
    return _explained(model, head, data, held_out, config=config)


def load_frames(list_file: Path, *, config: PretrainConfig) -> LabelledFrames:
    """Decode every second frame of the listed videos, with its keypoints."""
    height, width = config.world.image_size
    scale = np.array([CLIP.resize / width, CLIP.resize / height])
    frames, keypoints, video = [], [], []
    for index, item in enumerate(tqdm(read_list(list_file), desc="frames", unit="video")):
        points = np.load(item.path.with_suffix(".npy"))
        chosen = np.arange(0, len(points), 2)
        reader = open_video(item.path, num_frames=len(points))
        frames.append(reader.frames(chosen, size=(CLIP.resize, CLIP.resize)))
        keypoints.append((points[chosen] * scale).astype(np.float32))
        video.append(np.full(len(chosen), index))
    return LabelledFrames(np.concatenate(frames), np.concatenate(keypoints), np.concatenate(video))


def keep_centre_in_time(model: nn.Module) -> None:
    """Set every convolution kernel to zero but for its middle in time, at the scale that keeps the output's spread."""
    for module in model.modules():
        if isinstance(module, nn.Conv3d) and module.kernel_size[0] > 1:
            length = module.kernel_size[0]
            with torch.no_grad():
                spread = module.weight.std() * math.sqrt(length)
                middle = torch.randn_like(module.weight[:, :, length // 2]) * spread
                module.weight.zero_()
                module.weight[:, :, length // 2] = middle


def sample_batch(
    data: LabelledFrames, indices: np.ndarray, *, rng: np.random.Generator | None
) -> tuple[Float32[Tensor, "B 3 2 S S"], Float32[Tensor, "B 24"]]:
    """Return two-frame still clips and targets: ten offsets from the pelvis, then pelvis and head from the centre.

    With a generator, crops, flips, contrast and tint are random; without, centre crops.
    """
    size, slack = CLIP.crop, CLIP.resize - CLIP.crop
    images = np.empty((len(indices), size, size, 3), np.float32)
    targets = np.empty((len(indices), 24), np.float32)
    for row, index in enumerate(indices):
        top, left = (slack // 2, slack // 2) if rng is None else rng.integers(slack + 1, size=2)
        image = data.frames[index, top : top + size, left : left + size]
        points = data.keypoints[index] - np.array([left, top], np.float32)
        if rng is not None and rng.random() < 0.5:
            image, points = image[:, ::-1], points[MIRRORED]
            points[:, 0] = size - 1 - points[:, 0]
        images[row] = image
        offsets = (points[1:] - points[PELVIS]).ravel()
        places = (points[[PELVIS, HEAD]] - size / 2).ravel()
        targets[row] = np.concatenate([offsets, places]) / UNIT_PX
    images = images / 127.5 - 1
    if rng is not None:
        contrast = rng.uniform(0.7, 1.3, (len(indices), 1, 1, 1)).astype(np.float32)
        images = images * contrast + rng.uniform(-0.2, 0.2, (len(indices), 1, 1, 3)).astype(np.float32)
    clip = torch.from_numpy(images).permute(0, 3, 1, 2)[:, :, None].expand(-1, -1, 2, -1, -1)
    return clip, torch.from_numpy(targets)


def _locate(model: InceptionI3d, head: nn.Module, clip: Tensor) -> Float32[Tensor, "B 24"]:
    device = torch.device("cpu")
    with autocast(device, resolve_precision("auto", device)):
        return head(model.features(clip))[..., 0, 0, 0].float()


def _train(
    model: InceptionI3d, head: nn.Module, data: LabelledFrames, indices: np.ndarray, *, config: PretrainConfig
) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = 0.05
    model.train()
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay)
    rng = derive_rng(config.seed, "batches")
    bar = tqdm(range(config.steps), desc="pretrain rgb", unit="step")
    for step in bar:
        warm = min(1.0, (step + 1) / config.warmup_steps)
        for group in optimizer.param_groups:
            group["lr"] = config.lr * warm * 0.5 * (1 + math.cos(math.pi * step / config.steps))
        clip, targets = sample_batch(data, rng.choice(indices, config.batch_size, replace=False), rng=rng)
        loss = F.smooth_l1_loss(_locate(model, head, clip), targets, beta=0.3)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        bar.set_postfix(loss=f"{float(loss.detach()):.3f}", refresh=False)


@torch.inference_mode()
def _explained(
    model: InceptionI3d, head: nn.Module, data: LabelledFrames, indices: np.ndarray, *, config: PretrainConfig
) -> dict[str, float]:
    """Return the share of the held-out keypoints' variance that the network explains."""
    model.eval()
    batches = [indices[i : i + config.batch_size] for i in range(0, len(indices), config.batch_size)]
    pairs = [(_locate(model, head, clip), y) for clip, y in (sample_batch(data, b, rng=None) for b in batches)]
    predicted, wanted = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    error, spread = (predicted - wanted).square().mean(dim=0), wanted.var(dim=0)
    wrists = [6, 7, 14, 15]
    return {
        "explained": float(1 - error.sum() / spread.sum()),
        "explained_wrists": float(1 - error[wrists].sum() / spread[wrists].sum()),
    }
