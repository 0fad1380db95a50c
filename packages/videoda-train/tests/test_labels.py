"""Videos without labels, with some, with labels that nobody gave, and names with markup, from a command to the page."""

import csv
import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from own_lists import Page, custom, run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.data.atomic_file import write_bytes
from videoda_train.engine import evaluation_folder
from videoda_train.errors import RunError, StorageError

MARKUP = "<img src=x onerror=alert(1)>&\"'"
CLASSES = (MARKUP, "=1+1", "_up $a_b$")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in class folders and videos in one folder, and a list of both; class and file names with markup."""
    root = tmp_path_factory.mktemp("media")
    source = []
    for label, step in enumerate([(1, 0), (0, 1), (-1, 0)]):
        for i in range(4):
            name = f"photos/{['run', 'jump', 'walk'][label]}/{MARKUP}{i}.jpg"
            write_image(root / name, textured_image(48, 64, 100 * label + i))
            source.append(f"{name} {label}")
        for i in range(3):
            write_video(
                root / f"videos/{label} {MARKUP}{i}.avi", moving_frames(12 + i, seed=100 * label + i, step=step)
            )
    write_video(root / "videos" / "=cmd.avi", moving_frames(12, seed=7, step=(1, 1)))
    (root / "source.txt").write_text("\n".join(source) + "\n")
    (root / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return root


def videos(media: Path) -> list[Path]:
    return sorted((media / "videos").iterdir())


@pytest.fixture(scope="module")
def label_free(media: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run on a list of paths alone, and what it printed."""
    folder = tmp_path_factory.mktemp("label-free")
    (folder / "target.txt").write_text("".join(f"{path}\n" for path in videos(media)))
    printed = folder / "printed.txt"
    with printed.open("w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", file)
        assert custom(media, folder / "run", "--optim.ema-decay", 0.9, target_list=folder / "target.txt") == 0
    return folder / "run", printed


def results_of(folder: Path) -> dict[str, object]:
    return json.loads((folder / "results.json").read_text())


def predictions_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers_of_accuracy(values: dict[str, object]) -> set[object]:
    names = ("acc_softmax", "acc_logits", "acc_rgb", "acc_flow", "acc_top5", "mean_class_accuracy")
    return {values[name] for name in (*names, "per_class_accuracy", "confusion_matrix")}


def test_without_labels_no_accuracy_is_computed_printed_or_logged(label_free: tuple[Path, Path]) -> None:
    folder, printed = label_free
    results = results_of(folder)
    assert numbers_of_accuracy(results) == {None}
    assert (results["num_labelled"], results["no_accuracy"]) == (0, "no video has a label")
    assert sum(results["predicted_counts"]) == results["num_target_videos"] == 10  # type: ignore[call-overload]
    assert set(results["criteria"]) == {"entropy", "diversity", "information_maximisation", "snd"}  # type: ignore[call-overload]
    assert results["other_selections"] == {name: {"epoch": 0} for name in results["criteria"]}  # type: ignore[attr-defined]
    told = printed.read_text()
    assert "10 videos classified, mean confidence 0." in told
    assert re.search(r"epoch +1/1 +loss \d+\.\d+ +confidence 0\.\d\d +classes predicted \d/3 ", told)
    assert not re.search(r"Acc|accuracy [\d(]|%", told)
    (line,) = (folder / "metrics.jsonl").read_text().splitlines()
    assert numbers_of_accuracy(json.loads(line)) == {None}
    events = EventAccumulator(str(folder / "tensorboard")).Reload().Tags()["scalars"]
    assert not [name for name in events if "acc" in name]
    assert {"target/mean_confidence", "criteria/snd"} <= set(events)


def test_without_labels_predictions_have_an_empty_label_and_the_page_no_accuracy(label_free: tuple[Path, Path]) -> None:
    folder, _ = label_free
    rows = predictions_of(folder)
    assert [row["label"] for row in rows] == [""] * 10
    page = Page((folder / "report" / "index.html").read_text())
    assert "No accuracy is told: no video has a label" in page.text
    warnings = results_of(folder)["warnings"]
    assert warnings  # one epoch on 12 photos: there is something to warn of
    assert all(f"Warning: {warning}." in page.text for warning in warnings)  # type: ignore[attr-defined]
    assert not re.search(r"AccSf|Acc\b|%|[Cc]onfusion|recall", page.text.replace(yaml_of(folder), ""))
    assert (
        len([tag for tag, values in page.tags if tag == "img" and (values["src"] or "").startswith("data:image/jpeg")])
        == 10
    )
    for row in rows:
        assert row["predicted_softmax"].lstrip("'") in page.text


