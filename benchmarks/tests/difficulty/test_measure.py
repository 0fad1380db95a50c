from pathlib import Path

import numpy as np
import pytest
from videoda_bench.difficulty import markdown_table, measure_world
from videoda_bench.difficulty.classifier import Schedule, predict, train_classifier
from videoda_bench.difficulty.items import SIZE
from videoda_bench.difficulty.measure import Finding
from videoda_bench.miniature.recording import write_frames, write_photo
from videoda_bench.miniatures import RGB_WEIGHTS


def coloured(label: int, rng: np.random.Generator, frames: int) -> np.ndarray:
    video = rng.integers(0, 120, (frames, SIZE, SIZE, 3), dtype=np.uint8)
    video[..., 2 * label] += 130
    return video


def test_the_classifier_learns_what_the_view_tells() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 2
    shown = [coloured(label, rng, 4) for label in labels]
    schedule = Schedule(steps=30, batch_size=6, lr=0.003, warmup_steps=2, test_clips=1)
    model = train_classifier(shown, labels, view="frame", num_classes=2, weights=RGB_WEIGHTS, schedule=schedule)
    others = [coloured(label, rng, 4) for label in labels]
    assert (predict(model, others, view="frame", schedule=schedule) == labels).mean() > 0.8


@pytest.mark.parametrize("stills", [True, False])
def test_a_world_of_videos_has_trials_with_and_without_background_one_of_stills_none(
    stills: bool, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    rows: dict[str, list[str]] = {"source": [], "target": []}
    for index in range(6):
        label = index % 2
        if stills:
            write_photo(tmp_path / f"s{index}.jpg", coloured(label, rng, 1)[0], quality=90)
            rows["source"].append(f"s{index}.jpg {label}")
        else:
            write_frames(tmp_path / f"s{index}", coloured(label, rng, 5), first=0, quality=90)
            rows["source"].append(f"s{index} {label}")
        write_frames(tmp_path / f"t{index}", coloured(label, rng, 9), first=1, quality=90)
        rows["target"].append(f"t{index} 2 6 {label}")
    for domain, lines in rows.items():
        (tmp_path / f"{domain}.txt").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "classes.txt").write_text("blue\nred\n")
    schedule = Schedule(steps=1, batch_size=2, test_clips=1)
    findings = measure_world(tmp_path, weights=RGB_WEIGHTS, schedule=schedule)
    trials = [(f.trained_on, f.tested_on, f.view) for f in findings]
    of_stills = [("source", "source", "one frame"), ("source", "target", "one frame")]
    within = [("target", "target", view) for view in ("one frame", "motion alone", "clip")]
    of_videos = [
        ("source", "source", "background alone"),
        *(("source", tested, "clip") for tested in ("source", "target")),
        *(("source", tested, "clip without background") for tested in ("source", "target")),
        ("source", "target", "clip without background, at half speed"),
    ]
    assert trials == (of_stills + within if stills else of_stills + of_videos + within)
    assert all(f.num_test == 2 for f in findings)


def test_the_table_ends_with_chance() -> None:
    table = markdown_table([Finding("source", "target", "clip", 25.0, 5.0, 60)], num_classes=12)
    assert table.splitlines()[2:] == [
        "| source | target | clip | 25.0 ± 5.0 | 60 |",
        "| – | – | nothing (chance) | 8.3 | – |",
    ]
