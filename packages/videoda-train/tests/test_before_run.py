import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_media import textured_image, write_image
from videoda_train.data.list_file import ListItem, Stretch, read_list
from videoda_train.engine.before_run import (
    check_before_run,
    in_both_lists,
    repeated_items,
    too_few_steps,
    unlearnable_classes,
    unreached_milestones,
    unused_bank,
)
from videoda_train.engine.dry_run import describe_run
from videoda_train.engine.run import run_training
from videoda_train.engine.run_data import read_inputs
from videoda_train.errors import ListFileError
from videoda_train.recipes.config import CfbConfig, DataConfig, TrainConfig, with_data
from videoda_train.recipes.custom import CUSTOM

LISTS = DataConfig(Path("photos.txt"), Path("videos.txt"), Path("classes.txt"))


def config(*, bank_from_epoch: int = 6, method: Any = "cfb", **optim: Any) -> TrainConfig:
    changed = replace(CUSTOM, method=method, cfb=CfbConfig(bank_from_epoch=bank_from_epoch))
    return with_data(replace(changed, optim=replace(CUSTOM.optim, **optim)), LISTS, task="custom", scale="custom")


def items(*labels: int) -> list[ListItem]:
    return [ListItem(Path(f"{i}.jpg"), label, f"{i}.jpg", line=i + 1) for i, label in enumerate(labels)]


@pytest.mark.parametrize(("epochs", "warned"), [(6, True), (7, True), (8, False), (24, False)])
def test_a_bank_that_is_filled_after_the_last_epoch_but_one_or_later_is_told_of(epochs: int, warned: bool) -> None:
    said = list(unused_bank(config(epochs=epochs, milestones=())))
    assert bool(said) == warned
    assert not warned or "--optim.epochs 8 or more, or a smaller --cfb.bank-from-epoch" in said[0]
    assert not list(unused_bank(config(epochs=epochs, milestones=(), method="source_only")))


@pytest.mark.parametrize(
    ("epochs", "milestones", "expected"),
    [(5, (16, 21), "never decays"), (20, (16, 21), "a decay is left out"), (24, (16, 21), None), (24, (), None)],
)
def test_milestones_behind_the_last_epoch_are_told_of(
    epochs: int, milestones: tuple[int, ...], expected: str | None
) -> None:
    said = list(unreached_milestones(config(epochs=epochs, milestones=milestones)))
    assert len(said) == (expected is not None)
    assert expected is None or expected in said[0]
    assert not list(unreached_milestones(config(epochs=epochs, milestones=milestones, schedule="cosine")))


def test_classes_without_photos_and_with_few_are_named() -> None:
    said = list(unlearnable_classes(items(*[0] * 5, *[2] * 4), ["run", "jump", "sit"], list_file=Path("p.txt")))
    assert len(said) == 2
    assert "nothing of jump:" in said[0]
    assert "fewer than 5 of sit (4)" in said[1]


@pytest.mark.parametrize(
    ("epochs", "num_items", "expected"), [(24, 16, "24 steps"), (24, 64, "96 steps"), (24, 80, None)]
)
def test_a_run_of_fewer_than_a_hundred_steps_is_told_of(epochs: int, num_items: int, expected: str | None) -> None:
    said = list(too_few_steps(config(epochs=epochs), num_items=num_items))
    assert len(said) == (expected is not None)
    assert expected is None or f"{expected} in all" in said[0]


def test_batch_norm_that_follows_slowly_needs_more_steps() -> None:
    slow = config(epochs=24)
    slow = replace(slow, model=replace(slow.model, batch_norm_momentum=0.01))
    assert "300 is the least" in next(too_few_steps(slow, num_items=199))  # 288 steps
    assert not list(too_few_steps(slow, num_items=208))  # 312


