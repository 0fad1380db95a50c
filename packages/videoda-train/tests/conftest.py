"""Tiny photos and videos made on the spot, and the folder of real ones where there is one."""

import os
from pathlib import Path

import pytest
import torch
from tiny_media import moving_frames, textured_image, write_image, write_video
from tiny_views import write_world

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("VIDEODA_TEST_DATA")
    if not folder:
        pytest.skip("VIDEODA_TEST_DATA is not set; it names the folder of real test data")
    return Path(folder)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes, four photos and three videos each, with both lists and the class map."""
    root = tmp_path_factory.mktemp("tiny")
    steps = [(1, 0), (0, 1), (-1, 0)]
    source, target = [], []
    for label, step in enumerate(steps):
        for i in range(4):
            name = f"photos/class {label}/im&{i}.jpg"
            write_image(root / name, textured_image(48, 64, 100 * label + i))
            source.append(f"{name} {label}")
        for i in range(3):
            name = f"videos/class{label}/v#{i} (a).avi"
            write_video(root / name, moving_frames(12 + i, seed=100 * label + i, step=step))
            target.append(f"{name} {label}")
    (root / "source.txt").write_text("\n".join(source) + "\n")
    (root / "target.txt").write_text("\n".join(target) + "\n")
    (root / "classes.txt").write_text("right\ndown\nleft\n")
    return root


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw frames and lists of `write_world`."""
    return write_world(tmp_path_factory.mktemp("world"))
