"""The code of the documents: which blocks and commands they hold, and what each command is.

A Python block runs as it is printed, after the blocks before it on its page, unless its first line is a comment that
begins with `# needs`: that says, to readers too, what it takes that a test does not have. In blocks of commands, `…`
stands for what was said before, `a|b` for one of several, TASK for a task's name.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (
    *("README.md", "CONTRIBUTING.md", "docs/*.md", "benchmarks/README.md", "benchmarks/docs/*.md"),
    *("packages/videoda-models/README.md", "packages/videoda-models/docs/*.md"),
    *("packages/videoda-train/README.md", "packages/videoda-train/docs/*.md"),
)
"""depthmotion's and flowbank's pages are run by their own tests."""
PROGRAMS = ("videoda", "videoda-bench")
_OTHERS = ("pip", "apt-get", "bash", "python")
_OWN_LISTS = ("--source-list", "photos.txt", "--target-list", "videos.txt", "--classes", "classes.txt")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, its first line's number, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return the pages whose code is run."""
    return sorted({page for pattern in PAGES for page in ROOT.glob(pattern)})


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return a page's fenced blocks of these languages."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = ((match, text.count("\n", 0, match.start()) + 2) for match in found)
    return [Block(page, line, match[1], match[2]) for match, line in lines if match[1] in languages]


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Yield where it stands and the text of every command: of the blocks, and of code within lines that is one."""
    for block in blocks(page, "bash", "console", ""):
        joined = re.sub(r"\\\n\s*", " ", block.text)
        for line in joined.splitlines():
            code = re.split(r"(?:^|\s+)#", line, maxsplit=1)[0].strip()
            for command in filter(None, re.split(r"\s*&&\s*", code)):
                yield str(block), command
    without_blocks = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for code in re.findall(r"`([^`\n]+)`", without_blocks):
        if re.match(rf"(?:hatch run )?(?:{'|'.join(PROGRAMS)}) [a-z]|hatch run [a-z+]", code) and "…" not in code:
            yield str(page.relative_to(ROOT)), code


def arguments_of(command: str) -> list[list[str]]:
    """Return what a command asks of `videoda` or `videoda-bench`, each as program and arguments; none if of others.

    Raises:
        ValueError: no such program, script of an environment, file or package here.
    """
    words = [word for word in shlex.split(command) if word != "…"]
    if words[0] == "srun":
        words = words[1:]
    if words[0] == "torchrun":
        _require(words.count("-m") == 1 and words[words.index("-m") + 1] == "videoda_train", command)
        words = ["videoda", *words[words.index("-m") + 2 :]]
    if words[0] == "hatch":
        return [part for line in _hatch(words, command) for part in arguments_of(line)]
    if words[0] in _OTHERS:
        for word in words[1:]:
            _require(not re.match(r"(packages|ci|\.ci|tests)/", word) or (ROOT / word).exists(), command)
        return []
    _require(words[0] in PROGRAMS, command)
    if words[1:3] == ["train", "custom"] and "--source-list" not in words:
        words += _OWN_LISTS
    chosen: list[list[str]] = [[]]
    for word in words:
        several = word.replace("TASK", "e2h").split("|")
        chosen = [[*line, one] for line in chosen for one in several]
    return chosen


def _hatch(words: list[str], command: str) -> list[str]:
    """Return the command lines of a script of pyproject.toml's environments, with its arguments."""
    _require(words[1] == "run", command)
    name, *rest = [word for word in words[2:] if not word.startswith("+")]
    if ":" not in name:
        return [shlex.join([name, *rest])]
    environment, _, script = name.partition(":")
    environments = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["envs"]
    _require(script in environments.get(environment, {}).get("scripts", {}), command)
    lines = environments[environment]["scripts"][script]
    lines = [lines] if isinstance(lines, str) else lines
    ours = [line for line in lines if line.split()[0] in PROGRAMS]
    return [line.replace("{args}", shlex.join(rest)) for line in ours]


def _require(holds: bool, command: str) -> None:
    if not holds:
        raise ValueError(f"nothing here answers to: {command}")
