"""What is said of a bank that was just filled."""

import logging
from pathlib import Path
from typing import Any

import pytest
from tiny_engine import PointMethod, point_config, train_points
from videoda_train.engine.bank_health import bank_warning
from videoda_train.evaluation import Scores
from videoda_train.run_folder import RunFolder


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([13, 0, 0, 0], "13 of the 13 videos in the flow bank have pseudo-label 0 (line 1 of classes.txt)"),
        ([2, 6, 1, 1], "6 of the 10 videos in the flow bank have pseudo-label 1 (line 2 of classes.txt)"),
        ([5, 5, 0, 0], None),
        ([60, 60, 60, 60], None),
        ([6, 4], None),
        ([8, 2], "8 of the 10 videos"),
        ([0, 0, 0], "the flow bank is empty: none of 13 videos may be kept"),
    ],
)
def test_one_class_with_more_than_half_of_the_bank_is_named(counts: list[int], said: str | None) -> None:
    warning = bank_warning({"bank_counts": counts}, num_videos=13, classes="classes.txt")
    assert warning is None if said is None else str(warning).startswith(said)


def test_a_method_without_a_bank_is_not_warned_of() -> None:
    assert bank_warning({}, num_videos=13, classes="classes.txt") is None


class OneClassBank(PointMethod):
    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        return {"bank_counts": [0, 4, 0], "bank_videos": [[], [0, 1, 2, 3], []]}


def test_the_log_says_it_once_and_the_record_every_epoch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="videoda_train"):
        train_points(tmp_path, point_config(epochs=3), OneClassBank())
    assert [record.getMessage()[:43] for record in caplog.records] == ["epoch 1: 4 of the 4 videos in the flow bank"]
    records = RunFolder(tmp_path).read_metrics()
    assert all("raise --cfb.bank-from-epoch" in record["bank_warning"] for record in records)
    assert [record["bank_counts"] for record in records] == [[0, 4, 0]] * 3