def yaml_of(folder: Path) -> str:
    return yaml.safe_dump(yaml.safe_load((folder / "config.yaml").read_text()), sort_keys=False)


def test_eval_without_labels_draws_no_matrix_and_with_some_says_of_how_many(
    media: Path, label_free: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = label_free
    assert run("eval", folder, "--device", "cpu") == 0
    told = capsys.readouterr().out
    assert not re.search(r"Acc|%|matrix", told)
    assert "no accuracy: no video has a label" in told
    out = folder / "eval" / "target"
    assert not (out / "confusion_matrix.png").exists()
    assert results_of(out)["top_k_accuracy"] is None

    partly = tmp_path / "target.txt"
    files = videos(media)
    partly.write_text("".join(f"{path}{f' {i % 3}' if i % 2 else ''}\n" for i, path in enumerate(files)))
    assert run("eval", folder, "--list", partly, "--device", "cpu", "--out", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert re.search(r"AccSf \d+\.\d %.* of the 5 of 10 videos that have a label", told)
    results, rows = results_of(tmp_path / "out"), predictions_of(tmp_path / "out")
    labelled = [row for row in rows if row["label"]]
    assert results["num_labelled"] == len(labelled) == 5
    assert results["acc_softmax"] == sum(row["label"] == row["predicted_softmax"] for row in labelled) / 5
    assert (tmp_path / "out" / "confusion_matrix.png").exists()


def test_labels_that_are_all_the_same_are_no_labels_unless_said_to_be_true(
    media: Path, label_free: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = label_free
    zeros = tmp_path / "zeros.txt"
    zeros.write_text("".join(f"{path} 0\n" for path in videos(media)))
    arguments = ("eval", folder, "--list", zeros, "--device", "cpu", "--out", tmp_path / "out")
    assert run(*arguments) == 0
    told = capsys.readouterr().out
    assert "no accuracy: all 10 videos carry the label 0, as if nobody had given one; delete the labels" in told
    assert not re.search(r"Acc|%", told)
    assert numbers_of_accuracy(results_of(tmp_path / "out")) == {None}
    assert run(*arguments) == 2
    assert "add --overwrite" in capsys.readouterr().err
    assert run(*arguments, "--overwrite", "--one-class") == 0
    share = sum(row["predicted_softmax"] == CLASSES[0] for row in predictions_of(tmp_path / "out")) / 10
    assert results_of(tmp_path / "out")["acc_softmax"] == share
    assert f"AccSf {100 * share:.1f} %" in capsys.readouterr().out


def test_eval_says_which_videos_were_adapted_to_by_whatever_name_they_go(
    media: Path, label_free: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = label_free
    files = videos(media)
    (tmp_path / "site").mkdir()
    shutil.copy(files[1], tmp_path / "site" / "copy.avi")
    (tmp_path / "site" / "link.avi").symlink_to(files[2])
    write_video(tmp_path / "site" / "new.avi", moving_frames(12, seed=99, step=(1, 0)))
    mixed = tmp_path / "mixed.txt"
    mixed.write_text(f"{files[4]} 0\nsite/copy.avi 1\nsite/link.avi 2\nsite/new.avi 1\n")
    assert run("eval", folder, "--list", mixed, "--device", "cpu") == 0
    told = capsys.readouterr().out
    assert "3 of 4 videos were adapted to (transductive): AccSf" in told
    assert "1 held out: AccSf" in told
    results = results_of(folder / "eval" / "mixed")
    assert (results["num_adapted"], results["num_in_source"], results["inductive"]) == (3, 0, False)
    rows = predictions_of(folder / "eval" / "mixed")
    right = [row["label"] == row["predicted_softmax"] for row in rows]
    parts = [results[name] for name in ("adapted", "held_out")]
    assert [part["num_videos"] for part in parts] == [3, 1]  # type: ignore[index]
    assert [part["acc_softmax"] for part in parts] == [sum(right[:3]) / 3, float(right[3])]  # type: ignore[index]
    assert run("report", folder, "--out", tmp_path / "page.html") == 0
    assert "3 of 4 videos were adapted to" in Page((tmp_path / "page.html").read_text()).text


def test_two_lists_of_one_name_have_a_folder_each_and_a_changed_one_a_new_one(
    media: Path, label_free: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, _ = label_free
    lists = [tmp_path / site / "clips.txt" for site in "ab"]
    for list_file, file in zip(lists, videos(media), strict=False):
        list_file.parent.mkdir()
        list_file.write_text(f"{file} 1\n")
        assert run("eval", folder, "--list", list_file, "--device", "cpu") == 0
    plain, other = sorted((folder / "eval").glob("clips*"))
    assert plain.name == "clips"
    assert re.fullmatch("clips-[0-9a-f]{8}", other.name)
    for place, list_file, file in zip((plain, other), lists, videos(media), strict=False):
        assert results_of(place)["list"] == str(list_file)
        assert Path(predictions_of(place)[0]["path"]) == file
    before = (plain / "predictions.csv").read_bytes()
    lists[0].write_text(f"{videos(media)[2]} 1\n")
    assert run("eval", folder, "--list", lists[0], "--device", "cpu") == 0
    assert len(list((folder / "eval").glob("clips*"))) == 3
    assert (plain / "predictions.csv").read_bytes() == before


def test_eval_replaces_no_file_that_it_did_not_write(
    media: Path, label_free: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = label_free
    out = tmp_path / "out"
    out.mkdir()
    (out / "predictions.csv").write_text("mine\n")
    arguments = ("eval", folder, "--device", "cpu", "--out", out, "--overwrite")
    assert run(*arguments) == 2
    assert (
        f"{out / 'predictions.csv'} is there already and was not written by 'videoda eval'" in capsys.readouterr().err
    )
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("predictions.csv", "mine\n")]
    (out / "predictions.csv").unlink()
    (out / "results.json").symlink_to(tmp_path / "elsewhere.json")
    assert run(*arguments) == 2
    assert not (tmp_path / "elsewhere.json").exists()
    (out / "results.json").unlink()
    assert run(*arguments) == 0
    assert run(*arguments) == 0
    (out / "predictions.csv").write_text("changed\n")
    assert run(*arguments) == 2
    assert (out / "predictions.csv").read_text() == "changed\n"


def test_an_evaluation_that_ended_between_its_files_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {"predictions.csv": b"rows", "results.json": b"{}"}

    def full_disk(path: Path, write: object, **options: object) -> None:
        if path.name == "results.json":
            raise StorageError("No space left on device")
        write_bytes(path, write, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(evaluation_folder, "write_bytes", full_disk)
        with pytest.raises(StorageError):
            evaluation_folder.write_files(tmp_path, contents)
    evaluation_folder.require_replaceable(tmp_path, overwrite=False)
    (tmp_path / "predictions.csv").write_text("mine")
    with pytest.raises(RunError, match="was not written by 'videoda eval'"):
        evaluation_folder.require_replaceable(tmp_path, overwrite=True)
    (tmp_path / "predictions.csv").unlink()
    evaluation_folder.write_files(tmp_path, contents)
    with pytest.raises(RunError, match="--overwrite"):
        evaluation_folder.require_replaceable(tmp_path, overwrite=False)


def test_folders_stand_in_for_lists_and_names_with_markup_stay_text(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"source_list": media / "photos", "target_list": media / "videos", "classes": ""}
    assert custom(media, tmp_path / "run", **named) == 0  # type: ignore[arg-type]
    assert "10 videos classified" in capsys.readouterr().out
    assert results_of(tmp_path / "run")["classes"] == ["jump", "run", "walk"]
    paths = [row["path"] for row in predictions_of(tmp_path / "run")]
    assert "./=cmd.avi" in paths
    assert sorted(map(Path, paths)) == sorted(Path(file.name) for file in videos(media))


def test_names_with_markup_are_text_on_the_page_and_in_pictures(media: Path, tmp_path: Path) -> None:
    target = tmp_path / f"{MARKUP.replace('/', '')}.txt"
    target.write_text("".join(f"{path} {i % 3}\n" for i, path in enumerate(videos(media))))
    folder = tmp_path / f"run {MARKUP}"
    assert custom(media, folder, target_list=target) == 0
    assert run("eval", folder, "--device", "cpu") == 0
    assert run("report", folder, folder, "--out", tmp_path / "page.html") == 0
    for file in (folder / "report" / "index.html", tmp_path / "page.html"):
        page = Page(file.read_text())
        assert not [name for _, values in page.tags for name in values if name.startswith("on")]
        assert {(values["src"] or "")[:11] for tag, values in page.tags if tag == "img"} == {"data:image/"}
        assert page.text.count(MARKUP) > 10
        assert "_up $a_b$" in page.text
    assert list(predictions_of(folder)[0])[5:] == [MARKUP, "'=1+1", "_up $a_b$"]
    assert not [cell for row in predictions_of(folder) for cell in row.values() if cell.startswith("=")]


def test_a_source_line_without_label_is_named_and_nothing_runs(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source.txt"
    source.write_text("".join(f"{path}\n" for path in sorted((media / "photos" / "run").iterdir())))
    assert custom(media, tmp_path / "run", source_list=source) == 2
    assert f"{source}:1: no label at the end of" in capsys.readouterr().err
    assert not os.path.lexists(tmp_path / "run")
