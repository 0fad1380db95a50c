"""Raw frames in the layout of Kinetics → BABEL, and small views of them."""

from pathlib import Path

import torch
from tiny_media import moving_frames, write_image
from videoda_models import ClassificationHead, VideoModel
from videoda_train.data.view_batches import ViewsBatch
from videoda_train.methods.backbone import build_backbone
from videoda_train.methods.views_method import ToInput
from videoda_train.recipes.config import ModelConfig

NUM_CLASSES = 3
STEPS = [(1, 0), (0, 1), (-1, 0)]


def write_world(root: Path) -> Path:
    """Three classes: nine folders of raw frames as source, two sequences of four stretches as target, both lists.

    `counted.txt` is the source list with frame counts, `evaluated.txt` the last four of the target's stretches.
    """
    source, counted, target = [], [], []
    for label, step in enumerate(STEPS):
        for index in range(3):
            folder = f"kinetics/class{label}/v{index}"
            for number, frame in enumerate(moving_frames(20 + index, seed=10 * label + index, step=step)):
                write_image(root / folder / f"img_{number:05d}.jpg", frame)
            source.append(f"{folder} {label}")
            counted.append(f"{folder} {20 + index} {label}")
    for sequence in range(2):
        for number, frame in enumerate(moving_frames(48, seed=100 + sequence, step=STEPS[sequence]), 1):
            write_image(root / f"babel/train/{sequence:06d}" / f"img_{number:05d}.jpg", frame)
        target += [f"babel/train/{sequence:06d} {12 * part} 12 {part % 3}" for part in range(4)]
    (root / "source.txt").write_text("\n".join(source) + "\n")
    (root / "counted.txt").write_text("\n".join(counted) + "\n")
    (root / "target.txt").write_text("\n".join(target) + "\n")
    (root / "evaluated.txt").write_text("\n".join(target[4:]) + "\n")
    (root / "classes.txt").write_text("right\ndown\nleft\n")
    return root


def make_backbone() -> tuple[VideoModel, ToInput]:
    """A narrow I3D-R50 with random weights."""
    torch.manual_seed(0)
    return build_backbone(ModelConfig(backbone="i3d-r50-tiny", batch_norm_momentum=0.1))


def make_head(backbone: VideoModel) -> ClassificationHead:
    """A head whose logits are not as good as zero."""
    return ClassificationHead(backbone.feature_channels, NUM_CLASSES, dropout=0.0, init_std=0.1)


def make_views_batch(count: int, *, views: int = 3, seed: int = 0) -> ViewsBatch:
    """Random frames."""
    generator = torch.Generator().manual_seed(seed)

    def clips() -> torch.Tensor:
        return torch.randint(0, 256, (count, views, 8, 32, 32, 3), dtype=torch.uint8, generator=generator)

    labels = torch.randint(0, NUM_CLASSES, (count,), generator=generator)
    return ViewsBatch(
        source=clips(),
        source_labels=labels,
        source_index=torch.arange(count),
        target=clips(),
        target_index=torch.arange(count),
    )
