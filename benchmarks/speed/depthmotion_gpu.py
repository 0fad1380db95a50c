"""Speed of depthmotion's engine on torch: `python benchmarks/speed/depthmotion_gpu.py [--device cuda] [--clips 32]`.

Frames per second in memory, frames and flow left on the device: of clips that are prepared, their upload included, and
of whole clips with their preparation, which one core of the processor does. Best of all rounds: wall time on a GPU, CPU
time without one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter, process_time

import depthmotion as dm
import torch
from depthmotion.torch_engine import render_batch
from depthmotion_speed import scene, walk
from measurements import row, write_section

REPORT = "depthmotion-gpu"
TARGET = 2000


def best_seconds(call: Callable[[], object], *, rounds: int, device: str) -> float:
    """Return the least time of a call [s]; the first one, which starts everything up, does not count."""
    clock = perf_counter if device.startswith("cuda") else process_time
    call()
    taken = []
    for _ in range(rounds):
        start = clock()
        call()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        taken.append(clock() - start)
    return min(taken)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--at-once", type=int, default=64, help="frames in the works together")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    device, rounds = arguments.device, arguments.rounds
    if device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("no CUDA device: give --device cpu")
    image, depth = scene(arguments.size)
    paths = [walk(arguments.frames, seed) for seed in range(arguments.clips)]
    clips = [dm.prepare(image, depth, path) for path in paths]
    count = arguments.clips * arguments.frames

    def render() -> object:
        return render_batch(clips, device=device, frames_at_once=arguments.at_once)

    def whole() -> object:
        made = [dm.prepare(image, depth, path) for path in paths]
        return render_batch(made, device=device, frames_at_once=arguments.at_once)

    name = (
        torch.cuda.get_device_name() if device.startswith("cuda") else f"{torch.get_num_threads()} threads of the CPU"
    )
    rows = []
    for what, call in (("prepared clips", render), ("whole clips", whole)):
        rate = count / best_seconds(call, rounds=rounds, device=device)
        judged = device.startswith("cuda") and call is render
        rows.append(
            row(
                f"{what}, {arguments.clips}×{arguments.frames} frames of {arguments.size}×{arguments.size}",
                f"{rate:,.0f} frames/s",
                target=f"≥ {TARGET:,} frames/s" if judged else "",
                met=rate >= TARGET if judged else None,
            )
        )
    write_section(REPORT, f"torch on {name}", rows)


if __name__ == "__main__":
    main()
