"""RAFT-small by torchvision, with its own weights or its authors'."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor, nn
from torchvision.models.optical_flow import raft_small
from videoda_models import read_state_dict

from videoda_train.errors import ConfigError

_RENAMED = (
    ("module.", ""),
    ("fnet.", "feature_encoder."),
    ("cnet.", "context_encoder."),
    ("encoder.conv1.", "encoder.convnormrelu.0."),
    ("encoder.conv2.", "encoder.conv."),
    ("update_block.encoder.", "update_block.motion_encoder."),
    ("convc1.", "convcorr1.0."),
    ("convf1.", "convflow1.0."),
    ("convf2.", "convflow2.0."),
    ("motion_encoder.conv.", "motion_encoder.conv.0."),
    ("update_block.gru.", "update_block.recurrent_block.convgru1."),
)
_IN_A_BLOCK = (("conv1.", "convnormrelu1.0."), ("conv2.", "convnormrelu2.0."), ("conv3.", "convnormrelu3.0."))


def torchvision_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the keys of a checkpoint of RAFT-small's authors (princeton-vl/RAFT) to torchvision's."""
    return {_torchvision_key(key): value for key, value in state.items()}


def _torchvision_key(key: str) -> str:
    in_a_block = ".layer" in key
    for old, new in _RENAMED:
        if not (in_a_block and old.startswith("encoder.")):
            key = key.replace(old, new, 1)
    if in_a_block:
        for old, new in _IN_A_BLOCK:
            key = key.replace(old, new, 1)
    return key


def load_raft_small(weights: Path | str) -> nn.Module:
    """Return torchvision's `raft_small` with the weights of a file, torchvision's own or its authors'.

    Raises:
        WeightsError: the file is damaged, or holds more than tensors.
        ConfigError: the file is missing, or its keys are neither's; the first foreign and missing keys are named.
    """
    weights = Path(weights)
    if not weights.is_file():
        raise ConfigError(f"no RAFT weights at {weights}; give torchvision's or its authors' raft-small.pth")
    state = read_state_dict(weights)
    if any(key.removeprefix("module.").startswith("fnet.") for key in state):
        state = torchvision_keys(state)
    model = raft_small()
    wanted = model.state_dict().keys()
    foreign, missing = sorted(state.keys() - wanted), sorted(wanted - state.keys())
    if foreign or missing:
        raise ConfigError(
            f"{weights} is not RAFT-small: {len(foreign)} foreign keys ({', '.join(foreign[:3])}), "
            f"{len(missing)} missing ({', '.join(missing[:3])})"
        )
    model.load_state_dict(state)
    return model.eval()


class RaftEstimator:
    """Estimates flow by RAFT; frames are padded to multiples of 8 by their edges, at least 128 px a side."""

    def __init__(self, model: nn.Module, *, device: str = "cpu", num_updates: int = 20):
        self._model = model.to(device)
        self._device = device
        self._num_updates = num_updates

    def __call__(
        self, first: UInt8[np.ndarray, "H W 3"], second: UInt8[np.ndarray, "H W 3"]
    ) -> Float32[np.ndarray, "H W 2"]:
        """Return the flow from the first frame to the second [px]."""
        height, width = first.shape[:2]
        # RAFT's coarsest correlation map is 1/64 of the frame and needs two rows.
        down, right = (max(128, -(-side // 8) * 8) - side for side in (height, width))
        top, left = down // 2, right // 2
        with torch.inference_mode():
            pair = [self._input(frame, (left, right - left, top, down - top)) for frame in (first, second)]
            flow = self._model(*pair, num_flow_updates=self._num_updates)[-1][0]
        flow = flow[:, top : top + height, left : left + width]
        return flow.permute(1, 2, 0).contiguous().cpu().numpy()

    def _input(self, frame: np.ndarray, padding: tuple[int, int, int, int]) -> Tensor:
        image = torch.from_numpy(np.ascontiguousarray(frame)).to(self._device).permute(2, 0, 1)[None].float()
        return nn.functional.pad(image / 127.5 - 1, padding, mode="replicate")
