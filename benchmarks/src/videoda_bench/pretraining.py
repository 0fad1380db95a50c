"""Pretraining of the miniature's networks: they learn where the joints of a rendered person are and how they move.

The real task starts from Kinetics weights, from networks that know people and how they move. The miniature's narrow
networks know them from `miniature.pretraining_world`: random motions, none a class of a benchmark, at places that tell
nothing. Each stream of I3D learns first from stills (a frame, or the flow from it to the next, repeated), with only the
centre of its kernels in time in use, then from clips, where places and steps of the joints are to be told at every
moment. The weights are made once, by `videoda-bench pretrain`, and ship with this package.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from safetensors.torch import save_file
from torch import Tensor, nn
from videoda_models import InceptionI3d, create_model
from videoda_train.data.list_file import read_list
from videoda_train.data.target_flow import flow_codes
from videoda_train.data.video_reader import open_video
from videoda_train.engine.device import autocast, resolve_precision
from videoda_train.progress import ProgressBar
from videoda_train.randomness import derive_rng, seeded_torch
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.miniature.pretraining_world import PretrainingConfig, make_pretraining_world

Stream = Literal["rgb", "flow"]

WEIGHT_FILES: dict[Stream, str] = {
    "rgb": "i3d-tiny-rgb.safetensors",
    "flow": "i3d-tiny-flow.safetensors",
}
"""The files made, by the names under which they ship in `miniature/weights`."""

CLIP = E2H_MINI.clip
MIRRORED = [0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6]
"""Keypoints with left and right exchanged."""
POSITION_UNIT_PX, VELOCITY_UNIT_PX = 10.0, 1.0
"""Places and steps of keypoints are learnt in these units, at the scale of the resized frames."""
PELVIS, HEAD, WRISTS = 0, 2, (4, 8)


@dataclass(frozen=True)
class Phase:
    """AdamW with a warm-up and a cosine schedule over `steps` batches of clips.

    `spacings` are the numbers of video frames between a clip's frames to draw from; 0 repeats one frame.
    """

    name: str
    steps: int
    batch_size: int
    num_frames: int
    spacings: tuple[int, ...]
    lr: float
    tells_steps: bool


@dataclass(frozen=True)
class PretrainConfig:
    """The videos, what is learnt from them, and the seed; every ninth video is held out."""

    world: PretrainingConfig = field(default_factory=PretrainingConfig)
    rgb_steps: tuple[int, int] = (8000, 4000)
    """Steps on stills and on clips."""
    flow_steps: tuple[int, int] = (3000, 5000)
    weight_decay: float = 0.02
    warmup_steps: int = 100
    seed: int = 0

    def phases(self, stream: Stream) -> tuple[Phase, Phase]:
        """Return the two phases; a still frame tells no steps, its flow does."""
        stills, clips = self.rgb_steps if stream == "rgb" else self.flow_steps
        return (
            Phase("stills", stills, 64, 2, (0,), 0.003, tells_steps=stream == "flow"),
            Phase("clips", clips, 16, 8, (1, 2, 3), 0.0015, tells_steps=True),
        )


@dataclass(frozen=True)
class LabelledVideo:
    """Frames or flow codes (N, R, R, C) of a video and the keypoints (N + 1, 11, 2) [px] in each frame."""

    pixels: UInt8[np.ndarray, "N R R C"]
    keypoints: Float32[np.ndarray, "N+1 11 2"]


def pretrain(root: Path, out_file: Path, *, stream: Stream, config: PretrainConfig) -> dict[str, float]:
    """Make the world below `root` (kept if there), train, write half-precision weights; return held-out scores."""
    videos = load_videos(make_pretraining_world(root, config=config.world), stream=stream)
    training = [video for index, video in enumerate(videos) if index % 9]
    model = new_model(stream, config=config)
    scores: dict[str, float] = {}
    for phase in config.phases(stream):
        with seeded_torch(config.seed, "head", phase.name):
            head = nn.Conv3d(model.feature_channels, 46 if phase.tells_steps else 24, 1)
        _train(model, head, training, phase=phase, config=config)
        explained = _explained(model, head, videos[::9], phase=phase, config=config)
        scores |= {f"{phase.name}: {name}": value for name, value in explained.items()}
        out_file.parent.mkdir(parents=True, exist_ok=True)
        state = model.state_dict()
        save_file({name: v.half() if v.is_floating_point() else v for name, v in state.items()}, out_file)
    return scores


def new_model(stream: Stream, *, config: PretrainConfig) -> InceptionI3d:
    """Return the network of a stream as its pretraining starts, on the seed's random weights."""
    with seeded_torch(config.seed, "initialisation"):
        model = create_model(f"i3d-inception-tiny-{stream}", num_classes=2, time_stride="cfb", dropout=0.0)
        assert isinstance(model, InceptionI3d)
        keep_centre_in_time(model)
    return model


def load_videos(list_file: Path, *, stream: Stream) -> list[LabelledVideo]:
    """Decode the listed videos, or compute their flow from each frame to the next, with their keypoints."""
    videos = []
    for item in ProgressBar(read_list(list_file), desc=f"{stream} of videos", unit="video"):
        points = np.load(item.path.with_suffix(".npy"))
        reader = open_video(item.path, num_frames=len(points))
        height, width = reader.frames([0]).shape[1:3]
        points = (points * np.array([CLIP.resize / width, CLIP.resize / height])).astype(np.float32)
        if stream != "flow":
            pixels = reader.frames(np.arange(len(points) - 1), size=(CLIP.resize, CLIP.resize))
        else:
            pixels = flow_codes(reader, np.arange(len(points) - 1), clip=CLIP)
        videos.append(LabelledVideo(pixels, points))
    return videos


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


