"""Devices and arithmetic precision."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from videoda_train.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """Return the device of `auto`, `cpu`, `cuda`, `cuda:N`.

    Raises:
        ConfigError: the device does not exist here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"unknown device {name!r}; allowed: auto, cpu, cuda, cuda:0, …") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {name!r} asked, but this machine has no usable CUDA device; use --device cpu")
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
