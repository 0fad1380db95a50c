"""The documented example of a dataset pair of one's own: a data file and two lists."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from videoda_bench.cli.commands import run_command
from videoda_bench.reproduction.plan import read_plan
from videoda_bench.reproduction.run_planned import run_planned

EXAMPLE = Path(__file__).parents[1] / "examples" / "drawings-to-phone.yaml"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Two pictures and two videos of each class, and the lists that name them."""
    rng = np.random.default_rng(0)
    lines: dict[str, list[str]] = {"source": [], "target": []}
    for label in range(2):
        for index in range(2):
            photo, video = tmp_path / f"c{label}" / f"{index}.png", tmp_path / f"c{label}" / f"{index}.mp4"
            photo.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(photo), rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
            with av.open(str(video), "w") as container:
                stream = container.add_stream("mpeg4", rate=10)
                stream.width, stream.height = 64, 48
                for _ in range(12):
                    picture = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                container.mux(stream.encode())
            lines["source"].append(f"{photo} {label}")
            lines["target"].append(f"{video} {label}")
    for name, rows in lines.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(rows) + "\n")
    return tmp_path


def arguments(lists: Path, *more: str) -> list[str]:
    return ["reproduce", str(EXAMPLE), "--scale", "full", "--lists", str(lists), "--out", str(lists / "out"), *more]


def test_one_data_file_and_two_lists_make_a_plan(lists: Path, capsys: pytest.CaptureFixture[str]):
    run_command(arguments(lists, "--dry-run"))
    said = capsys.readouterr().out
    assert "9 runs" in said
    assert "cfb.bank_size=120" in said
    assert "again: videoda-bench reproduce drawings-to-phone.yaml --scale full" in said


def test_the_slurm_job_is_printed_and_its_plan_written(lists: Path, capsys: pytest.CaptureFixture[str]):
    run_command(arguments(lists, "--slurm"))
    assert "--array=0-8" in capsys.readouterr().out
    runs = read_plan(lists / "out" / "plan.json")
    assert len(runs) == 9
    assert (lists / "out" / "classes.txt").read_text() == "waving\njumping\n"


@pytest.mark.slow
def test_a_run_of_the_pair_is_trained_and_evaluated(lists: Path):
    small = ["optim.epochs=2", "optim.milestones=[1]", "optim.batch_size=2", "cfb.bank_from_epoch=0"]
    small += ["clip.resize=40", "clip.crop=32", "motion.size=48", "motion.workers=1"]
    run_command(arguments(lists, "--slurm", "--methods", "cfb", "--seeds", "0", "--set", *small))
    result = run_planned(read_plan(lists / "out" / "plan.json"), 0)
    assert result.results["task"] == "drawings-to-phone"
    assert result.results["num_target_videos"] == 4
    assert json.loads((result.folder / "feature_map.json").read_text())["target_labels"] == [0, 0, 1, 1]
