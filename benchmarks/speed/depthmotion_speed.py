"""Speed of depthmotion: `python benchmarks/speed/depthmotion_speed.py [--rounds 7]`.

Time per frame of clips with frames as JPEG and no flow, depth given, beside the published procedure (geometry, nearest
splat with depth test, Telea of radius 3, JPEG and back, frame by frame) in the same run and in turns. CPU time of one
core, best of all rounds: other work on the machine hardly touches it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import cv2
import depthmotion as dm
import numpy as np
import torch
import transformers
from depthmotion.depth_sources import NetworkDepth
from depthmotion_world import view
from measurements import row, write_section

SIZE = 384
FRAMES = 16
QUALITY = 95
REPORT = "depthmotion-speed"


def encode(image: np.ndarray) -> None:
    """Make a JPEG."""
    cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def scene(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return photo and depth of the test world, its nearest things at depth 1, as the published ranges assume."""
    image, depth = view(np.eye(4), size, size, samples=2)
    return image, depth / depth.min()


def walk(frames: int, seed: int) -> dm.CameraPath:
    """Return the published random walk."""
    return dm.paths.random_walk(frames, np.random.default_rng(seed))


def ours(image: np.ndarray, depth: np.ndarray, path: dm.CameraPath, *, with_flow: bool = False) -> Callable[[], None]:
    """Return a clip's making as a call."""

    def make() -> None:
        for frame in dm.prepare(image, depth, path).frames(with_flow=with_flow):
            encode(frame.image)

    return make


def published(image: np.ndarray, depth: np.ndarray, path: dm.CameraPath) -> Callable[[], object]:
    """Return the published procedure as a call, its depth inference left out."""
    known = dm.DepthMap(depth)
    return lambda: dm.synthesize_chained(image, lambda frame: known, path)


def best_seconds(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run the calls in turns and return each one's least CPU time [s]."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = process_time()
            call()
            if turn:
                taken[name].append(process_time() - start)
    return {name: min(seconds) for name, seconds in taken.items()}


def per_frame(rounds: int) -> list[dict]:
    """Compare with the published procedure at its own size."""
    image, depth = scene(SIZE)
    rows, ratios, ms = [], [], []
    for seed in range(3):
        path = walk(FRAMES, seed)
        frames = [frame.image for frame in dm.prepare(image, depth, path).frames(with_flow=False)]
        seconds = best_seconds(
            {
                "ours": ours(image, depth, path),
                "ours, with flow": ours(image, depth, path, with_flow=True),
                "published": published(image, depth, path),
                "JPEG alone": lambda frames=frames: [encode(frame) for frame in frames],
                "preparation": lambda path=path: dm.prepare(image, depth, path),
            },
            rounds,
        )
        each = {name: 1e3 * value / FRAMES for name, value in seconds.items()}
        ratios.append(each["published"] / each["ours"])
        ms.append(each["ours"])
        text = ", ".join(f"{name} {value:.2f}" for name, value in each.items())
        rows.append(row(f"walk {seed}: ms per frame", text, milliseconds=each))
    mean = float(np.mean(ms))
    rows.append(row("ours, mean of the walks", f"{mean:.2f} ms per frame", target="≤ 3 ms", met=mean <= 3))
    ratio = float(np.mean(ratios))
    rows.append(row("published / ours, mean", f"{ratio:.1f} ×", target="≥ 8 ×", met=ratio >= 8))
    rows.append(row("niceness of the process (below 0: before others on a loaded machine)", str(os.nice(0))))
    return rows


def growth(rounds: int) -> list[dict]:
    """Time clips of growing length and size."""
    rows = []
    image, depth = scene(SIZE)
    calls = {f"{frames} frames": ours(image, depth, _steady(frames))
             for frames in (8, 16, 32, 64)}  # fmt: skip
    for name, seconds in best_seconds(calls, rounds).items():
        rows.append(row(f"{name} of 384×384", f"{1e3 * seconds / int(name.split()[0]):.2f} ms per frame"))
    sizes = {}
    for size in (192, 384, 768):
        photo, distances = scene(size)
        sizes[f"{size}×{size}"] = ours(photo, distances, _steady(FRAMES))
    for name, seconds in best_seconds(sizes, rounds).items():
        pixels = int(name.split("×")[0]) ** 2 * FRAMES
        rows.append(row(f"16 frames of {name}", f"{1e9 * seconds / pixels:.1f} ns per pixel"))
    return rows


def with_network(rounds: int) -> list[dict]:
    """Time a clip from the photo alone: one inference for ours, one per frame for the published procedure.

    The network has the architecture of Depth-Anything-V2 Small and random weights, which cost as much time as trained
    ones; its prediction is thrown away and the world's own depth taken.
    """
    image, depth = scene(SIZE)
    known, path = dm.DepthMap(depth), walk(FRAMES, 0)
    with TemporaryDirectory() as folder:
        _write_network(Path(folder))
        network = NetworkDepth(folder, kind="disparity", device="cpu")

    def infer(frame: np.ndarray) -> dm.DepthMap:
        network(frame)
        return known

    seconds = best_seconds(
        {
            "ours": lambda: ours(image, infer(image).values, path)(),
            "published": lambda: dm.synthesize_chained(image, infer, path),
            "one inference": lambda: network(image),
        },
        rounds,
    )
    text = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    ratio = seconds["published"] / seconds["ours"]
    return [
        row(f"clip of {FRAMES} frames with a depth network: s", text, seconds=seconds),
        row("published / ours", f"{ratio:.1f} ×", target="≥ 10 ×", met=ratio >= 10),
    ]


def _write_network(folder: Path) -> None:
    backbone = transformers.Dinov2Config(
        hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518, patch_size=14,
        out_indices=[3, 6, 9, 12], reshape_hidden_states=False,
    )  # fmt: skip
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=384, neck_hidden_sizes=[48, 96, 192, 384],
        fusion_hidden_size=64, head_hidden_size=32, patch_size=14,
    )  # fmt: skip
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    transformers.DPTImageProcessor(
        size={"height": 518, "width": 518}, keep_aspect_ratio=True, ensure_multiple_of=14
    ).save_pretrained(folder)


def _steady(frames: int) -> dm.CameraPath:
    """Return a sideways path of one extent for any number of frames."""
    return dm.paths.dolly(frames, direction=(1.0, 0.0, 0.3), distance=0.1)


def main() -> None:
    """Measure and write `benchmarks/results/depthmotion-speed`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds of every call after the first")
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    write_section(REPORT, "time per frame (CPU time of one core)", per_frame(rounds))
    torch.set_num_threads(1)
    write_section(REPORT, "with a depth network (CPU time of one core)", with_network(2))
    write_section(REPORT, "growth with frames and pixels", growth(max(rounds // 2, 2)))


if __name__ == "__main__":
    main()
