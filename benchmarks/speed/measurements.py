"""How long things take, on which machine, and where that is written: `benchmarks/results/NAME.json` and `NAME.md`."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parents[1] / "results"


def machine() -> dict[str, Any]:
    """Describe what the measurement ran on."""
    model = "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
        model += " with AMX" if "amx_tile" in cpuinfo.read_text() else ""
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
    }


def cpu_seconds(function: Callable[[], object], *, times: int, before: Callable[[], object] = lambda: None) -> float:
    """Return the CPU time of a call, best of several [s]; `before` is run before each and not counted."""
    taken = []
    for _ in range(times):
        before()
        start = process_time()
        function()
        taken.append(process_time() - start)
    return min(taken)


def milliseconds(function: Callable[[], object], *, times: int, warmup: int = 3) -> dict[str, float]:
    """Time a call and return its median, 5th and 95th percentile [ms]."""
    for _ in range(warmup):
        function()
    taken = []
    for _ in range(times):
        start = perf_counter()
        function()
        taken.append((perf_counter() - start) * 1e3)
    cuts = statistics.quantiles(taken, n=20) if times > 1 else [taken[0]] * 19
    return {"median_ms": statistics.median(taken), "p5_ms": cuts[0], "p95_ms": cuts[-1], "times": times}


def anonymous_megabytes() -> float:
    """Return this process's own memory, without pages of files [MB]."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def write_section(report: str, name: str, rows: list[dict[str, Any]]) -> None:
    """Store the rows (`what`, `measured`, `target`, `met`) of one measurement of a report and write that anew."""
    path = RESULTS / f"{report}.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    command = "python " + " ".join(["benchmarks/speed/" + Path(sys.argv[0]).name, *sys.argv[1:]])
    results[name] = {"command": command, "machine": machine(), "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    lines = [f"# {report}: measured", "", "The machine is shared; `load` is its load average (1 min) at the end.", ""]
    for title, section in results.items():
        where = section["machine"]
        lines += [
            f"## {title}",
            "",
            f"`{section['command']}` on {where['cores']} cores of {where['cpu']}, load {where['load_1min']},"
            f" Python {where['python']}, numpy {where['numpy']}, torch {where['torch']}.",
            "",
            "| what | measured | target | met |",
            "|---|---|---|---|",
        ]
        for row in section["rows"]:
            met = "" if row["met"] is None else "yes" if row["met"] else "**no**"
            lines.append(f"| {row['what']} | {row['measured']} | {row['target']} | {met} |")
        lines.append("")
    (RESULTS / f"{report}.md").write_text("\n".join(lines))


def row(what: str, measured: str, *, target: str = "", met: bool | None = None, **details: Any) -> dict[str, Any]:
    """Return one row of a section, printed as well."""
    print(f"{what}: {measured}  {target}  {'' if met is None else met}", flush=True)
    return {"what": what, "measured": measured, "target": target, "met": met, **details}
