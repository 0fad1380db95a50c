"""The `flowbank` command: it parses, calls and prints.

What a command needs is imported when it runs, so that `--help` does not wait for torch.
"""

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from flowbank.errors import BankInputError, FlowBankError

DONE, BUG, BAD_INPUT, DAMAGE_FOUND, INTERRUPTED = 0, 1, 2, 3, 130

Folder = Annotated[Path, tyro.conf.Positional]


@dataclass(frozen=True)
class Info:
    """Show what a bank holds: a table per class with count, confidences and size."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.bank import FlowBank
        from flowbank.generations import read_pins, stored_generations

        with FlowBank.open(self.folder) as bank:
            snapshot, config = bank.snapshot, bank.config
            print(f"folder      {bank.folder}")
            print(f"generation  {bank.generation} (stored: {', '.join(map(str, stored_generations(bank.folder)))})")
            pins, damaged = read_pins(bank.folder)
            for pin, generation in pins.items():
                print(f"pin         {pin}: generation {generation}")
            for pin in damaged:
                print(f"pin         {pin}: damaged, see flowbank verify")
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
        return DONE


@dataclass(frozen=True)
class Verify:
    """Compare every stored byte with its checksum; names each damaged entry, and exits 3 if there is one."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.verification import verify

        found = verify(self.folder)
        for problem in found.problems:
            print(problem)
        generations = ", ".join(map(str, found.generations))
        print(f"{found.entries} entries in generations {generations}: {len(found.problems)} problems")
        return DAMAGE_FOUND if found.problems else DONE


@dataclass(frozen=True)
class Merge:
    """Make one bank of the best entries of several."""

    folders: tyro.conf.Positional[tuple[Path, ...]]
    """The banks' folders."""
    out: Path
    """Folder of the new bank: it must be new or empty."""
    capacity: int | None = None
    """Most entries of each class; the first bank's if not given."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.merging import merge

        with merge(self.folders, self.out, capacity=self.capacity) as bank:
            print(f"{len(bank)} entries in {bank.folder}")
        return DONE


@dataclass(frozen=True)
class Export:
    """Write a bank's entries to an .npz file, or their flow in colour to a .png contact sheet."""

    folder: Folder
    """The bank's folder."""
    out: Path
    """The file: its ending, .npz or .png, decides. It must not exist yet."""
    columns: int = 10
    """Entries of each class in the contact sheet."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.bank import FlowBank
        from flowbank.export import export_contact_sheet, export_npz

        with FlowBank.open(self.folder, verify="on-read") as bank:
            if self.out.suffix == ".npz":
                export_npz(bank, self.out)
            elif self.out.suffix == ".png":
                export_contact_sheet(bank, self.out, columns=self.columns)
            else:
                raise BankInputError(f"out is {str(self.out)!r}: choose a name ending in .npz or .png")
        print(self.out)
        return DONE


@dataclass(frozen=True)
class Copy:
    """Copy a bank, also while someone writes to it: its newest generation and the pinned ones, every byte checked."""

    folder: Folder
    """The bank's folder."""
    out: Path
    """Folder of the copy: it must be new or empty."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.copying import copy

        print(f"generation {copy(self.folder, self.out)} in {self.out}")
        return DONE


@dataclass(frozen=True)
class Remove:
    """Delete a bank's files and nothing else; the folder stays, empty."""

    folder: Folder
    """The bank's folder."""

    def run(self) -> int:
        """Run the command and return its exit status."""
        from flowbank.removal import remove

        remove(self.folder)
        return DONE


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status.

    0: done; 1: a bug; 2: bad usage or input; 3: `verify` found damage; 130: interrupted.
    """
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        if arguments == ["--version"]:
            from flowbank import __version__

            print(f"flowbank {__version__}")
            return DONE
        command: Info | Verify | Merge | Export | Copy | Remove = tyro.cli(
            Info | Verify | Merge | Export | Copy | Remove,
            prog="flowbank",
            description="Look at, check, merge, export, copy and remove flow memory banks. Exit status: 0 done,"
            " 1 a bug, 2 bad usage or input, 3 verify found damage, 130 interrupted. --version prints the version.",
            args=arguments,
        )
        return command.run()
    except FlowBankError as error:
        return _report(error)
    except OSError as error:  # of the terminal or the pipe; the bank's own are FlowBankErrors
        return _report(error)
    except KeyboardInterrupt:
        print("flowbank: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        traceback.print_exc()
        print(f"flowbank: this is a bug in flowbank ({type(error).__name__}): please report it", file=sys.stderr)
        return BUG


def _report(error: Exception) -> int:
    print(f"flowbank: {' '.join(str(error).split())}", file=sys.stderr)
    return BAD_INPUT
