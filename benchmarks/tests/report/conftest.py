"""Finished runs of two rows and two seeds, as their files are, made in a moment."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from depthmotion import flowio
from videoda_bench.report.runs import FinishedRow, read_run
from videoda_bench.reproduction.feature_map import FILE_NAME
from videoda_bench.reproduction.summary import Summary, collect_row
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths
from videoda_train.recipes.config import DataConfig, TrainConfig, to_dict, with_data
from videoda_train.recipes.e2h import E2H_MINI

CLASSES = ("clap", "<kick>")
EPOCHS = 3
BANKED = {1: [[0, 1], [3]], 2: [[0, 2], [3, 1]]}
"""Target indices in the bank after an epoch, class by class; videos 0 and 1 are of class 0, 2 and 3 of class 1."""


def record(epoch: int, *, banks: bool) -> dict[str, Any]:
    accuracies = dict.fromkeys(("acc_softmax", "acc_logits", "mean_class_accuracy"), 0.4 + 0.1 * epoch)
    bank = {"bank_counts": [2, 2], "bank_videos": BANKED[epoch]} if banks and epoch in BANKED else {}
    losses = {"rgb_clip": 1.0 / (epoch + 1), "flow_clip": 0.5}
    return {"epoch": epoch, "losses": losses, "train_seconds": 2.0, "evaluate_seconds": 1.0, **accuracies, **bank}


def write_data(root: Path) -> DataConfig:
    rng = np.random.default_rng(0)
    lists: dict[str, list[str]] = {"source": [], "target": []}
    for label in range(2):
        for index in range(2):
            photo, frames = f"photos/c{label}/p{index}.jpg", root / "prepared/frame_16" / f"c{label}/p{index}.jpg"
            frames.mkdir(parents=True)
            (root / photo).parent.mkdir(parents=True, exist_ok=True)
            for path in (root / photo, *(frames / f"{t:05d}.jpg" for t in range(3))):
                cv2.imwrite(str(path), rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
            video = ListItem(root / f"videos/c{label}/v{index}.avi", label, f"videos/c{label}/v{index}.avi")
            flow = flowio.encode_uint8(rng.normal(size=(2, 24, 32, 2)).astype(np.float32), bound=5.0)
            paths = PreparedPaths(root / "prepared")
            for file in (paths.source_flow / f"c{label}/p{index}.jpg.npy", paths.flow_file(video)):
                file.parent.mkdir(parents=True, exist_ok=True)
                np.save(file, flow)
            lists["source"].append(f"{photo} {label}")
            lists["target"].append(f"{video.name} {label}")
    for name, lines in lists.items():
        (root / f"{name}.txt").write_text("\n".join(lines) + "\n")
    (root / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return DataConfig(root / "source.txt", root / "target.txt", root / "classes.txt")


def write_run(folder: Path, config: TrainConfig, *, banks: bool) -> None:
    folder.mkdir()
    records = [record(epoch, banks=banks) for epoch in range(EPOCHS)]
    last = {key: records[-1][key] for key in ("acc_softmax", "acc_logits", "mean_class_accuracy")}
    results = {
        "seed": config.seed, "classes": list(CLASSES), "num_target_videos": 4, "wall_seconds": 9.0,
        "prepare_seconds": 1.0, "device": "a CPU", "precision": "float32", "versions": {"torch": "2"},
        "per_class_accuracy": [0.5, 1.0], "confusion_matrix": [[1, 1], [0, 2]], "acc_rgb": 0.5, **last,
        "other_selections": {"snd": {**last, "acc_softmax": 0.5 + 0.1 * config.seed}, "oracle": {**last}},
    }  # fmt: skip
    points = {"source": [[0, 1]], "source_labels": [0], "target": [[1, 0], [2, 2]], "target_labels": [0, 1]}
    (folder / "config.yaml").write_text(yaml.safe_dump(to_dict(config)))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    (folder / "results.json").write_text(json.dumps(results))
    (folder / FILE_NAME).write_text(json.dumps({**points, "explained": [0.6, 0.3]}))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, Sequence[FinishedRow]]:
    """The summary and the rows: a baseline without a bank, and the full method with one."""
    root = tmp_path_factory.mktemp("finished")
    data = write_data(root)
    loading = replace(E2H_MINI.loading, prepared_dir=root / "prepared")
    records, rows = [], []
    for name, role in (("plain", "baseline"), ("full & all", "full")):
        folders = [root / f"{name}-seed{seed}" for seed in (0, 1)]
        for seed, folder in enumerate(folders):
            options = replace(E2H_MINI, seed=seed, loading=loading, motion=replace(E2H_MINI.motion, depth="ground"))
            write_run(folder, with_data(options, data, task="e2h", scale="mini"), banks=role == "full")
        records.append(collect_row(name, name, folders, role=role))
        rows.append(FinishedRow(name, name, role, [read_run(folder) for folder in folders]))
    summary = Summary("e2h", "A <title>", "mini", "transductive", "acc_softmax", "cmd", "2 cores", 4, tuple(records))
    return summary, rows
