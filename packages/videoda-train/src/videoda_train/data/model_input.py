"""From 8-bit clips to the networks' input."""

from einops import rearrange
from jaxtyping import Float32, UInt8
from torch import Tensor


def rgb_input(frames: UInt8[Tensor, "B T H W 3"]) -> Float32[Tensor, "B 3 T H W"]:
    """Map frames to [-1, 1], I3D's range, channels first."""
    return rearrange(frames, "b t h w c -> b c t h w").float().div_(127.5).sub_(1.0)


def flow_input(codes: UInt8[Tensor, "B T H W 2"]) -> Float32[Tensor, "B 2 T H W"]:
    """Map flow codes to [-1, 1]: flow in pixels over its bound, channels (u, v) first."""
    return rearrange(codes, "b t h w c -> b c t h w").float().div_(127.5).sub_(1.0)
