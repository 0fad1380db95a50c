"""Speed of the full Inception-I3D: the plain way against the fast one, in one run.

    python benchmarks/speed/models_speed.py [--batch-size 1] [--threads N]

CPU: float32 in contiguous memory against bfloat16 autocast in channels-last memory, forward (evaluation mode, no
gradients) and training step (forward, backward, SGD). CUDA, where there is one: the same, eager and compiled, with
clips per second, the part of the matrix units' dense bfloat16 peak that is reached, and memory.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch
import videoda_models
from measurements import row, write_section
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

SHAPE = (3, 16, 224, 224)
PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40S": 362.0}
"""Dense bfloat16 peak without sparsity, from the vendor's data sheets; H100 and H200 as SXM."""


def make_step(model: nn.Module, clip: Tensor, *, train: bool, bf16: bool) -> Callable[[], object]:
    """Return one forward pass, or one training step, as a call."""
    device = clip.device.type
    if not train:
        model.eval()

        @torch.inference_mode()
        def forward() -> Tensor:
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                return model(clip)

        return forward
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    labels = torch.zeros(len(clip), dtype=torch.long, device=clip.device)

    def step() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            logits = model(clip)
        nn.functional.cross_entropy(logits.float().mean(dim=2), labels).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def interleaved_seconds(calls: dict[str, Callable[[], object]], *, times: int, cuda: bool) -> dict[str, float]:
    """Time calls in turns, so that other work on the machine meets all alike; return each one's median [s]."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(times + 1):
        for name, call in calls.items():
            start = perf_counter()
            call()
            if cuda:
                torch.cuda.synchronize()
            if turn:
                taken[name].append(perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def variant(*, device: str, batch_size: int, fast: bool) -> tuple[nn.Module, Tensor]:
    """Return the network and a batch, in the memory format of the plain or of the fast way."""
    layout = torch.channels_last_3d if fast else torch.contiguous_format
    torch.manual_seed(0)
    model = videoda_models.create_model("i3d-inception-rgb", num_classes=400, time_stride="published")
    clip = torch.randn(batch_size, *SHAPE, device=device).to(memory_format=layout)
    return model.to(device).to(memory_format=layout), clip


def measure_cpu(*, batch_size: int, times: int) -> list[dict[str, Any]]:
    """Return the rows of forward pass and training step, plain and fast."""
    rows = []
    for train, title in ((False, "forward"), (True, "training step")):
        calls = {}
        for fast in (False, True):
            model, clip = variant(device="cpu", batch_size=batch_size, fast=fast)
            calls["fast" if fast else "plain"] = make_step(model, clip, train=train, bf16=fast)
        seconds = interleaved_seconds(calls, times=times, cuda=False)
        ratio = seconds["plain"] / seconds["fast"]
        rows.append(
            row(
                f"{title}, {batch_size} × {SHAPE}, {torch.get_num_threads()} thread(s)",
                f"float32 contiguous {seconds['plain']:.3f} s, bfloat16 channels-last {seconds['fast']:.3f} s:"
                f" {ratio:.1f}×",
                target="" if train else "≥ 1.8×",
                met=None if train else ratio >= 1.8,
                seconds=seconds,
            )
        )
    return rows


def measure_cuda(*, batch_size: int, times: int) -> list[dict[str, Any]]:
    """Return the rows of forward pass and training step on the first CUDA device."""
    name = torch.cuda.get_device_name()
    peak = next((value for key, value in PEAK_TFLOPS.items() if key in name), None)
    rows = []
    for train, title in ((False, "forward"), (True, "training step")):
        for way in ("float32 contiguous", "bfloat16 channels-last", "bfloat16 channels-last, compiled"):
            fast = way != "float32 contiguous"
            model, clip = variant(device="cuda", batch_size=batch_size, fast=fast)
            with FlopCounterMode(display=False) as counter:
                make_step(model, clip, train=train, bf16=fast)()
            if way.endswith("compiled"):
                model = torch.compile(model)  # type: ignore[assignment]
            call = make_step(model, clip, train=train, bf16=fast)
            torch.cuda.reset_peak_memory_stats()
            seconds = interleaved_seconds({way: call}, times=times, cuda=True)[way]
            tflops = counter.get_total_flops() / seconds / 1e12
            part = f", {100 * tflops / peak:.0f} % of {peak:.0f}" if peak and fast else ""
            memory = torch.cuda.max_memory_allocated() / 2**30
            rows.append(
                row(
                    f"{title}, {batch_size} × {SHAPE}, {way}",
                    f"{batch_size / seconds:.0f} clips/s, {tflops:.0f} TFLOP/s{part}, {memory:.1f} GiB",
                    seconds=seconds,
                )
            )
    return rows


def main() -> None:
    """Measure what this machine has and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=1, help="clips per step on the CPU")
    parser.add_argument("--cuda-batch-size", type=int, default=32, help="clips per step on a GPU")
    parser.add_argument("--times", type=int, default=7, help="timed repetitions of each call")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    write_section("videoda-models", "I3D on the CPU", measure_cpu(batch_size=args.batch_size, times=args.times))
    if torch.cuda.is_available():
        name = f"I3D on one {torch.cuda.get_device_name()}"
        write_section("videoda-models", name, measure_cuda(batch_size=args.cuda_batch_size, times=args.times))


if __name__ == "__main__":
    main()
