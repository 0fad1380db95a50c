"""`videoda-bench expect` and `check`: bands from finished runs, and new runs held against them."""

from dataclasses import dataclass
from pathlib import Path

import tyro
from videoda_train.cli.entry import SOME_FAILED
from videoda_train.data.atomic_file import require_writable

from videoda_bench.errors import SummaryError
from videoda_bench.expectations import check, describe, expect, expectations_file, read_expectations, write_expectations
from videoda_bench.reproduction.plan import read_plan


@dataclass(frozen=True)
class Expect:
    """Write down what a finished reproduction of a miniature with several seeds came to."""

    out: tyro.conf.Positional[Path]
    """Folder of the reproduction."""
    file: Path | None = None
    """Where to write; default: this package's expectations of the task."""
    overwrite: bool = False
    """Replace a file of expectations."""

    def run(self) -> None:
        """Write the file."""
        runs = read_plan(self.out / "plan.json")
        file = self.file or expectations_file(runs[0].config.task)
        self._require_replaceable(file)
        expectations = expect(runs)
        write_expectations(expectations, file)
        print(f"{file}: {', '.join(expectations.rows)}, seeds {' '.join(map(str, expectations.seeds))}")

    def _require_replaceable(self, file: Path) -> None:
        """Refuse a file that holds anything but expectations, and one that does where `overwrite` is not given."""
        require_writable(file)
        if not file.exists():
            return
        try:
            read_expectations(file)
        except SummaryError as error:
            raise SummaryError(f"{file} holds no expectations, and stays as it is; give another --file") from error
        if not self.overwrite:
            raise SummaryError(f"{file} exists already; add --overwrite to replace it, or give another --file")


@dataclass(frozen=True)
class Check:
    """Hold a finished reproduction of a miniature against what is expected; exit with 3 if anything is outside."""

    out: tyro.conf.Positional[Path]
    """Folder of the reproduction."""
    file: Path | None = None
    """Expectations; default: this package's."""

    def run(self) -> None:
        """Print every quantity with its band."""
        runs = read_plan(self.out / "plan.json")
        findings = check(read_expectations(self.file or expectations_file(runs[0].config.task)), runs)
        print(describe(findings))
        outside = sorted({finding.run for finding in findings if not finding.inside})
        if outside:
            print(f"\noutside their bands: {', '.join(outside)}")
            raise SystemExit(SOME_FAILED)
        print(f"\nall {len(findings)} quantities are inside their bands")
