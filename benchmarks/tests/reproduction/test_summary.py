from dataclasses import replace
from pathlib import Path

import pytest
from videoda_bench.errors import SummaryError
from videoda_bench.reproduction.compare import compare_summaries
from videoda_bench.reproduction.reproduce import Request, plan
from videoda_bench.reproduction.summary import (
    RowRecord,
    RunRecord,
    Summary,
    describe_settings,
    read_summary,
    write_summary,
)
from videoda_bench.reproduction.table import (
    difference_from_published,
    published_table,
    summary_markdown,
    used_columns,
)
from videoda_bench.statistics import difference_estimate
from videoda_bench.tasks import Published, load_task

PUBLISHED = load_task("e2h").published


def row(name: str, *values: float, role: str | None = None, **settings: object) -> RowRecord:
    runs = tuple(
        RunRecord(
            seed, {"acc_softmax": value, "acc_rgb": value, "acc_flow": None}, 10.0, "a CPU", "fp32", {"torch": "2"}
        )
        for seed, value in enumerate(values)
    )
    return RowRecord(name, name.title(), role, {"optim.lr": 0.05, **settings}, runs)


def summary(*rows: RowRecord, scale: str = "full") -> Summary:
    return Summary("e2h", "E → H", scale, "transductive", "acc_softmax", "a command", "2 cores", 1690, rows)


OLD = summary(row("plain", 40.0, 41.0, 42.0, role="baseline"), row("cfb-full", 57.0, 58.0, 59.0, role="full"))


def test_a_summary_comes_back_from_its_file(tmp_path: Path):
    write_summary(OLD, tmp_path / "summary.json")
    assert read_summary(tmp_path / "summary.json") == OLD


def test_an_accuracy_that_repeats_another_in_every_row_has_no_column():
    assert used_columns(OLD.rows, metric="acc_softmax") == ["acc_softmax"]
    two_streams = row("bank", 60.0)
    run = replace(two_streams.runs[0], accuracies={"acc_softmax": 60.0, "acc_rgb": 50.0, "acc_flow": 55.0})
    rows = (*OLD.rows, replace(two_streams, runs=(run,)))
    assert used_columns(rows, metric="acc_softmax") == ["acc_softmax", "acc_rgb", "acc_flow"]


def test_settings_hold_no_path_of_this_machine(tmp_path: Path):
    for task in ("e2h", "k2b"):
        for run in plan(Request(load_task(task), tmp_path, "mini", seeds=(0,))):
            texts = [value for value in describe_settings(run.config).values() if isinstance(value, str)]
            assert not [text for text in texts if text.removeprefix("dir:").startswith("/")]


@pytest.mark.parametrize("text", ["{}", "[", '{"rows": [{"name": "a"}]}'])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(SummaryError, match=r"other.json is not a summary"):
        read_summary(tmp_path / "other.json")


def test_the_difference_from_published_runs_is_welchs():
    expected = difference_estimate([57.0, 58.0, 59.0], [77.16, 78.17, 76.92])
    assert difference_from_published(PUBLISHED[0], OLD.row("cfb-full")) == expected


def test_a_published_mean_alone_counts_as_exact():
    number = Published("x", "acc_softmax", 60.0, "y", row="cfb-full")
    difference = difference_from_published(number, OLD.row("cfb-full"))
    assert difference is not None
    assert difference.mean == pytest.approx(-2.0)
    assert difference.half_width == pytest.approx(4.303 / 3**0.5, abs=1e-3)


def test_a_miniature_is_never_subtracted_from_a_published_number():
    cells = published_table(replace(OLD, scale="mini"), PUBLISHED).splitlines()[2].split("|")
    assert [cell.strip() for cell in cells[4:6]] == ["–", "–"]


def test_the_page_says_the_gain_over_the_baseline_and_how_to_repeat_it():
    page = summary_markdown(OLD, PUBLISHED)
    line = next(line for line in page.splitlines() if line.startswith("| Cfb-Full"))
    assert "+17.0 ± 2.3" in line
    assert "a command" in page


def test_a_row_without_runs_says_so():
    page = summary_markdown(summary(OLD.rows[0], row("cfb-full")), ())
    assert "not run" in next(line for line in page.splitlines() if line.startswith("| Cfb-Full"))


def test_comparison_tells_clear_differences_from_noise():
    new = summary(row("plain", 39.0, 41.5, 42.0), row("cfb-full", 67.0, 68.0, 69.0))
    lines = compare_summaries(OLD, new).splitlines()
    assert lines[2].endswith("| no |")
    assert "+10.0" in lines[3]
    assert lines[3].endswith("| yes |")


def test_comparison_names_settings_versions_and_rows_that_differ():
    new = replace(summary(row("plain", 40.0, 41.0, 42.0, **{"optim.lr": 0.1}), row("tol", 1.0)), machine="8 cores")
    text = compare_summaries(OLD, new)
    assert "optim.lr: 0.05 → 0.1" in text
    assert "machine: 2 cores → 8 cores" in text
    assert "Only in A: Cfb-Full." in text
    assert "Only in B: Tol." in text


def test_summaries_of_different_scales_are_not_compared():
    with pytest.raises(SummaryError, match="scale is full in one summary, mini in the other"):
        compare_summaries(OLD, replace(OLD, scale="mini"))


def test_a_table_says_how_much_one_video_is():
    assert "13 videos (one is 7.7 points of accuracy)" in summary_markdown(replace(OLD, num_target_videos=13), [])
