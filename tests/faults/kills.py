"""Kill commands at random moments, continue them, compare: `python tests/faults/kills.py --kills 300`."""

import argparse
import json
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import torch
from processes import Running, Watch, finish, preload, start
from stages import STAGES, Stage
from trees import COMPARED_WITHOUT, LEFT_OUT, differences, tree
from worlds import missing_decoys, put_decoys

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SECONDS_TO_END = 30.0
SHORT = ("generation", "flow", "medians", "prepare, with unpacking", "transcode", "training, cfb", "report")


@dataclass(frozen=True)
class Kill:
    """One signal: to which stage, when, and what came of it."""

    stage: str
    signal: str
    moment: str
    """`time`, `before a change of files`, or the phase it fell in."""
    detail: str
    exit_code: int | None
    outcome: str
    """`same bytes`, `had ended` (the signal came too late: not counted), or what is wrong."""
    problems: list[str] = field(default_factory=list)


class Trial:
    """A stage with its undisturbed result, killed again and again, always in the same folder."""

    def __init__(self, stage: Stage, root: Path) -> None:
        self.stage = stage
        self.template, self.folder, self.log = root / "template", root / "trial", root / "log.txt"
        self.template.mkdir(parents=True)
        stage.make(self.template)
        for name in stage.decoys:
            put_decoys(self.template / name)
        self._reset()
        for command in stage.first:  # in the folder of the trials: prepared files belong to the paths of their inputs
            self._must(finish(command, folder=self.folder, log=self.log), str(command))
        if stage.first:
            shutil.rmtree(self.template)
            self.folder.rename(self.template)
        self._reset()
        self.calm = Watch(list(stage.phases))
        begun = time.monotonic()
        code = self._run(resume=False, watch=self.calm)
        self.seconds = time.monotonic() - begun
        self._must(code, str(stage.command))
        self.wanted = self._trees()
        self._reset()
        self._must(self._run(resume=False), str(stage.command))
        if unlike := differences(self.wanted, self._trees()):
            raise SystemExit(f"{stage.name}: two undisturbed runs differ: {unlike}")

    def kill(self, number: int, moment: str, rng: np.random.Generator) -> Kill:
        """Kill once at a random moment of a kind, continue, compare."""
        self._reset()
        running, detail = self._begin(number, moment, rng)
        # A signal before a change of files is sent by the command itself, whenever it comes to it.
        code = running.wait(
            SECONDS_TO_END if moment != "before a change of files" else 10 * self.seconds + SECONDS_TO_END
        )
        left = running.left_after(SECONDS_TO_END)
        said = running.said()
        wrong = [f"{left} processes still there {SECONDS_TO_END:.0f} s later"] if left else []
        wrong += ["still running after the signal"] if code is None else []
        if "Traceback" in said:
            wrong.append("a traceback: " + said.strip().splitlines()[-1])
        if code is not None and code >= 0 and code not in (0, 130):
            wrong.append(f"exit code {code}: {said.strip().splitlines()[-1:]}")
        wrong += self._unfinished() + self._decoys()
        ended, again = self._run(resume=True)
        if ended != 0:
            wrong.append(f"continuing it: exit code {ended}: {again.strip()[-400:]}")
        wrong += differences(self.wanted, self._trees())[:8] + self._decoys()
        outcome = "wrong" if wrong else "had ended" if code == 0 else "same bytes"
        return Kill(self.stage.name, signal.Signals(number).name, moment, detail, code, outcome, wrong)

    def moments(self) -> list[str]:
        """Return the kinds of moments that this stage has."""
        seen = [phase for phase in self.stage.phases if self.calm.entered(phase)]
        return ["time", "before a change of files", *seen]

    def _begin(self, number: int, moment: str, rng: np.random.Generator) -> tuple[Running, str]:
        watch = Watch(list(self.stage.phases))
        if moment == "before a change of files":
            at = int(rng.integers(1, self.calm.changes + 1))
            return self._start(watch, signal_at=at, number=number), f"change {at} of {self.calm.changes}"
        running = self._start(watch)
        while running.alive and not watch.started:
            time.sleep(0.0002)
        if moment == "time":
            wait = float(rng.uniform(0, self.seconds))
            detail = f"after {wait:.3f} of {self.seconds:.3f} s"
        else:
            entry = int(rng.integers(1, self.calm.entered(moment) + 1))
            while running.alive and watch.entered(moment) < entry:
                time.sleep(0.0002)
            wait = float(rng.uniform(0, self.calm.mean_seconds(moment)))
            detail = f"entry {entry}, {1000 * wait:.1f} ms later"
        running.process.join(wait)
        running.send(number)
        return running, detail

    def _start(self, watch: Watch, *, signal_at: int | None = None, number: int = 0) -> Running:
        def before() -> None:
            if self.stage.before is not None:
                self.stage.before()
            watch.count_changes(self.folder, signal_at=signal_at, number=number)

        self.log.unlink(missing_ok=True)
        return start(
            self.stage.command,
            folder=self.folder,
            log=self.log,
            watch=watch,
            phases=self.stage.phases,
            before=before,
        )

    def _run(self, *, resume: bool, watch: Watch | None = None) -> tuple[int | None, str]:
        if watch is not None:
            running = self._start(watch)
            code = running.wait(600)
            running.left_after(SECONDS_TO_END)
            return code, running.said()
        command = self.stage.resume if resume else self.stage.command
        return finish(command, folder=self.folder, log=self.log, before=self.stage.before)

    def _must(self, result: tuple[int | None, str], what: str) -> None:
        if result[0] != 0:
            raise SystemExit(f"{what}: exit code {result[0]}: {result[1][-2000:]}")

    def _reset(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder, symlinks=True)

    def _trees(self) -> dict[str, str]:
        return {
            f"{output}/{name}": own for output in self.stage.outputs for name, own in tree(self.folder / output).items()
        }

    def _unfinished(self) -> list[str]:
        """Return files that have a final name and not their final content."""
        return [
            f"after the signal: {name} is there with other content"
            for name, own in self._trees().items()
            if name in self.wanted
            and self.wanted[name] != own
            and not any(fnmatch(Path(name).name, pattern) for pattern in self.stage.changing)
        ]

    def _decoys(self) -> list[str]:
        gone = [name for folder in self.stage.decoys for name in missing_decoys(self.folder / folder)]
        return [f"the user's file {name} is gone or changed" for name in gone]


