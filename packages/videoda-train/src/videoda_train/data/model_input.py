"""From 8-bit clips to the networks' input."""

import re
from collections.abc import Callable, Sequence
from functools import partial

import torch
from einops import rearrange
from jaxtyping import Float32, UInt8
from torch import Tensor

from videoda_train.errors import ConfigError

IMAGENET = "mean 0.485 0.456 0.406, standard deviation 0.229 0.224 0.225"


def rgb_input(frames: UInt8[Tensor, "B T H W 3"]) -> Float32[Tensor, "B 3 T H W"]:
    """Map frames to [-1, 1], I3D's range, channels first."""
    return rearrange(frames, "b t h w c -> b c t h w").float().div_(127.5).sub_(1.0)


def flow_input(codes: UInt8[Tensor, "B T H W 2"]) -> Float32[Tensor, "B 2 T H W"]:
    """Map flow codes to [-1, 1]: flow in pixels over its bound, channels (u, v) first."""
    return rearrange(codes, "b t h w c -> b c t h w").float().div_(127.5).sub_(1.0)


def normalised_input(
    frames: UInt8[Tensor, "B T H W 3"], *, mean: Sequence[float], std: Sequence[float]
) -> Float32[Tensor, "B 3 T H W"]:
    """Normalise frames, by a mean and standard deviation of colours from 0 to 1; channels first."""
    shift, scale = (255 * torch.tensor(values, device=frames.device) for values in (mean, std))
    return rearrange((frames - shift) / scale, "b t h w c -> b c t h w")


def input_for(input_range: str) -> Callable[[UInt8[Tensor, "B T H W 3"]], Float32[Tensor, "B 3 T H W"]]:
    """Return what makes a network's input, given the input range on its model card.

    Raises:
        ConfigError: the card does not say it.
    """
    if input_range == "[-1, 1]":
        return rgb_input
    text = input_range.replace("ImageNet mean and standard deviation", IMAGENET)
    found = re.fullmatch(r"mean ([\d. ]+), standard deviation ([\d. ]+)", text)
    if found is None:
        raise ConfigError(
            f"cannot tell the network's input range from {input_range!r}; allowed: {IMAGENET!r} and alike"
        )
    mean, std = ([float(value) for value in values.split()] for values in found.groups())
    return partial(normalised_input, mean=mean, std=std)
