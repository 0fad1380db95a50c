"""Where runs can go: free GPUs, else the processor."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from videoda_train.processors import thread_count

from videoda_bench.errors import PlanError

_FREE_BELOW_MIB = 1024


@dataclass(frozen=True)
class Slot:
    """A place for one run at a time, and the environment that keeps a run in it."""

    name: str
    environment: Mapping[str, str]


def find_slots(*, jobs: int | None, device: str) -> list[Slot]:
    """Return one slot per free GPU, at most `jobs`; without GPUs, or with `device` `cpu`, `jobs` slots (default: 1).

    A GPU is free while less than 1 GiB of its memory is in use. Slots share the processors that may be used evenly.

    Raises:
        PlanError: `jobs` is below 1, or there are GPUs and all are in use.
    """
    if jobs is not None and jobs < 1:
        raise PlanError(f"jobs={jobs}; give at least 1")
    gpus = {} if device == "cpu" else _gpu_memory_mib(_nvidia_smi())
    if gpus:
        free = [index for index, used in gpus.items() if used < _FREE_BELOW_MIB]
        if not free:
            raise PlanError(f"all {len(gpus)} GPUs are in use; wait, or run on the processor with --set device=cpu")
        chosen = free[:jobs]
        shared = _threads(len(chosen)) if len(chosen) > 1 else {}
        return [Slot(f"gpu{index}", {"CUDA_VISIBLE_DEVICES": index, **shared}) for index in chosen]
    return [Slot(f"cpu{index}", _threads(jobs or 1)) for index in range(jobs or 1)]


def _threads(side_by_side: int) -> dict[str, str]:
    threads = str(thread_count(side_by_side=side_by_side))
    return {"OMP_NUM_THREADS": threads, "OPENCV_FOR_THREADS_NUM": threads}


def _nvidia_smi() -> str:
    if shutil.which("nvidia-smi") is None:
        return ""
    query = ["nvidia-smi", "--query-gpu=index,memory.used", "--format=csv,noheader,nounits"]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout


def _gpu_memory_mib(listing: str) -> dict[str, int]:
    """Return the memory in use per GPU that this process may use, from `index, MiB` lines."""
    rows = [line.split(",") for line in listing.splitlines() if line.count(",") == 1]
    used = {index.strip(): int(memory) for index, memory in rows if memory.strip().isdigit()}
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return used if allowed is None else {index: used[index] for index in allowed.split(",") if index in used}
