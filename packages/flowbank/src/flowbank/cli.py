"""The `flowbank` command: it parses, calls and prints."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from flowbank.bank import FlowBank
from flowbank.errors import BankInputError, FlowBankError
from flowbank.export import export_contact_sheet, export_npz
from flowbank.generations import pinned_generations, stored_generations
from flowbank.merging import merge
from flowbank.removal import remove
from flowbank.verification import verify

Folder = Annotated[Path, tyro.conf.Positional]


@dataclass(frozen=True)
class Info:
    """Show what a bank holds: a table per class with count, confidences and size."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        with FlowBank.open(self.folder) as bank:
            snapshot, config = bank.snapshot, bank.config
            print(f"folder      {bank.folder}")
            print(f"generation  {bank.generation} (stored: {', '.join(map(str, stored_generations(bank.folder)))})")
            for pin, generation in pinned_generations(bank.folder).items():
                print(f"pin         {pin}: generation {generation}")
            for name, spec in config.arrays.items():
                bound = f", ±{spec.bound:g} px" if spec.codec == "flow-uint8" else ""
                print(f"array       {name}: {spec.shape} {spec.codec}{bound}")
            print(f"{'class':>6} {'count':>6} {'of':>6} {'lowest':>10} {'highest':>10} {'bytes':>15}")
            for label, capacity in enumerate(config.capacities):
                confidences = snapshot.index.entries["confidence"][snapshot.rows_of(label)]
                lowest, highest = (
                    (f"{confidences.min():.6g}", f"{confidences.max():.6g}") if confidences.size else ("–", "–")
                )
                size = confidences.size * config.record_bytes
                print(f"{label:>6} {confidences.size:>6} {capacity:>6} {lowest:>10} {highest:>10} {size:>15,}")
            print(f"{'all':>6} {len(bank):>6} {sum(config.capacities):>6} {len(bank) * config.record_bytes:>37,}")
        return 0


@dataclass(frozen=True)
class Verify:
    """Compare every stored byte with its checksum; exits 1 if something is damaged."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        found = verify(self.folder)
        for problem in found.problems:
            print(problem)
        generations = ", ".join(map(str, found.generations))
        print(f"{found.entries} entries in generations {generations}: {len(found.problems)} problems")
        return 1 if found.problems else 0


@dataclass(frozen=True)
class Merge:
    """Make one bank of the best entries of several."""

    folders: tyro.conf.Positional[tuple[Path, ...]]
    """The banks' folders."""
    out: Path
    """Folder of the new bank."""
    capacity: int | None = None
    """Most entries of each class; the first bank's if not given."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        with merge(self.folders, self.out, capacity=self.capacity) as bank:
            print(f"{len(bank)} entries in {bank.folder}")
        return 0


@dataclass(frozen=True)
class Export:
    """Write a bank's entries to an .npz file, or their flow in colour to a .png contact sheet."""

    folder: Folder
    """The bank's folder."""
    out: Path
    """The file: its ending, .npz or .png, decides."""
    columns: int = 10
    """Entries of each class in the contact sheet."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        with FlowBank.open(self.folder) as bank:
            if self.out.suffix == ".npz":
                export_npz(bank, self.out)
            elif self.out.suffix == ".png":
                export_contact_sheet(bank, self.out, columns=self.columns)
            else:
                raise BankInputError(f"out is {str(self.out)!r}: choose a name ending in .npz or .png")
        print(self.out)
        return 0


@dataclass(frozen=True)
class Remove:
    """Delete a bank's files and nothing else; the folder stays, empty."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        remove(self.folder)
        return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 is success, 1 damage found, 2 bad input."""
    command: Info | Verify | Merge | Export | Remove = tyro.cli(
        Info | Verify | Merge | Export | Remove,
        prog="flowbank",
        description="Look at, check, merge, export and remove flow memory banks.",
        args=arguments,
    )
    try:
        return command.run()
    except FlowBankError as error:
        print(f"flowbank: {error}", file=sys.stderr)
        return 2
