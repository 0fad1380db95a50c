import csv
import errno
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.cli.commands import run_command
from videoda_train.data import check_list as check_list_module
from videoda_train.data import video_check
from videoda_train.data.check_list import CheckReport, check_list
from videoda_train.data.video_check import check_video
from videoda_train.data.video_reader import PyAvReader


def write_sound(path: Path) -> None:
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("odd")
    write_video(root / "v" / "good one.avi", moving_frames(8, seed=0))
    write_video(root / "v" / "one-frame.avi", moving_frames(1, seed=0))
    write_video(root / "v" / "whole.avi", moving_frames(60, seed=1))
    content = (root / "v" / "whole.avi").read_bytes()
    (root / "v" / "cut.avi").write_bytes(content[: len(content) // 2])
    (root / "v" / "empty.avi").touch()
    (root / "v" / "text.avi").write_text("no video\n" * 100)
    write_sound(root / "v" / "sound.avi")
    write_image(root / "v" / "photo.jpg", textured_image(16, 24, 0))
    for index in range(3):
        write_image(root / "v" / "frames" / f"{index:05d}.jpg", textured_image(16, 24, index))
    (root / "v" / "no frames").mkdir()
    names = ("good one.avi", "one-frame.avi", "cut.avi", "empty.avi", "text.avi", "sound.avi", "photo.jpg")
    names += ("frames", "no frames", "gone.avi")
    (root / "list.txt").write_bytes(b"\xef\xbb\xbf" + "".join(f"v/{name} 0\r\n" for name in names).encode())
    return root


def check(root: Path, out: Path, **options: object) -> CheckReport:
    return check_list(root / "list.txt", out=out, progress=False, **options)  # type: ignore[arg-type]


def test_every_kind_of_bad_file_has_its_verdict_and_the_others_are_checked(odd_files: Path, tmp_path: Path) -> None:
    report = check(odd_files, tmp_path / "check.csv")
    verdicts = {row.path.removeprefix("v/"): row.check.verdict for row in report.rows}
    assert verdicts == {
        "good one.avi": "ok",
        "one-frame.avi": "short",
        "cut.avi": "truncated",
        "empty.avi": "unreadable",
        "text.avi": "unreadable",
        "sound.avi": "unreadable",
        "photo.jpg": "ok",
        "frames": "ok",
        "no frames": "unreadable",
        "gone.avi": "missing",
    }
    text = "\n".join(report.lines())
    for line, name in enumerate(verdicts, 1):
        assert (f"list.txt:{line}: v/{name}:" in text) == (verdicts[name] != "ok")
    assert "audio only" in text


def test_the_table_says_what_decoded(odd_files: Path, tmp_path: Path) -> None:
    check(odd_files, tmp_path / "check.csv")
    with (tmp_path / "check.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["line"]) for row in rows] == list(range(1, 11))
    good = rows[0]
    wanted = {"path": "v/good one.avi", "verdict": "ok", "frames": "8", "fps": "25.0", "width": "64", "height": "48"}
    assert {key: good[key] for key in wanted} == wanted
    assert good["codec"] == "mpeg4"


def test_two_workers_write_the_same_table_as_one(odd_files: Path, tmp_path: Path) -> None:
    check(odd_files, tmp_path / "one.csv", workers=1)
    check(odd_files, tmp_path / "two.csv", workers=2)
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()


def test_a_resumed_check_looks_only_at_new_and_changed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        write_video(tmp_path / f"{name}.avi", moving_frames(4, seed=0))
    (tmp_path / "list.txt").write_text("a.avi 0\nb.avi 1\nc.avi 0\n")
    check(tmp_path, tmp_path / "check.csv")
    whole = (tmp_path / "check.csv").read_text()
    rows = whole.splitlines(keepends=True)
    (tmp_path / "check.csv").unlink()
    (tmp_path / ".check.csv.rows").write_text("".join(rows[:3]) + rows[3][:20])
    write_video(tmp_path / "b.avi", moving_frames(5, seed=1))
    looked: list[str] = []

    def recording(path: Path, *, min_frames: int) -> video_check.VideoCheck:
        looked.append(path.name)
        return check_video(path, min_frames=min_frames)

    monkeypatch.setattr(check_list_module, "check_video", recording)
    report = check(tmp_path, tmp_path / "check.csv", resume=True)
    assert looked == ["b.avi", "c.avi"]
    assert [row.check.frames for row in report.rows] == [4, 5, 4]
    assert (tmp_path / "check.csv").read_text().splitlines()[1] == whole.splitlines()[1]


def test_a_reader_that_is_one_frame_off_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OneOff(PyAvReader):
        def _read(self, wanted: list[int], size: tuple[int, int] | None) -> dict[int, np.ndarray]:
            last = len(self) - 1
            frames = super()._read(sorted({min(i + 1, last) for i in wanted}), size)
            return {i: frames[min(i + 1, last)] for i in wanted}

    write_video(tmp_path / "v.avi", moving_frames(9, seed=3, step=(4, 0)))
    monkeypatch.setattr(video_check, "open_video", OneOff)
    found = check_video(tmp_path / "v.avi")
    assert (found.verdict, found.detail) == ("wrong-frames", "frames 0, 1, 2, 3, 4, 5, 6, 7 differ")


def test_duplicate_lines_label_gaps_and_backslashes_are_named(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", textured_image(8, 8, 0))
    (tmp_path / "list.txt").write_text("a.png 0\na.png\t3\nv\\b.png 0\n")
    notes = "\n".join(check(tmp_path, tmp_path / "check.csv").notes)
    assert "list.txt:2: a.png is on line 1 too, there with label 0, here with label 3" in notes
    assert "labels go up to 3, but none is 1, 2" in notes
    assert "list.txt:3: v\\b.png holds '\\'" in notes


def test_a_list_without_labels_is_checked_and_its_label_column_is_empty(tmp_path: Path) -> None:
    write_image(tmp_path / "a b.png", textured_image(8, 8, 0))
    (tmp_path / "list.txt").write_text("a b.png\n")
    report = check(tmp_path, tmp_path / "check.csv")
    assert not report.notes
    assert [row.label for row in report.rows] == [None]
    with (tmp_path / "check.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["path"], row["label"]) == ("a b.png", "")
    again = check_list(tmp_path / "list.txt", out=tmp_path / "check.csv", resume=True, progress=False)
    assert [row.label for row in again.rows] == [None]


def test_the_gaps_of_a_large_label_are_counted_and_not_all_named(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", textured_image(8, 8, 0))
    (tmp_path / "list.txt").write_text("a.png 999999\n")
    (note,) = check(tmp_path, tmp_path / "check.csv").notes
    assert "none is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 or 999989 more" in note


def test_the_command_exits_with_3_where_something_is_wrong(
    odd_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["data", "check", str(odd_files / "list.txt"), "--out", str(tmp_path / "c.csv"), "--workers", "1"]
    with pytest.raises(SystemExit) as exit_:
        run_command(arguments)
    assert exit_.value.code == 3
    assert "10 files, " in capsys.readouterr().out


def test_the_command_returns_where_all_is_well(tiny_data: Path, tmp_path: Path) -> None:
    run_command(["data", "check", str(tiny_data / "target.txt"), "--out", str(tmp_path / "c.csv"), "--workers", "1"])
    assert (tmp_path / "c.csv").read_text().count(",ok,") == 9


@pytest.mark.parametrize(
    ("name", "verdict", "frames"),
    [
        ("sports10/videos/Biking/v_Biking_g03_c01.avi", "miscounted", 379),
        ("sports10/videos/BaseballPitch/baseball.mp4", "miscounted", 167),
        ("sports10/videos/Rowing/v_Rowing_g02_c01.avi", "ok", None),
        ("clips/flipping_a_pancake.mkv", "ok", None),
    ],
)
def test_real_files_with_a_wrong_header_are_named(real_data: Path, name: str, verdict: str, frames: int | None) -> None:
    found = check_video(real_data / name)
    assert found.verdict == verdict, found.detail
    assert frames in (None, found.frames)


def test_a_clip_shorter_than_asked_is_called_short(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", moving_frames(15, seed=0))
    assert check_video(tmp_path / "v.avi", min_frames=15).verdict == "ok"
    found = check_video(tmp_path / "v.avi", min_frames=16)
    assert (found.verdict, found.detail) == ("short", "15 frames; 16 were asked")


def test_a_folder_that_cannot_be_read_is_unreadable_and_the_rest_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_image(tmp_path / name / "00000.png", textured_image(8, 8, 0))
        write_image(tmp_path / name / "00001.png", textured_image(8, 8, 1))
    (tmp_path / "list.txt").write_text("a 0\nb 1\n")
    listed = Path.iterdir

    def refusing(path: Path) -> Iterator[Path]:
        if path.name == "a":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refusing)
    report = check(tmp_path, tmp_path / "check.csv")
    assert [row.check.verdict for row in report.rows] == ["unreadable", "ok"]
    assert report.rows[0].check.detail == f"cannot read the folder {tmp_path / 'a'}: Permission denied"


def test_a_stretch_that_its_sequence_is_too_short_for_is_named(tmp_path: Path) -> None:
    for number in range(1, 9):
        write_image(tmp_path / "s" / f"img_{number:05d}.png", textured_image(32, 32, number))
    (tmp_path / "target.txt").write_text("s 2 6 0\ns 3 6 1\n")
    report = check_list(tmp_path / "target.txt", out=tmp_path / "check.csv", progress=False)
    assert [row.check.verdict for row in report.rows] == ["ok", "short"]
    assert report.rows[1].line == 2
    assert report.rows[1].check.detail.startswith(f"{tmp_path / 's'} has 8 frames, too few for 6 from ")
