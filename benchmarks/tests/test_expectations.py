from dataclasses import replace
from pathlib import Path

import pytest
from videoda_bench.errors import SummaryError
from videoda_bench.expectations import (
    Expectations,
    RowExpectation,
    check,
    describe,
    expectations_file,
    read_expectations,
    run_settings,
    write_expectations,
)
from videoda_bench.reproduction.plan import PlannedRun
from videoda_bench.reproduction.reproduce import Request, plan
from videoda_bench.statistics import prediction_band
from videoda_bench.tasks import load_task

PURITIES = [78.0, 64.0, 70.0]


@pytest.fixture
def run(tmp_path: Path) -> PlannedRun:
    """A planned run of full CFB whose results are there."""
    planned = plan(Request(load_task("e2h"), tmp_path, "mini", rows=("cfb-full",), seeds=(0,)))[0]
    planned.folder.mkdir()
    (planned.folder / "results.json").write_text("{}")
    return planned


def expected(**quantities: list[float]) -> Expectations:
    return Expectations("e2h", [0, 1, 2], {"cfb-full": RowExpectation({"optim.epochs": 12}, quantities)})


@pytest.mark.parametrize(("purity", "inside"), [(70.0, True), (12.5, False)])
def test_a_quantity_outside_its_prediction_band_is_found(
    run: PlannedRun, monkeypatch: pytest.MonkeyPatch, purity: float, inside: bool
):
    monkeypatch.setattr("videoda_bench.expectations.run_quantities", lambda folder: {"bank_purity": purity})
    (finding,) = check(expected(bank_purity=PURITIES), [run])
    assert finding.inside == inside
    assert finding.band == prediction_band(PURITIES, confidence=0.95)
    assert describe([finding]).startswith("ok" if inside else "OUTSIDE cfb-full-seed0: bank_purity 12.5")


def test_a_band_is_never_narrower_than_what_rounding_moves(run: PlannedRun, monkeypatch: pytest.MonkeyPatch):
    values = {"acc_rgb": 44.0, "loss/pace": 0.31}
    monkeypatch.setattr("videoda_bench.expectations.run_quantities", lambda folder: values)
    findings = check(expected(**{"acc_rgb": [40.0, 40.0, 40.0], "loss/pace": [0.32, 0.32, 0.32]}), [run])
    assert [finding.inside for finding in findings] == [True, False]


def test_runs_with_other_settings_are_not_held_against_the_bands(run: PlannedRun):
    shorter = replace(run, config=replace(run.config, optim=replace(run.config.optim, epochs=2, milestones=(1,))))
    with pytest.raises(SummaryError, match=r"optim\.epochs 12 → 2"):
        check(expected(bank_purity=PURITIES), [shorter])


def test_nothing_to_check_is_an_error(run: PlannedRun):
    with pytest.raises(SummaryError, match="no complete run of cfb-full"):
        check(expected(bank_purity=PURITIES), [replace(run, folder=run.folder / "none")])


def test_expectations_come_back_from_their_file(tmp_path: Path):
    write_expectations(expected(acc_rgb=[1.0, 2.0]), tmp_path / "e.json")
    assert read_expectations(tmp_path / "e.json") == expected(acc_rgb=[1.0, 2.0])


@pytest.mark.parametrize("task", ["e2h", "b2u", "s2u", "k2b"])
def test_the_committed_expectations_are_of_the_recipes_that_are_run_today(task: str):
    expectations = read_expectations(expectations_file(task))
    runs = plan(Request(load_task(task), Path("out"), "mini", rows=tuple(expectations.rows), seeds=(0,)))
    for planned in runs:
        now = run_settings(planned)
        before = expectations.rows[planned.row].settings
        assert {name: now[name] for name in before if name in now} == before


def test_a_row_that_starts_from_a_stage_has_the_same_settings_with_every_seed():
    request = Request(load_task("k2b"), Path("out"), "mini", rows=("tol", "glad-full"), seeds=(0, 1))
    first, second = (run_settings(planned) for planned in plan(request) if planned.row == "glad-full")
    assert first == second
    assert first["model.backbone_weights"] == "run:tol"
