"""Estimated flow as 8-bit codes; what is no number is refused."""

import depthmotion.flowio
import numpy as np
from jaxtyping import Float, UInt8

from videoda_train.errors import MediaError


def flow_as_codes(flow: Float[np.ndarray, "*T H W 2"], *, bound: float) -> UInt8[np.ndarray, "*T H W 2"]:
    """Return flow [px] as codes of ± `bound` px.

    Raises:
        MediaError: the flow holds values that are not finite: as codes they would be the bound or its negative.
    """
    wrong = int(np.count_nonzero(~np.isfinite(flow)))
    if wrong:
        raise MediaError(
            f"the estimated flow holds {wrong} values that are not finite, of {flow.size}; nothing is kept"
        )
    return depthmotion.flowio.encode_uint8(flow, bound=bound)
