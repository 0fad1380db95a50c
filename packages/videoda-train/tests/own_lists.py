"""`videoda train custom` on tiny lists, and what a page shows to a reader."""

from html.parser import HTMLParser
from pathlib import Path

from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code


def run(*arguments: object) -> int:
    return exit_code("videoda", lambda: run_command([str(a) for a in arguments]))


def custom(data: Path, run_dir: Path, *flags: object, **changes: Path | str | None) -> int:
    """Run the command; an option that is "" is left out, one that is `None` has no value."""
    lists = {"source_list": data / "source.txt", "target_list": data / "target.txt", "classes": data / "classes.txt"}
    named = [(name, value) for name, value in {**lists, **changes}.items() if value != ""]
    options = [p for name, value in named for p in (f"--{name.replace('_', '-')}", value) if p is not None]
    return run(
        "train", "custom", *options, "--run-dir", run_dir, "--optim.epochs", 1, "--optim.batch-size", 4,
        "--clip.num-frames", 4, "--clip.num-eval-frames", 8, "--clip.resize", 36, "--clip.crop", 32,
        "--cfb.bank-from-epoch", 0, "--device", "cpu", "--motion.source", "static", *flags,
    )  # fmt: skip


class Page(HTMLParser):
    """The text that a reader of a page sees, and its tags with their attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self._hidden = 0
        self.feed(text)

    @property
    def text(self) -> str:
        return " ".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "defs")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "defs")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
