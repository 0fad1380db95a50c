"""Temporal ordering: tell in which order a video's clips were put (TOL, GLAD's first stage)."""

import itertools
import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from videoda_models.errors import ModelOptionError


def all_permutations(num_clips: int) -> Int[Tensor, "P n"]:
    """The n! permutations of n clips in lexicographic order, one a row."""
    if not 2 <= num_clips <= 6:
        raise ModelOptionError(
            f"num_clips is {num_clips}; allowed is 2 to 6 with all permutations (n! classes): "
            "pass `permutations`, a table of those to tell apart, for more"
        )
    return torch.tensor(list(itertools.permutations(range(num_clips))))


class TemporalOrderHead(nn.Module):
    """Which of the permutations the clips of a video are in.

    For each pair i < j: concat(f_i, f_j) → one shared linear layer → ReLU; all pairs concatenated → dropout → linear.
    Weights normal (0.001), bias 0. `permutations` (P, n) are the classes, by default all n! in lexicographic
    order.
    """

    permutations: Tensor

    def __init__(
        self,
        in_channels: int,
        *,
        num_clips: int = 3,
        hidden: int = 512,
        dropout: float = 0.5,
        permutations: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        table = all_permutations(num_clips) if permutations is None else torch.tensor(permutations)
        expected = torch.arange(num_clips)
        if table.ndim != 2 or table.shape[1] != num_clips or not bool((table.sort(dim=1).values == expected).all()):
            raise ModelOptionError(f"permutations {table.tolist()}; each row must hold 0 to {num_clips - 1}, each once")
        if len(table) < 2 or len(table.unique(dim=0)) != len(table):
            raise ModelOptionError(f"permutations {table.tolist()}; allowed are two or more different rows")
        self.num_clips = num_clips
        self.register_buffer("permutations", table)
        pairs = math.comb(num_clips, 2)
        self.pair = nn.Linear(2 * in_channels, hidden)
        self.dropout = nn.Dropout(dropout)
        self.order = nn.Linear(hidden * pairs, len(table))
        for layer in (self.pair, self.order):
            nn.init.normal_(layer.weight, std=0.001)
            nn.init.zeros_(layer.bias)

    def shuffle(
        self, features: Float[Tensor, "B n F"], *, generator: torch.Generator
    ) -> tuple[Float[Tensor, "B n F"], Int[Tensor, " B"]]:
        """Put each video's clip features in a random order: shuffled clip i = clip perm[i]; also the order's index.

        `generator` lives on the CPU, so the draw does not depend on the device.
        """
        labels = torch.randint(len(self.permutations), (features.shape[0],), generator=generator).to(features.device)
        order = self.permutations[labels]
        return features.gather(1, order[:, :, None].expand_as(features)), labels

    def forward(self, features: Float[Tensor, "B n F"]) -> Float[Tensor, "B P"]:
        """Clip features in the order to be told (B, n, F) -> logits over the permutations (B, P)."""
        if features.shape[1] != self.num_clips:
            raise ModelOptionError(f"{features.shape[1]} clips a video; this head takes {self.num_clips}")
        pairs = itertools.combinations(range(self.num_clips), 2)
        hidden = [self.pair(torch.cat([features[:, i], features[:, j]], dim=1)).relu() for i, j in pairs]
        return self.order(self.dropout(torch.cat(hidden, dim=1)))
