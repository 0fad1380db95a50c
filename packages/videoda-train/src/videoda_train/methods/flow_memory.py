"""CFB's category-aware flow memory: per class, the flows of the most confidently pseudo-labelled target videos.

An evaluation fills it, the next epoch's training draws from it, the end of that training empties it. Source:
"Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory Bank and Realistic Video Generation" (ACM MM
2024).
"""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import flowbank
import numpy as np
import torch
from flowbank import Admission, Draw, FlowBank
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from videoda_train.errors import RunError
from videoda_train.evaluation import Scores
from videoda_train.randomness import derive_generator
from videoda_train.recipes.config import CfbConfig, ClipConfig


@runtime_checkable
class BankableVideos(Protocol):
    """The target's videos, in the order in which they are scored."""

    def __len__(self) -> int: ...

    def bank_flow_codes(self, index: int) -> UInt8[np.ndarray, "T S S 2"]:
        """Return what the bank keeps of a video."""
        ...


class FlowMemory:
    """Draws in place of source clips' flows; with `config.bank` off it stays empty.

    `num_streams` vote: confidences are sums over their softmax scores. Of the processes that share a bank folder one
    fills it, before the others are called after the same evaluation.
    """

    def __init__(
        self,
        videos: BankableVideos,
        *,
        num_classes: int,
        config: CfbConfig,
        clip: ClipConfig,
        folder: Path,
        fills: bool = True,
        num_streams: int = 2,
        seed: int,
    ):
        self._videos = videos
        self._num_classes = num_classes
        self._config = config
        self._clip = clip
        self._folder = folder
        self._fills = fills
        self._num_streams = num_streams
        self._seed = seed
        self._bank: FlowBank | None = None
        self._fill: dict[str, Tensor] | None = None

    def fills_after(self, epoch: int) -> bool:
        """Whether this epoch's evaluation fills the bank."""
        return self._config.bank and epoch >= self._config.bank_from_epoch

    def replace(
        self,
        own: Float[Tensor, "B 2 T S S"],
        *,
        labels: Int64[Tensor, " B"],
        index: Int64[Tensor, " B"],
        epoch: int,
        step: int,
    ) -> Float[Tensor, "B 2 T S S"]:
        """Return a bank flow of each clip's class, or the clip's own flow where the class has none.

        What is drawn for a clip depends on the epoch, the step and the clip's `index`, not on its batch.
        """
        if self._fill is None:
            return own
        bank, reduction = self._open_bank(), self._config.bank_reduction
        draws = []
        for label, number in zip(labels.cpu(), index.tolist(), strict=True):
            generator = derive_generator(self._seed, "bank", epoch, step, number)
            draws.append(bank.sample(label[None], reduction=reduction, generator=generator))
        flows = torch.cat([flow for flow, _ in draws]).to(own.device, own.dtype) / self._clip.flow_bound
        hit = torch.cat([hit for _, hit in draws]).to(own.device)
        return torch.where(hit[:, None, None, None, None], flows, own)

    def clear(self) -> None:
        """Empty the bank."""
        if self._fill is not None and self._fills:
            self._open_bank().clear()
        self._fill = None

    def close(self) -> None:
        """Let go of the bank; its files stay."""
        if self._bank is not None:
            self._bank.close()
        self._bank = None

    def fill(self, scores: Scores) -> dict[str, Any]:
        """Keep the videos of highest confidence under their pseudo-labels; return how many and which, class by class.

        Confidence is the maximum of the streams' summed softmax scores; a tie keeps the earlier video.

        Raises:
            RunError: scores are not finite.
        """
        confidences, pseudo_labels = scores.softmax.max(dim=1)
        unknown = int((~confidences.isfinite()).sum())
        if unknown:
            raise RunError(
                f"the scores of {unknown} of {len(confidences)} videos are not finite, so the bank cannot be filled: "
                "training has diverged; lower --optim.lr"
            )
        self._fill_bank(pseudo_labels, confidences)
        return self.logged()

    def logged(self) -> dict[str, Any]:
        """Return how many videos of each class the bank holds, and which (target indices, the most confident first)."""
        bank = self._open_bank()
        rows = np.arange(int(bank.counts().sum()))
        classes = (Draw(bank.snapshot, rows[bank.snapshot.rows_of(label)]) for label in range(self._num_classes))
        return {
            "bank_counts": bank.counts().tolist(),
            "bank_videos": [[int(str(key)) for key in entries.keys] for entries in classes],
        }

    def _fill_bank(self, pseudo_labels: Int64[Tensor, " N"], confidences: Float[Tensor, " N"]) -> None:
        self._fill = {"pseudo_labels": pseudo_labels, "confidences": confidences}
        bank = self._open_bank()
        if not self._fills:
            bank.refresh()
            return
        bank.clear()
        for index in range(len(self._videos)):
            codes = np.moveaxis(self._videos.bank_flow_codes(index), -1, 0)[None]
            bank.insert(
                pseudo_labels[index : index + 1],
                confidences[index : index + 1],
                np.ascontiguousarray(codes),
                keys=[str(index)],
            )
        bank.commit()

    def _open_bank(self) -> FlowBank:
        if self._bank is None:
            self._bank = self._create_bank() if self._fills else FlowBank.open(self._folder)
        return self._bank

    def _create_bank(self) -> FlowBank:
        clip, least = self._clip, self._config.bank_min_confidence
        flowbank.remove(self._folder, missing_ok=True)  # the bank of a run that stopped; whatever else is there stays
        return FlowBank.create(
            self._folder,
            num_classes=self._num_classes,
            capacity=self._config.bank_size,
            clip_shape=(2, clip.num_frames, clip.crop, clip.crop),
            codec="flow-uint8",
            bound=clip.flow_bound,
            admission=Admission(
                # The bank compares sums over the streams.
                min_confidence=None if least is None else least * self._num_streams,
                top_fraction=self._config.bank_top_fraction,
                total_capacity=self._config.bank_total_size,
            ),
        )

    def state(self) -> dict[str, Any]:
        """Return what the bank was filled from: replaying it in target order rebuilds the same bank."""
        return {"bank_fill": self._fill}

    def load_state(self, state: dict[str, Any]) -> None:
        """Rebuild the bank."""
        fill = state["bank_fill"]
        if fill is not None:
            self._fill_bank(fill["pseudo_labels"], fill["confidences"])