def make_targets(
    points: Float32[np.ndarray, "T 11 2"], following: Float32[np.ndarray, "T 11 2"], *, tells_steps: bool
) -> Float32[np.ndarray, "T D"]:
    """Return what is to be told of each frame: where joints are and, if asked, their steps to the next video frame.

    Ten offsets from the pelvis, then pelvis and head from the centre; the pelvis's step, the others' relative to it.
    """
    pelvis = points[:, PELVIS : PELVIS + 1]
    parts = [points[:, 1:] - pelvis, points[:, [PELVIS, HEAD]] - np.float32(CLIP.crop / 2)]
    parts = [part / np.float32(POSITION_UNIT_PX) for part in parts]
    if tells_steps:
        step = (following - points) / np.float32(VELOCITY_UNIT_PX)
        parts += [step[:, :1], step[:, 1:] - step[:, :1]]
    return np.concatenate(parts, axis=1).reshape(len(points), -1)


def sample_batch(
    videos: list[LabelledVideo], *, phase: Phase, rng: np.random.Generator, augment: bool
) -> tuple[Float32[Tensor, "B C T S S"], Float32[Tensor, "B D T2"]]:
    """Return clips of random videos and what is to be told of each two frames of them.

    With `augment`, crops, flips and, of frames, contrast and tint are random; without, centre crops.
    """
    size, slack = CLIP.crop, CLIP.resize - CLIP.crop
    channels = videos[0].pixels.shape[-1]
    clips = np.empty((phase.batch_size, phase.num_frames, size, size, channels), np.float32)
    targets = []
    for row, video in enumerate(rng.choice(np.arange(len(videos)), phase.batch_size, replace=False)):
        pixels, keypoints = videos[video].pixels, videos[video].keypoints
        spacing = int(rng.choice(phase.spacings))
        reach = spacing * (phase.num_frames - 1)
        times = rng.integers(len(pixels) - reach) + spacing * np.arange(phase.num_frames)
        top, left = map(int, rng.integers(slack + 1, size=2)) if augment else (slack // 2, slack // 2)
        clip = pixels[times, top : top + size, left : left + size]
        points, following = (keypoints[times + k] - np.array([left, top], np.float32) for k in (0, 1))
        if augment and rng.random() < 0.5:
            clip = clip[:, :, ::-1]
            if channels == 2:
                clip = np.stack([255 - clip[..., 0], clip[..., 1]], axis=-1)
            points, following = points[:, MIRRORED], following[:, MIRRORED]
            points[..., 0], following[..., 0] = size - 1 - points[..., 0], size - 1 - following[..., 0]
        clips[row] = clip
        told = make_targets(points, following, tells_steps=phase.tells_steps)
        targets.append((told[0::2] + told[1::2]).T / 2)
    clips = clips / 127.5 - 1
    if augment and channels == 3:
        shape = (phase.batch_size, 1, 1, 1)
        contrast = rng.uniform(0.7, 1.3, (*shape, 1)).astype(np.float32)
        clips = clips * contrast + rng.uniform(-0.2, 0.2, (*shape, 3)).astype(np.float32)
    return torch.from_numpy(clips).permute(0, 4, 1, 2, 3), torch.from_numpy(np.stack(targets))


def _tell(model: InceptionI3d, head: nn.Module, clip: Tensor) -> Float32[Tensor, "B D T2"]:
    device = torch.device("cpu")
    with autocast(device, resolve_precision("auto", device)):
        return head(model.features(clip))[..., 0, 0].float()


def _train(
    model: InceptionI3d, head: nn.Module, videos: list[LabelledVideo], *, phase: Phase, config: PretrainConfig
) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = 0.05
    model.train()
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=phase.lr, weight_decay=config.weight_decay)
    rng = derive_rng(config.seed, "batches", phase.name)
    bar = ProgressBar(range(phase.steps), desc=f"pretrain on {phase.name}", unit="step")
    for step in bar:
        warm = min(1.0, (step + 1) / config.warmup_steps)
        for group in optimizer.param_groups:
            group["lr"] = phase.lr * warm * 0.5 * (1 + math.cos(math.pi * step / phase.steps))
        clip, targets = sample_batch(videos, phase=phase, rng=rng, augment=True)
        loss = F.smooth_l1_loss(_tell(model, head, clip), targets, beta=0.3)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        bar.set_postfix(loss=f"{float(loss.detach()):.3f}", refresh=False)


@torch.inference_mode()
def _explained(
    model: InceptionI3d, head: nn.Module, videos: list[LabelledVideo], *, phase: Phase, config: PretrainConfig
) -> dict[str, float]:
    """Return the share of the held-out variance that the network explains: of places, of steps, and of the wrists'."""
    model.eval()
    rng = derive_rng(config.seed, "held out", phase.name)
    batches = [sample_batch(videos, phase=phase, rng=rng, augment=False) for _ in range(30)]
    predicted = torch.cat([_tell(model, head, clip).movedim(1, -1).flatten(0, 1) for clip, _ in batches])
    wanted = torch.cat([targets.movedim(1, -1).flatten(0, 1) for _, targets in batches])
    error, spread = (predicted - wanted).square().mean(dim=0), wanted.var(dim=0)
    wrists = [2 * (k - 1) + axis for k in WRISTS for axis in (0, 1)]
    groups = {"places": list(range(24)), "wrist places": wrists}
    if phase.tells_steps:
        groups |= {"steps": list(range(24, 46)), "wrist steps": [26 + column for column in wrists]}
    return {name: float(1 - error[columns].sum() / spread[columns].sum()) for name, columns in groups.items()}