def test_a_photo_under_two_labels_is_refused_by_path_and_by_content_with_both_lines(tmp_path: Path) -> None:
    photo = tmp_path / "a" / "photo.jpg"
    write_image(photo, textured_image(48, 64, 0))
    (tmp_path / "copy.jpg").write_bytes(photo.read_bytes())
    other = bytearray(photo.read_bytes())
    other[-3] ^= 1
    (tmp_path / "other.jpg").write_bytes(other)  # of the same size
    for second, label, refused in (("a/photo.jpg", 1, True), ("copy.jpg", 1, True), ("other.jpg", 1, False)):
        list_file = tmp_path / "list.txt"
        list_file.write_text(f"a/photo.jpg 0\n{second} {label}\n")
        listed = read_list(list_file)
        if refused:
            with pytest.raises(ListFileError, match=r"list\.txt:2 is .*list\.txt:1 again"):
                list(repeated_items(listed, list_file=list_file, refuse=True))
            assert "under two labels" in next(repeated_items(listed, list_file=list_file, refuse=False))
        else:
            assert not list(repeated_items(listed, list_file=list_file, refuse=True))
    list_file.write_text("a/photo.jpg 0\ncopy.jpg 0\n")
    assert "counts twice" in next(repeated_items(read_list(list_file), list_file=list_file, refuse=True))


def test_stretches_of_one_sequence_are_not_one_item() -> None:
    rows = [ListItem(Path("s"), label, "s", line, Stretch(start, 5, 1)) for line, (start, label) in
            enumerate([(0, 0), (5, 1), (0, 1)], 1)]  # fmt: skip
    assert not list(repeated_items(rows[:2], list_file=Path("l"), refuse=True))
    with pytest.raises(ListFileError, match="l:3 is l:1 again"):
        list(repeated_items(rows, list_file=Path("l"), refuse=True))


def test_a_video_in_both_lists_is_named_with_both_lines(tmp_path: Path) -> None:
    write_image(tmp_path / "x.jpg", textured_image(48, 64, 0))
    (tmp_path / "y.jpg").write_bytes((tmp_path / "x.jpg").read_bytes())
    source = [ListItem(tmp_path / "x.jpg", 0, "x.jpg", 3)]
    assert "photos.txt:3 and videos.txt:8 (y.jpg)" in next(
        in_both_lists(source, [ListItem(tmp_path / "y.jpg", 0, "y.jpg", 8)], config=config())
    )
    twice = [ListItem(tmp_path / "y.jpg", 0, "y.jpg", line) for line in (1, 2)]
    assert not list(in_both_lists([], twice, config=config()))


def tiny_config(data: Path) -> TrainConfig:
    lists = DataConfig(data / "source.txt", data / "target.txt", data / "classes.txt")
    options = replace(
        CUSTOM,
        method="cfb",
        device="cpu",
        clip=replace(CUSTOM.clip, num_frames=4, num_eval_frames=8, resize=36, crop=32),
        motion=replace(CUSTOM.motion, source="static"),
        optim=replace(CUSTOM.optim, epochs=1, batch_size=4),
    )
    return with_data(options, lists, task="custom", scale="custom")


def test_warnings_are_said_at_the_start_by_a_dry_run_and_in_the_results(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_config(tiny_data)
    expected = ["the flow bank is never used", "the learning rate never decays", "fewer than 5 of", "3 steps in all"]
    told = re.findall(r"^warning: (.*)", describe_run(run, tmp_path / "run"), re.MULTILINE)
    assert [begin in line for begin, line in zip(expected, told, strict=True)] == [True] * 4
    run_training(run, tmp_path / "run")
    assert re.findall(r"^warning: (.*)", capsys.readouterr().err, re.MULTILINE) == told
    assert json.loads((tmp_path / "run" / "results.json").read_text())["warnings"] == told


def test_the_list_of_labels_is_checked_before_anything_is_made(tiny_data: Path, tmp_path: Path) -> None:
    lines = (tiny_data / "source.txt").read_text().splitlines()
    rows = [f"{tiny_data}/{line}" for line in lines]
    (tmp_path / "photos.txt").write_text("\n".join([*rows, rows[0][:-1] + "2"]) + "\n")
    run = tiny_config(tiny_data)
    run = replace(run, data=replace(run.data, source_list=tmp_path / "photos.txt"))
    with pytest.raises(ListFileError, match=r"photos\.txt:13 is .*photos\.txt:1 again"):
        run_training(run, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    supervised = replace(run, method="supervised", inputs="views")
    assert check_before_run(supervised, read_inputs(supervised))
