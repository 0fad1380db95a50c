"""Devices and arithmetic precision."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from videoda_train.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """Return the device of `auto`, `cpu`, `cuda`, `cuda:N`; `auto` and `cuda` give each process its own GPU.

    Raises:
        ConfigError: the device does not exist here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"unknown device {name!r}; allowed: auto, cpu, cuda, cuda:0, …") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {name!r} asked, but this machine has no usable CUDA device; use --device cpu")
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) if device.index is None else device.index)
        torch.cuda.set_device(device)
    return device


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the autocast type: `auto` is bf16 on CUDA and on CPUs with AMX tiles, fp32 elsewhere."""
    if name == "fp32":
        return torch.float32
    if name == "bf16":
        return torch.bfloat16
    fast = device.type == "cuda" or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


@contextmanager
def autocast(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Run a block's matrix products and convolutions in `dtype`."""
    with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
        yield


@contextmanager
def deterministic_kernels(wanted: bool) -> Iterator[None]:
    """Use only kernels that give the same bits every time, for the length of a block."""
    if not wanted:
        yield
        return
    # cuBLAS repeats its results only with a fixed workspace.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
