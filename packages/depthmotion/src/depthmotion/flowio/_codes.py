"""The 8-bit mapping that I3D's flow stream is trained on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, UInt8

from depthmotion.errors import ConfigError, FlowFileError


def check_bound(bound: float) -> None:
    """Raise ConfigError unless the bound is positive and finite."""
    if not (np.isfinite(bound) and bound > 0):
        raise ConfigError(f"bound={bound}: give the largest flow to keep in pixels, above 0 (I3D uses 20).")


def encode_uint8(flow: Float[np.ndarray, "*shape"], *, bound: float = 20.0) -> UInt8[np.ndarray, "*shape"]:
    """Clip flow in pixels to ±bound and map it linearly to 0 … 255, rounded (I3D's mapping).

    Raises:
        FlowFileError: some flow is NaN, for which there is no code; infinite flow is clipped.
    """
    check_bound(bound)
    scaled = np.clip(flow, -bound, bound)
    if np.isnan(np.min(scaled, initial=0.0)):
        raise FlowFileError(
            f"{int(np.isnan(flow).sum())} of {flow.size} flow values are NaN: 8-bit codes have none for unknown flow. "
            "Set them to 0, or keep float32 (.npz, .flo)."
        )
    scaled = scaled * np.float32(127.5 / bound)
    scaled += np.float32(127.5 + 0.5)
    return np.minimum(scaled, 255).astype(np.uint8)


def decode_uint8(codes: UInt8[np.ndarray, "*shape"], *, bound: float = 20.0) -> Float32[np.ndarray, "*shape"]:
    """Return flow in pixels of 8-bit codes; within bound / 255 of what was encoded, inside the bound."""
    check_bound(bound)
    table = np.linspace(-bound, bound, 256).astype(np.float32)
    return np.asarray(table[codes])