def run_stage(stage: Stage, *, kills: int, seed: int, root: Path) -> Iterator[Kill]:
    """Kill a stage so often, with the three signals and all kinds of moments in turn."""
    trial = Trial(stage, root)
    rng = np.random.default_rng([seed, len(stage.name), *stage.name.encode()])
    moments = trial.moments()
    attempts = counted = 0
    while counted < kills and attempts < 4 * kills + 8:
        number = SIGNALS[attempts % len(SIGNALS)]
        result = trial.kill(number, moments[(attempts // len(SIGNALS)) % len(moments)], rng)
        attempts += 1
        counted += result.outcome != "had ended"
        if result.problems:
            print(f"{stage.name}: {result}", flush=True)
        yield result


def shares(stages: list[Stage], kills: int) -> dict[str, int]:
    """Divide the kills among the stages by weight, one each at least."""
    total = sum(stage.weight for stage in stages)
    return {stage.name: max(1, round(kills * stage.weight / total)) for stage in stages}


def table(results: list[Kill]) -> str:
    """Return one line per stage."""
    lines = [
        "| stage | kills | SIGKILL | SIGTERM | SIGINT | same bytes after continuing | wrong |",
        "|---|" + "---|" * 6,
    ]
    for name in dict.fromkeys(kill.stage for kill in results):
        own = [kill for kill in results if kill.stage == name and kill.outcome != "had ended"]
        by = Counter(kill.signal for kill in own)
        same = sum(kill.outcome == "same bytes" for kill in own)
        signals = " | ".join(str(by[one.name]) for one in SIGNALS)
        lines.append(f"| {name} | {len(own)} | {signals} | {same} | {len(own) - same} |")
    return "\n".join(lines)


def main() -> None:
    """Kill, compare, print the table, store every kill; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=320, help="of all stages together")
    parser.add_argument("--stages", nargs="+", choices=[stage.name for stage in STAGES], help="default: all")
    parser.add_argument("--short", action="store_true", help="a dozen kills of the quick stages")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a JSON file of every kill")
    arguments = parser.parse_args()
    names = arguments.stages or (SHORT if arguments.short else [stage.name for stage in STAGES])
    chosen = [stage for stage in STAGES if stage.name in names]
    counts = {stage.name: 2 for stage in chosen} if arguments.short else shares(chosen, arguments.kills)
    preload()
    torch.set_num_threads(1)
    results: list[Kill] = []
    for stage in chosen:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="videoda-faults-") as root:
            for kill in run_stage(stage, kills=counts[stage.name], seed=arguments.seed, root=Path(root).resolve()):
                results.append(kill)
                if arguments.out is not None:
                    store(arguments.out, results, seed=arguments.seed)
        print(f"{stage.name}: {time.monotonic() - begun:.0f} s", flush=True)
    print(table(results))
    sys.exit(1 if any(kill.outcome == "wrong" for kill in results) else 0)


def store(file: Path, results: list[Kill], *, seed: int) -> None:
    """Write every kill, and what is compared without what."""
    content: dict[str, Any] = {
        "seed": seed,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "left_out": LEFT_OUT,
        "compared_without": COMPARED_WITHOUT,
        "kills": [asdict(kill) for kill in results],
    }
    file.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
