"""Generate, train, evaluate and report in one process for a long time; watch what grows.

`python tests/faults/long_run.py --minutes 60 --out long.json`
"""

import argparse
import contextlib
import gc
import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import torch
from processes import PROGRAMS, preload
from stages import STAGES
from worlds import make_world

ROUND = ("generation", "flow", "medians", "transcode", "training, cfb", "evaluation", "report")


def sample(temporary: Path, *, rounds: int, begun: float) -> dict[str, Any]:
    """Return what this process holds now."""
    status = Path("/proc/self/status").read_text()
    gc.collect()
    return {
        "minutes": round((time.monotonic() - begun) / 60, 2),
        "rounds": rounds,
        "anonymous_mib": round(int(status.split("RssAnon:")[1].split()[0]) / 1024, 1),
        "handles": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "threads": threading.active_count(),
        "system_threads": int(status.split("Threads:")[1].split()[0]),
        "children": len(multiprocessing.active_children()),
        "temporary_files": sum(1 for _ in temporary.rglob("*")),
    }


def call(program: str, arguments: tuple[str, ...]) -> None:
    """Run a command in this process."""
    module = __import__(PROGRAMS[program], fromlist=["main"])
    sys.argv = [program, *arguments]
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            module.main()
    except SystemExit as end:
        if end.code not in (0, None):
            raise RuntimeError(f"{program} {' '.join(arguments)}: {end.code}: {said.getvalue()[-2000:]}") from None


def main() -> None:
    """Work in rounds until the time is up; exit with 1 if anything grew after the first quarter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    preload()
    torch.set_num_threads(1)
    stages = {stage.name: stage for stage in STAGES}
    begun, samples, rounds = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory(prefix="videoda-long-") as name:
        temporary = Path(name) / "tmp"
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        os.environ["TMPDIR"] = str(temporary)
        while time.monotonic() - begun < 60 * arguments.minutes:
            folder = Path(name) / "work"
            shutil.rmtree(folder, ignore_errors=True)
            make_world(folder)
            os.chdir(folder)
            for stage in ROUND:
                command = stages[stage].command
                call(command.program, command.arguments)
                for output in stages[stage].outputs if stage not in ("training, cfb", "evaluation", "report") else ():
                    shutil.rmtree(folder / output)
            rounds += 1
            samples.append(sample(temporary, rounds=rounds, begun=begun))
            print(samples[-1], flush=True)
            arguments.out.write_text(json.dumps({"rounds": rounds, "samples": samples}, indent=1) + "\n")
        os.chdir("/")
    quarter, last = samples[len(samples) // 4], samples[-1]
    grown = [key for key in ("handles", "children", "temporary_files", "threads") if last[key] > quarter[key]]
    if last["anonymous_mib"] > 1.1 * quarter["anonymous_mib"]:
        grown.append("anonymous_mib")
    print(f"grown since the first quarter: {', '.join(grown) or 'nothing'}")
    sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
