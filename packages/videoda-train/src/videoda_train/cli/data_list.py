"""`videoda data list`."""

from dataclasses import dataclass

from videoda_train.data.prepare import DATASETS


@dataclass(frozen=True)
class ListDatasets:
    """Say where each dataset comes from, its terms, and the layout that 'prepare' looks for."""

    def run(self) -> None:
        """Print the cards."""
        for card in DATASETS:
            print(f"{card.name} ({', '.join(card.tasks)}): {card.title}")
            print(f"  from:   {card.source}\n  terms:  {card.terms}\n  layout: {card.layout}")
        print("Terms are as the owners stated them when this was written; read theirs before use.")
