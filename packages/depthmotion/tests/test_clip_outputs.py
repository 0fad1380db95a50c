"""What a clip writes and shows."""

import base64
import io

import av
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.clip_files import encode_video, save_depth, save_flow, save_frames
from depthmotion.image_files import decode_image


@pytest.fixture(scope="module")
def clip():
    x, y = np.meshgrid(np.linspace(0, 255, 50), np.linspace(0, 255, 40))
    photo = np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)
    return dm.synthesize(photo, dm.load_depth("ground")(photo), dm.paths.dolly(3))


def test_png_frames_are_the_clips_bit_for_bit(clip, tmp_path):
    save_frames(tmp_path / "frames", clip.frames, image_suffix=".png")
    assert (np.stack([dm.read_image(tmp_path / "frames" / f"{t:05d}.png") for t in range(3)]) == clip.frames).all()


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_holds_the_frames(clip, suffix):
    with av.open(io.BytesIO(encode_video(clip.frames, suffix=suffix))) as container:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    assert frames.shape == clip.frames.shape
    assert np.abs(frames.astype(int) - clip.frames).mean() < 4


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_the_same_frames_give_the_same_video_whatever_the_memory_held_before(suffix):
    frames = np.random.default_rng(0).integers(0, 256, (16, 15, 20, 3), np.uint8).repeat(16, 1).repeat(16, 2)
    videos = set()
    for value in range(4):
        leftovers = [np.full(size, 85 * value, np.uint8) for size in range(10_000, 1_500_000, 50_000)]
        del leftovers
        videos.add(encode_video(frames, suffix=suffix))
    assert len(videos) == 1


def test_a_video_of_odd_sides_leaves_out_the_last_row_and_column(clip):
    with av.open(io.BytesIO(encode_video(np.ascontiguousarray(clip.frames[:, :39, :49])))) as container:
        assert next(container.decode(video=0)).to_ndarray(format="rgb24").shape == (38, 48, 3)


@pytest.mark.parametrize(("flow_format", "suffix", "tolerance"), [("flo", ".flo", 0), ("kitti", ".png", 1 / 128)])
def test_flow_per_frame_reads_back(clip, tmp_path, flow_format, suffix, tolerance):
    save_flow(tmp_path / "flow", clip.flow, flow_format=flow_format)
    back = np.stack([dm.flowio.read(tmp_path / "flow" / f"{t:05d}{suffix}") for t in range(2)])
    assert np.abs(back - clip.flow).max() <= tolerance


def test_depth_reads_back_within_a_step(clip, tmp_path):
    save_depth(tmp_path / "depth", clip.depth)
    source = dm.load_depth(f"dir:{tmp_path / 'depth'}")
    back = source(clip.frames[0], file=tmp_path / "00001.jpg").values
    assert np.abs(back - clip.depth[1]).max() <= clip.depth.max() / 65535


def test_a_flow_file_is_not_named_like_a_folder(clip, tmp_path):
    with pytest.raises(dm.ConfigError, match=r"\.npz"):
        save_flow(tmp_path / "flow", clip.flow, flow_format="npz")


def test_the_sheet_has_rows_of_frames_flow_and_depth(clip):
    sheet = dm.contact_sheet(clip, width=50)
    assert sheet.shape == (3 * 44, 3 * 54, 3)
    assert (sheet[:40, :50] == clip.frames[0]).all()
    assert (sheet[44:84, 108:158] == 255).all()


def test_a_notebook_gets_a_video_and_a_picture_without_links(clip):
    html = clip._repr_html_()
    assert "3 frames of 50×40" in html
    video = base64.b64decode(html.split("data:video/mp4;base64,")[1].split('"')[0])
    with av.open(io.BytesIO(video)) as container:
        assert len(list(container.decode(video=0))) == 3
    assert (decode_image(clip._repr_png_()) == dm.contact_sheet(clip)).all()
