"""The whole fault suite, or with `--short` what fits into a minute: `python tests/faults`."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Kill, damage, fill disks; exit with 1 if any of them finds something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="14 kills and 4,000 damaged files")
    parser.add_argument("--kills", type=int, default=320)
    parser.add_argument("--cases", type=int, default=1_000_000, help="damaged files")
    parser.add_argument("--out", type=Path, default=Path("runs/faults"), help="folder of the results")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    kills, cases = str(HERE / "kills.py"), str(HERE / "fuzz.py")
    found, killed = str(arguments.out / "fuzz.json"), str(arguments.out / "kills.json")
    if arguments.short:
        steps = [[kills, "--short", "--out", killed], [cases, "--cases", "4000", "--rounds", "1", "--out", found]]
    else:
        steps = [
            ["-m", "pytest", str(HERE), "-m", "slow or not slow"],
            [kills, "--kills", str(arguments.kills), "--out", killed],
            [cases, "--cases", str(arguments.cases), "--out", found],
        ]
    failed = [step[0] for step in steps if subprocess.run([sys.executable, *step], check=False).returncode]
    if failed:
        sys.exit(f"something was found by {', '.join(failed)}; every case is in {arguments.out}")


if __name__ == "__main__":
    main()
