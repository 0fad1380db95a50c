"""What a network costs: parameters and multiply-adds, counted on a model without memory."""

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from videoda_models.registry import create_model, list_models, model_card


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """One row of the table of models; `gflops` counts a multiply-add as two, for one clip of (C, T, H, W) `clip`."""

    name: str
    parameters: int
    gflops: float
    clip: tuple[int, int, int, int]
    feature_channels: int
    input_range: str
    paper: str
    licence: str
    weights: tuple[str, ...]


def summarise(name: str, *, num_classes: int = 400, frames: int | None = None, size: int | None = None) -> ModelSummary:
    """Parameters and FLOPs of one forward pass over a clip of `frames` × `size`² (the card's own where not given)."""
    card = model_card(name)
    with torch.device("meta"):
        model = create_model(name, num_classes=num_classes).eval()
        clip = (model.in_channels, frames or card.frames, size or card.size, size or card.size)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.zeros(1, *clip))
    return ModelSummary(
        name=name,
        parameters=sum(p.numel() for p in model.parameters()),
        gflops=counter.get_total_flops() / 1e9,
        clip=clip,
        feature_channels=model.feature_channels,
        input_range=card.input_range,
        paper=card.paper,
        licence=card.licence,
        weights=tuple(weight.tag for weight in card.weights),
    )


def model_table(filter: str = "*", *, pretrained: bool = False) -> str:
    """The registered models as a text table: name, clip, parameters, FLOPs, weights, paper."""
    header = ("name", "clip", "params", "GFLOPs", "weights", "paper")
    rows = [header]
    for name in list_models(filter, pretrained=pretrained):
        row = summarise(name)
        clip = "×".join(str(n) for n in row.clip)
        tags = ", ".join(row.weights) or "–"
        rows.append((name, clip, f"{row.parameters / 1e6:.2f} M", f"{row.gflops:.1f}", tags, row.paper))
    widths = [max(len(row[column]) for row in rows) for column in range(len(header) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]) for row in rows
    )
