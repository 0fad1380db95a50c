"""Commands run as processes of their own, forked from this one so that nothing has to be imported again."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

PROGRAMS = {
    "depthmotion": "depthmotion.cli",
    "flowbank": "flowbank.cli",
    "videoda": "videoda_train.cli",
    "videoda-bench": "videoda_bench.cli",
}
_PRELOADED = (
    "depthmotion.cli.commands",
    "depthmotion.dataset.generate",
    "flowbank.cli",
    "videoda_train.cli.commands",
    "videoda_train.engine.run",
    "videoda_bench.cli.commands",
)
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"})


@dataclass(frozen=True)
class Command:
    """A command line of one of the programs."""

    program: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([self.program, *self.arguments])


def preload() -> None:
    """Import what the programs import, so that a command that is forked from here starts at once."""
    for name in _PRELOADED:
        import_module(name)


class Watch:
    """What a running command tells: that it has started, how many changes of files it made, which phase it is in."""

    def __init__(self, phases: Sequence[str] = ()) -> None:
        context = multiprocessing.get_context("fork")
        self.phases = list(phases)
        self._started: Any = context.Value("d", 0.0, lock=False)
        self._changes: Any = context.Value("q", 0, lock=False)
        self._entered: Any = context.Array("q", max(len(self.phases), 1), lock=False)
        self._spent: Any = context.Array("d", max(len(self.phases), 1), lock=False)

    @property
    def started(self) -> bool:
        """Whether the command's own code runs."""
        return self._started.value > 0

    @property
    def changes(self) -> int:
        """How many times it was about to open a file for writing, rename, remove, make a folder or flush to disk."""
        return int(self._changes.value)

    def entered(self, phase: str) -> int:
        """How many times it has entered a phase."""
        return int(self._entered[self.phases.index(phase)])

    def mean_seconds(self, phase: str) -> float:
        """Time that one pass through a phase took."""
        return float(self._spent[self.phases.index(phase)]) / max(self.entered(phase), 1)

    def begin(self) -> None:
        """Note the start."""
        self._started.value = time.monotonic()

    def told(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that tells when it is entered."""
        number = self.phases.index(phase)

        def call(*arguments: Any, **named: Any) -> Any:
            self._entered[number] += 1
            begun = time.monotonic()
            try:
                return function(*arguments, **named)
            finally:
                self._spent[number] += time.monotonic() - begun

        return call

    def count_changes(self, below: Path, *, signal_at: int | None = None, number: int = signal.SIGKILL) -> None:
        """Count this process's changes of files below a folder; just before the n-th one, send it a signal."""
        prefix, sync = os.fspath(below), os.fsync

        def inside(path: Any) -> bool:  # the command runs in that folder
            return not isinstance(path, int) and (
                str(path).startswith(prefix) or not Path(os.fsdecode(path)).is_absolute()
            )

        def change() -> None:
            self._changes.value += 1
            if self._changes.value == signal_at:
                os.kill(os.getpid(), number)

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open":
                path, _, flags = arguments
                if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) and inside(path):
                    change()
            elif event in _CHANGES and inside(arguments[0]):
                change()

        def told_sync(file: Any) -> None:
            change()
            sync(file)

        sys.addaudithook(hook)
        os.fsync = told_sync


@dataclass
class Running:
    """A command that was started, in a process group of its own."""

    process: Any
    log: Path

    @property
    def pid(self) -> int:
        """The first process, which is also the group's number."""
        return int(self.process.pid)

    @property
    def alive(self) -> bool:
        """Whether the first process still runs."""
        return bool(self.process.is_alive())

    def send(self, number: int) -> None:
        """Send a signal as a terminal or a scheduler would: Ctrl-C to the whole group, others to the first process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number) if number == signal.SIGINT else os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Wait for the first process; return its exit code (minus the signal), or nothing if it still runs."""
        self.process.join(seconds)
        return None if self.process.exitcode is None else int(self.process.exitcode)

    def left_after(self, seconds: float) -> int:
        """Return how many processes of its group still live after so long at most, and end them."""
        limit = time.monotonic() + seconds
        while (members := group_members(self.pid)) and time.monotonic() < limit:
            time.sleep(0.005)
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        return len(members)

    def said(self) -> str:
        """What it wrote to its output and error streams."""
        return self.log.read_text(errors="replace")


def start(
    command: Command,
    *,
    folder: Path,
    log: Path,
    watch: Watch | None = None,
    phases: Mapping[str, tuple[Any, str]] | None = None,
    before: Callable[[], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Running:
    """Run a command in a process of its own whose current folder is `folder`; `before` is called in it first."""

    def run() -> None:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: gone with the one that started it
        os.environ.update(environment or {})
        os.chdir(folder)
        with log.open("ab") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
        # Processes that this one starts must not import the program that started it.
        sys.modules["__main__"] = types.ModuleType("__main__")
        sys.argv = [command.program, *command.arguments]
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.default_int_handler if name == signal.SIGINT else signal.SIG_DFL)
        main = import_module(PROGRAMS[command.program]).main
        if watch is not None:
            for phase, (owner, name) in (phases or {}).items():
                setattr(owner, name, watch.told(phase, getattr(owner, name)))
        if before is not None:
            before()
        if watch is not None:
            watch.begin()
        main()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(process.pid or 0, process.pid or 0)
    return Running(process, log)


def finish(
    command: Command, *, folder: Path, log: Path, seconds: float = 600, **options: Any
) -> tuple[int | None, str]:
    """Run a command to its end; return its exit code (nothing if it had to be ended) and what it said."""
    log.unlink(missing_ok=True)
    running = start(command, folder=folder, log=log, **options)
    code = running.wait(seconds)
    if code is None:
        running.send(signal.SIGKILL)
        running.wait(10)
    running.left_after(20)
    return code, running.said()


def group_members(group: int) -> list[int]:
    """Return the living processes of a group (not those that wait to be buried)."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    members.append(int(entry.name))
    return members


def only_thread() -> bool:
    """Whether forking is safe here: no other thread may hold a lock."""
    return threading.active_count() == 1
