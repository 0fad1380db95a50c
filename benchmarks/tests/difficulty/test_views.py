from pathlib import Path

import numpy as np
import pytest
from videoda_bench.difficulty.items import CROP, SIZE, Item, held_out_names, load_items, split_domain
from videoda_bench.difficulty.views import (
    NUM_FRAMES,
    clip_indices,
    even_clips,
    random_clip,
    shown_frames,
)
from videoda_bench.miniature.recording import write_frames
from videoda_train.data.list_file import ListItem


def listed(name: str, label: int = 0) -> ListItem:
    return ListItem(path=Path(name), label=label, name=name)


def item(frames: np.ndarray) -> Item:
    return Item(frames, 0, listed("x"))


def scene(shift: int = 0) -> np.ndarray:
    """A soft random texture, its content `shift` px further right."""
    rng = np.random.default_rng(0)
    x = np.arange(SIZE) - shift
    waves = [np.sin(x * f + np.arange(SIZE)[:, None] * g + p) for f, g, p in rng.uniform(0.2, 0.9, (6, 3))]
    return np.repeat((128 + 20 * np.sum(waves, axis=0))[..., None], 3, axis=-1).clip(0, 255).astype(np.uint8)


def test_a_video_that_stands_still_has_no_foreground_and_is_its_own_background() -> None:
    still = np.repeat(scene()[None], 5, axis=0)
    assert (shown_frames(item(still), view="foreground") == 128).all()
    assert np.array_equal(shown_frames(item(still), view="background"), still[:1])


def test_what_passes_for_a_moment_is_foreground_and_no_background() -> None:
    video = np.repeat(scene()[None], 5, axis=0)
    video[2, 10:20, 10:20] = 255
    assert np.array_equal(shown_frames(item(video), view="background")[0], scene())
    foreground = shown_frames(item(video), view="foreground")
    expected = 128 + (255 - scene()[10:20, 10:20].astype(int)) // 2
    assert np.array_equal(foreground[2, 10:20, 10:20], expected.clip(0, 255))
    assert (np.delete(foreground, 2, axis=0) == 128).all()


def test_motion_shows_the_flow_in_red_and_green(tmp_path: Path) -> None:
    write_frames(tmp_path / "video", [scene(2 * t) for t in range(4)], first=0, quality=98)
    (tmp_path / "videos.txt").write_text("video 0\n")
    shown = shown_frames(load_items(tmp_path / "videos.txt")[0], view="motion")
    assert shown.shape == (3, SIZE, SIZE, 3)
    middle = shown[:, 20:-20, 20:-20].astype(float)
    bound = 20 * 72 / 256
    assert middle[..., 0].mean() == pytest.approx(255 * (2 / bound + 1) / 2, abs=8)
    assert middle[..., 1].mean() == pytest.approx(127.5, abs=5)


def test_a_mirrored_motion_has_its_u_negated() -> None:
    shown = np.zeros((9, SIZE, SIZE, 3), np.uint8)
    shown[..., 0] = 200
    rng = np.random.default_rng(0)
    reds = {int(random_clip(shown, view="motion", rng=rng)[0, 0, 0, 0]) for _ in range(20)}
    assert reds == {200, 55}


def test_a_clip_goes_on_from_the_start_past_the_end_and_one_frame_stays() -> None:
    assert clip_indices(10, 4, view="clip", interval=2).tolist() == [4, 6, 8, 0, 2, 4, 6, 8]
    assert clip_indices(10, 4, view="frame", interval=2).tolist() == [4] * NUM_FRAMES


def test_even_clips_are_spread_over_the_video_and_cropped_at_the_centre() -> None:
    shown = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((1, SIZE, SIZE, 3), np.uint8)
    clips = even_clips(shown, view="clip", count=2, interval=2)
    assert clips.shape == (2, NUM_FRAMES, CROP, CROP, 3)
    # 25 starts fit; their quarters are 6 and 18.
    assert clips[:, 0, 0, 0, 0].tolist() == [6, 18]


def test_every_third_group_of_a_class_is_held_out_whole() -> None:
    names = [f"Kick/v_Kick_g{g:02d}_c{c:02d}.avi" for g in range(6) for c in range(2)]
    held_out = held_out_names([listed(name) for name in names])
    assert held_out == {name for name in names if "_g02_" in name or "_g05_" in name}


def test_a_test_list_is_the_held_out_part_where_there_is_one(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_frames(tmp_path / name, [scene()], first=0, quality=90)
    (tmp_path / "source.txt").write_text("a 0\nb 0\nc 0\n")
    training, held_out = split_domain(tmp_path, "source")
    assert [[i.listed.name for i in part] for part in (training, held_out)] == [["a", "b"], ["c"]]
    (tmp_path / "source_test.txt").write_text("a 0\n")
    training, held_out = split_domain(tmp_path, "source")
    assert [[i.listed.name for i in part] for part in (training, held_out)] == [["a", "b", "c"], ["a"]]
