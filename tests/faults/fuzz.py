"""Feed damaged files to every parser: `python tests/faults/fuzz.py --cases 1000000`.

Half of the cases of text parsers are guided by the code that they reach, where atheris is installed. Every batch runs
in a process of its own with bounded memory; a case that takes too long, ends its process or raises anything but an
error of the packages is a finding.
"""

import argparse
import base64
import contextlib
import io
import json
import multiprocessing
import os
import platform
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None
PACKAGES = ("depthmotion", "flowbank", "videoda_models", "videoda_train", "videoda_bench")


def _compiled() -> list[str]:
    """Return the modules that numba compiles: it cannot compile what is watched for coverage."""
    found = []
    for package in PACKAGES:
        spec = find_spec(package)
        for root in [] if spec is None else map(Path, spec.submodule_search_locations or ()):
            files = (file for file in root.rglob("*.py") if "numba" in file.read_text())
            found += [".".join([package, *file.relative_to(root).with_suffix("").parts]) for file in files]
    return found


with (
    contextlib.nullcontext() if atheris is None else atheris.instrument_imports(list(PACKAGES), _compiled()),
    contextlib.redirect_stderr(io.StringIO()),  # one line per module
):
    from parsers import OWN_ERRORS, PARSERS, Parser, damaged

SPARE_BYTES = 3 << 30
SECONDS_PER_CASE = 20.0
LONGEST = 1 << 16


@dataclass
class Tally:
    """What became of a parser's cases."""

    cases: int = 0
    guided: int = 0
    refused: int = 0
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)


class Batch:
    """Some cases of one parser, in processes of their own; a new one goes on after the case that ended one."""

    def __init__(self, parser: Parser, folder: Path, tally: Tally, *, seed: int) -> None:
        self.parser, self.folder, self.tally, self.seed = parser, folder, tally, seed
        self.file, self.found = folder / parser.file, folder.with_name(folder.name + ".found")
        context = multiprocessing.get_context("fork")
        self.context = context
        self.done: Any = context.Value("q", 0, lock=False)
        self.refused: Any = context.Value("q", 0, lock=False)

    def run(self, seeds: list[bytes], count: int, *, guided: bool) -> None:
        """Run so many cases."""
        self.done.value = self.refused.value = 0
        first = self.tally.cases
        while self.done.value < count:
            before = self.done.value
            work = self._guided if guided else self._plain
            process = self.context.Process(target=self._bounded, args=(work, seeds, first + before, count - before))
            process.start()
            hung = self._watch(process)
            if hung or process.exitcode:
                reason = f"no end after {SECONDS_PER_CASE:.0f} s" if hung else f"process ended with {process.exitcode}"
                self._add(reason, reason, self.file.read_bytes() if self.file.exists() else b"")
            if self.done.value == before:
                self.done.value += 1
            if guided and not hung and not process.exitcode:
                break
        self.tally.cases += self.done.value
        self.tally.guided += self.done.value if guided else 0
        self.tally.refused += self.refused.value
        if self.found.exists():
            for line in self.found.read_text().splitlines():
                one = json.loads(line)
                self.tally.findings.setdefault(one.pop("key"), one)
            self.found.unlink()

    def _watch(self, process: Any) -> bool:
        """Wait for the process; end it, and return true, if one case takes too long."""
        last, spent, since = -1, 0.0, time.monotonic()
        while process.is_alive():
            process.join(0.5)
            now = _cpu_seconds(process.pid)
            if self.done.value != last:
                last, spent, since = self.done.value, now, time.monotonic()
            elif now - spent > SECONDS_PER_CASE or time.monotonic() - since > 20 * SECONDS_PER_CASE:
                process.kill()
                process.join()
                return True
        return False

    def _bounded(self, work: Callable[[list[bytes], int, int], None], seeds: list[bytes], first: int, n: int) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + SPARE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        warnings.simplefilter("ignore")
        work(seeds, first, n)

    def _plain(self, seeds: list[bytes], first: int, count: int) -> None:
        for number in range(first, first + count):
            rng = random.Random(f"{self.seed} {self.parser.name} {number}")
            self._case(damaged(seeds, self.parser.words, rng))

    def _guided(self, seeds: list[bytes], first: int, count: int) -> None:
        corpus = self.folder.with_name(self.folder.name + ".corpus")
        corpus.mkdir(exist_ok=True)
        for number, data in enumerate(seeds):
            (corpus / f"seed-{number}").write_bytes(data)
        words = self.folder.with_name(self.folder.name + ".words")
        quoted = ("".join(f"\\x{byte:02x}" for byte in word[:60]) for word in self.parser.words)
        words.write_text("\n".join(f'"{word}"' for word in quoted if word) + "\n")
        options = [f"-runs={count}", f"-seed={1 + (self.seed * 7919 + first) % (1 << 31)}", f"-max_len={LONGEST}"]
        atheris.Setup(["fuzz", *options, f"-dict={words}", str(corpus)], self._case)
        atheris.Fuzz()

    def _case(self, data: bytes) -> None:
        self.file.write_bytes(data)
        try:
            self.parser.read(self.file)
        except OWN_ERRORS:
            self.refused.value += 1
        except BaseException as error:
            self._add(_place(error), f"{type(error).__name__}: {error}"[:300], data)
        self.done.value += 1

    def _add(self, key: str, text: str, data: bytes) -> None:
        known = self.found.read_text() if self.found.exists() else ""
        if json.dumps(key) in known or key in self.tally.findings:
            return
        row = {"key": key, "error": text, "input": base64.b64encode(data[:3000]).decode(), "bytes": len(data)}
        with self.found.open("a") as stream:
            stream.write(json.dumps(row) + "\n")


