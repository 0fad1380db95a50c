"""Plausible mistakes: each is answered in a line that says what is wrong and what to do, with exit code 2."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code

# What ISO files of the brand heic begin with: what telephones call IMG_0001.HEIC, and rename to .jpg.
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def audio_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@dataclass(frozen=True)
class Place:
    """The tiny data, whose lists a mistake replaces, and a folder of its own."""

    data: Path
    here: Path

    def source(self, row: str) -> Path:
        """A list of the tiny photos with one more row."""
        rows = [f"{self.data}/{line}" for line in (self.data / "source.txt").read_text().splitlines()]
        return write(self.here / "photos.txt", "\n".join([*rows, row]) + "\n")


Options = dict[str, object]


@dataclass(frozen=True)
class Mistake:
    """What somebody does, `train custom` with other options if not said otherwise, and what the answer holds."""

    name: str
    answer: str
    options: Callable[[Place], Options] = field(default=lambda place: {})
    command: Callable[[Place], tuple[object, ...]] | None = None
    lines: int = 1


def with_options(**options: object) -> Callable[[Place], Options]:
    return lambda place: {f"--{name.replace('__', '.').replace('_', '-')}": value for name, value in options.items()}


MISTAKES = [
    Mistake("no command", "a command is missing. Allowed: data, train", command=lambda p: ()),
    Mistake("a typo in a command", "no command 'trian'; did you mean train", command=lambda p: ("trian", "custom")),
    Mistake("a typo in an option", r"no option --optim\.epohcs; did you mean --optim\.epochs\?",
            with_options(optim__epohcs=3)),
    Mistake("an option without its group", r"no option --epochs; did you mean --optim\.epochs\?",
            with_options(epochs=3)),
    Mistake("an option that is missing", "needs --source-list, --target-list;",
            command=lambda p: ("train", "custom")),
    Mistake("a word too many", "takes no 'b.txt' there", command=lambda p: ("data", "check", "a.txt", "b.txt")),
    Mistake("text for a number", "--optim.epochs: 'many' is not a whole number", with_options(optim__epochs="many")),
    Mistake("a method that there is not", "'cfbb' .*Allowed: source_only, dann, cfb", with_options(method="cfbb")),
    Mistake("no list at the path", r"no list file at .*gone\.txt", with_options(source_list="gone.txt")),
    Mistake("no source at the path, and no class map", "--source-list photoz does not exist",
            command=lambda p: ("train", "custom", "--source-list", "photoz", "--target-list", p.data / "target.txt")),
    Mistake("a folder of videos that holds none", "no video at .*texts; give",
            lambda p: {"--target-list": write(p.here / "texts" / "notes.txt", "text").parent}),
    Mistake("an empty list", "is empty", lambda p: {"--source-list": write(p.here / "empty.txt", "")}),
    Mistake("a list that is a picture", "cannot read the list file|not a text file|not a list",
            lambda p: {"--source-list": next((p.data / "photos" / "class 0").iterdir())}),
    Mistake("a label out of range", r"photos\.txt:13: label 7 is out of range; allowed: 0 to 2",
            lambda p: {"--source-list": p.source("photos/x.jpg 7")}),
    Mistake("fewer classes than labels", "label 2 is out of range; allowed: 0 to 1",
            lambda p: {"--classes": write(p.here / "classes.txt", "right\ndown\n")}),
    Mistake("no class map at the path", "no class map at gone.txt", with_options(classes="gone.txt")),
    Mistake("a photo that is not there", r"1 of 13 files .* do not exist",
            lambda p: {"--source-list": p.source("gone.jpg 0")}, lines=3),
    Mistake("a photo from a telephone", r"IMG_0001\.jpg",
            lambda p: {"--source-list": p.source(f"{write(p.here / 'phone' / 'IMG_0001.jpg', HEIC)} 0")}, lines=2),
    Mistake("a file of sound", r"song\.mp4 has no video stream; it may hold audio only",
            lambda p: {"--target-list": write(p.here / "t.txt", f"{audio_only(p.here / 'song.mp4')} 0\n")}, lines=2),
    Mistake("a text that is called a video", r"notes\.mp4",
            lambda p: {"--target-list": write(p.here / "t.txt", f"{write(p.here / 'notes.mp4', 'text')} 0\n")},
            lines=2),
    Mistake("weights that are not there", r"no weights file at gone\.pt", with_options(model__rgb_weights="gone.pt")),
    Mistake("weights that are no weights", r"classes\.txt is not a readable PyTorch file",
            lambda p: {"--model.rgb-weights": p.data / "classes.txt"}),
    Mistake("a network that there is not", "no model named 'i3d-inceptoin-rgb'; did you mean i3d-inception-rgb",
            with_options(model__rgb="i3d-inceptoin-rgb")),
    Mistake("a GPU that is not there", "device.*cuda|cuda.*device", with_options(device="cuda")),
    Mistake("a device that there is not", "gpu", with_options(device="gpu")),
    Mistake("epochs below 1", "optim.epochs is -3; it must be at least 1", with_options(optim__epochs=-3)),
    Mistake("a batch larger than the source", "batch size 64 is larger than the source .12 ",
            with_options(optim__batch_size=64)),
    Mistake("a crop larger than the frame", "clip.crop is 200; allowed: 32 to clip.resize .128",
            with_options(clip__crop=200)),
    Mistake("a run folder that is a file", "cannot write the run folder|is a file",
            lambda p: {"--run-dir": write(p.here / "file", "precious")}),
    Mistake("a run folder where nothing can be written", "cannot write the run folder",
            with_options(run_dir="/proc/videoda/run")),
    Mistake("a folder without a run", r"holds no run \(no config\.yaml\)", command=lambda p: ("eval", p.data)),
    Mistake("a run's configuration that is none", "config.yaml is not a run's configuration",
            command=lambda p: ("eval", write(p.here / "run" / "config.yaml", "[1, 2").parent)),
    Mistake("a configuration of another program", "config.yaml is not a run's configuration",
            command=lambda p: ("report", write(p.here / "run" / "config.yaml", "learning_rate: 3\n").parent)),
    Mistake("no run named", "name at least one run folder", command=lambda p: ("report",)),
    Mistake("a dataset that is not there", "eads: no folder|EADs|eads",
            command=lambda p: ("data", "prepare", "e2h", "--eads", p.here / "no", "--hmdb51", p.here / "no",
                               "--out", p.here / "lists"), lines=2),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_answered_by_what_is_wrong_and_exit_code_2(
    mistake: Mistake,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if mistake.name == "a GPU that is not there" and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.chdir(tmp_path)
    place = Place(tiny_data, tmp_path)
    if mistake.command is not None:
        arguments = mistake.command(place)
    else:
        options: Options = {f"--{n}-list": tiny_data / f"{n}.txt" for n in ("source", "target")}
        options |= {"--classes": tiny_data / "classes.txt", "--optim.batch-size": 4, "--device": "cpu"}
        options |= {"--run-dir": tmp_path / "run", "--motion.source": "static"}
        options |= mistake.options(place)
        arguments = ("train", "custom", *(part for option in options.items() for part in option))
    try:
        code = exit_code("videoda", lambda: run_command([str(argument) for argument in arguments]))
    except SystemExit as end:  # the parser's own end
        code = end.code
    said = capsys.readouterr()
    # Progress before the mistake is found is not a part of the answer.
    answer = said.err[said.err.index("videoda: error: ") :] if "videoda: error: " in said.err else said.err
    assert code == 2, said.err
    assert re.search(mistake.answer, answer), answer
    assert "Traceback" not in said.err
    assert answer.count("\n") <= mistake.lines, answer
