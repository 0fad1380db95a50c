from pathlib import Path

import av
import numpy as np
import pytest
from packed_video import write_packed_video
from tiny_media import moving_frames, textured_image, write_video
from videoda_train.cli.commands import run_command
from videoda_train.data.list_file import read_list
from videoda_train.data.transcode import TranscodeConfig, transcode_list
from videoda_train.data.video_check import check_video
from videoda_train.data.video_reader import open_video, stream_frames
from videoda_train.errors import ConfigError


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    write_video(tmp_path / "run" / "a.avi", moving_frames(20, seed=0), codec="mpeg4", fps=15, bf="2")
    write_packed_video(tmp_path / "run" / "b.avi", moving_frames(20, seed=1))
    (tmp_path / "list.txt").write_text("run/a.avi 3\nrun/b.avi 1\n")
    return tmp_path


def test_h264_has_no_b_frames_a_key_frame_every_16_and_every_frame_in_its_place(videos: Path) -> None:
    summary = transcode_list(
        videos / "list.txt", out_dir=videos / "o", config=TranscodeConfig(short_side=None, crf=4), progress=False
    )
    assert (summary.done, summary.failures) == (2, [])
    items = read_list(videos / "o" / "list.txt")
    assert [(item.name, item.label) for item in items] == [("run/a.mp4", 3), ("run/b.mp4", 1)]
    for item in items:
        with av.open(str(item.path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
            assert container.streams.video[0].codec_context.name == "h264"
        assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 16]
        assert all(packet.pts == packet.dts for packet in packets)
        original = np.stack(list(stream_frames(videos / "run" / f"{item.path.stem}.avi"))).astype(float)
        new = open_video(item.path)
        assert len(new) == len(original)
        distances = [np.abs(new.frames([t])[0] - original).mean(axis=(1, 2, 3)).argmin() for t in range(len(new))]
        assert distances == list(range(len(new)))
        assert check_video(item.path).verdict == "ok"
    assert open_video(items[0].path).fps == pytest.approx(15)


def test_frames_are_resized_to_a_short_side_with_even_sides(tmp_path: Path) -> None:
    write_video(tmp_path / "v" / "a.avi", [textured_image(48, 66, 0)] * 3)
    (tmp_path / "list.txt").write_text("v/a.avi 0\n")
    for form, expected in (("h264", (24, 32, 3)), ("frames", (24, 33, 3))):
        out = tmp_path / form
        config = TranscodeConfig(form=form, short_side=24)  # type: ignore[arg-type]
        transcode_list(tmp_path / "list.txt", out_dir=out, config=config, progress=False)
        reader = open_video(read_list(out / "list.txt")[0].path)
        assert len(reader) == 3
        assert reader.frames([2])[0].shape == expected


def test_two_workers_and_a_resume_make_the_same_files(videos: Path) -> None:
    config = TranscodeConfig(short_side=None)
    transcode_list(videos / "list.txt", out_dir=videos / "one", config=config, progress=False)
    transcode_list(videos / "list.txt", out_dir=videos / "two", config=config, workers=2, progress=False)
    (videos / "two" / "run" / "b.mp4").unlink()
    with pytest.raises(ConfigError, match=r"list\.txt exists already; add --resume"):
        transcode_list(videos / "list.txt", out_dir=videos / "two", config=config, progress=False)
    summary = transcode_list(videos / "list.txt", out_dir=videos / "two", config=config, resume=True, progress=False)
    assert (summary.done, summary.kept) == (1, 1)
    for name in ("run/a.mp4", "run/b.mp4", "list.txt"):
        assert (videos / "one" / name).read_bytes() == (videos / "two" / name).read_bytes()


def test_failed_videos_are_named_with_their_line_and_left_out_of_the_new_list(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "run" / "text.avi").write_text("no video")
    (videos / "list.txt").write_text("run/text.avi 0\r\nrun/a.avi 1\r\n")
    with pytest.raises(SystemExit) as exit_:
        run_command(["data", "transcode", str(videos / "list.txt"), "--out", str(videos / "o"), "--workers", "1"])
    assert exit_.value.code == 3
    assert f"{videos / 'list.txt'}:1: " in capsys.readouterr().out
    assert (videos / "o" / "list.txt").read_text() == "run/a.mp4 1\n"
    assert [path.name for path in (videos / "o" / "run").glob("[!.]*")] == ["a.mp4"]


@pytest.mark.parametrize(("name", "value"), [("short_side", 8), ("gop", 0), ("crf", 60), ("jpeg_quality", 0)])
def test_a_setting_out_of_range_is_refused(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {value}; allowed"):
        TranscodeConfig(**{name: value})