def _place(error: BaseException) -> str:
    """Return the type of an error and the innermost line of the packages that it passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}src{os.sep}" in frame.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"
    return f"{type(error).__name__} at {where}"


def _cpu_seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _sized(parsers: Iterable[Parser], cases: int, rounds: int) -> dict[str, int]:
    parsers = list(parsers)
    total = sum(parser.share for parser in parsers)
    return {parser.name: max(1, round(cases * parser.share / total / rounds)) for parser in parsers}


def store(file: Path, tallies: dict[str, Tally], *, seed: int, seconds: float) -> None:
    """Write the counts and the findings."""
    content = {
        "seed": seed,
        "seconds": round(seconds),
        "python": platform.python_version(),
        "guided_by": None if atheris is None else "atheris",
        "cases": sum(tally.cases for tally in tallies.values()),
        "parsers": {name: vars(tally) for name, tally in tallies.items()},
    }
    temporary = file.with_name(file.name + ".new")
    temporary.write_text(json.dumps(content, indent=1) + "\n")
    temporary.replace(file)


def main() -> None:
    """Run the cases in rounds, store after each; exit with 1 if there is a finding."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--only", nargs="+", choices=[parser.name for parser in PARSERS])
    arguments.add_argument("--out", type=Path, help="a JSON file of counts and findings")
    given = arguments.parse_args()
    chosen = [parser for parser in PARSERS if given.only is None or parser.name in given.only]
    sizes = _sized(chosen, given.cases, given.rounds)
    tallies = {parser.name: Tally() for parser in chosen}
    begun = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="videoda-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        seeds = {}
        for number, parser in enumerate(chosen):
            folder = root / f"{number:02d}" / "files"
            folder.mkdir(parents=True)
            seeds[parser.name] = (folder, parser.seeds(folder))
        for turn in range(given.rounds):
            for parser in chosen:
                folder, own = seeds[parser.name]
                guided = atheris is not None and parser.text and turn % 2 == 1
                known = set(tallies[parser.name].findings)
                batch = Batch(parser, folder, tallies[parser.name], seed=given.seed)
                batch.run(own, sizes[parser.name], guided=guided)
                for key in tallies[parser.name].findings.keys() - known:
                    print(f"{parser.name}: {key}: {tallies[parser.name].findings[key]['error']}", flush=True)
            total = sum(tally.cases for tally in tallies.values())
            print(f"round {turn + 1}: {total} cases, {time.monotonic() - begun:.0f} s", flush=True)
            if given.out is not None:
                store(given.out, tallies, seed=given.seed, seconds=time.monotonic() - begun)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    width = max(len(name) for name in tallies)
    for name, tally in tallies.items():
        print(f"{name:{width}}  {tally.cases:8d} cases, {tally.refused} refused, {len(tally.findings)} findings")
    sys.exit(1 if any(tally.findings for tally in tallies.values()) else 0)


if __name__ == "__main__":
    main()
