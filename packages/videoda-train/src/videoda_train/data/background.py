"""Background debiasing: another video's background, blended into every frame of a clip (GLAD)."""

import numpy as np
from jaxtyping import UInt8


def blend_background(
    frames: UInt8[np.ndarray, "*T S S 3"], background: UInt8[np.ndarray, "S S 3"], *, weight: float = 0.25
) -> UInt8[np.ndarray, "*T S S 3"]:
    """Return `(1 - weight) · frame + weight · background`, truncated to 8 bits."""
    blended = np.float32(1 - weight) * frames + np.float32(weight) * background
    return blended.astype(np.uint8)
