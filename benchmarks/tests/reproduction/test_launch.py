import json
import sys
from pathlib import Path

import pytest
from videoda_bench.errors import PlanError
from videoda_bench.reproduction import launch as launching
from videoda_bench.reproduction.devices import Slot, _gpu_memory_mib, find_slots
from videoda_bench.reproduction.launch import launch
from videoda_bench.reproduction.plan import PlannedRun, plan_runs, write_plan
from videoda_bench.tasks import load_task
from videoda_train.recipes.config import DataConfig
from videoda_train.recipes.e2h import E2H_MINI

SLOTS = [Slot("a", {"SLOT": "a"}), Slot("b", {"SLOT": "b"})]
STUB = """#!{python}
import json, os, sys
run = json.load(open(sys.argv[4]))[int(sys.argv[5])]
os.makedirs(run["folder"], exist_ok=True)
print("slot", os.environ["SLOT"])
if run["row"] == "cfb-bank":
    sys.exit("no flow today")
open(run["folder"] + "/results.json", "w").write(json.dumps(run["row"]))
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[PlannedRun]:
    """Five planned runs; in place of the interpreter a script that does a run's bookkeeping and fails for one row."""
    stub = tmp_path / "stub"
    stub.write_text(STUB.format(python=sys.executable))
    stub.chmod(0o755)
    monkeypatch.setattr(launching.sys, "executable", str(stub))
    monkeypatch.setattr(launching, "_POLL_SECONDS", 0.02)
    data = DataConfig(tmp_path / "s.txt", tmp_path / "t.txt", tmp_path / "c.txt")
    task = load_task("e2h")
    planned = plan_runs(task, task.rows, lambda method: E2H_MINI, data, seeds=(0,), out_dir=tmp_path, scale="mini")
    write_plan(planned, tmp_path / "plan.json", resume=False)
    return planned


def test_a_failed_run_is_reported_and_the_others_are_finished(runs: list[PlannedRun], tmp_path: Path):
    failed = launch(runs, tmp_path / "plan.json", SLOTS)
    assert [(each.run.row, each.exit_code, each.last_line) for each in failed] == [("cfb-bank", 1, "no flow today")]
    assert {run.row for run in runs if (run.folder / "results.json").exists()} == {run.row for run in runs} - {
        "cfb-bank"
    }


def test_complete_runs_are_not_started_again(runs: list[PlannedRun], tmp_path: Path):
    launch(runs, tmp_path / "plan.json", SLOTS)
    kept = runs[0].folder / "results.json"
    kept.write_text(json.dumps("kept"))
    launch(runs, tmp_path / "plan.json", SLOTS)
    assert json.loads(kept.read_text()) == "kept"


def test_every_slot_is_used(runs: list[PlannedRun], tmp_path: Path):
    launch(runs, tmp_path / "plan.json", SLOTS)
    said = {(tmp_path / "logs" / f"{run.name}.log").read_text().splitlines()[0] for run in runs}
    assert said == {"slot a", "slot b"}


def test_a_gpu_with_little_memory_in_use_is_free(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert _gpu_memory_mib("0, 4\n1, 30212\n") == {"0": 4, "1": 30212}


def test_gpus_that_this_process_may_not_use_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert _gpu_memory_mib("0, 4\n1, 30212\n") == {"1": 30212}


def test_on_the_processor_jobs_share_the_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    slots = find_slots(jobs=64, device="cpu")
    assert len(slots) == 64
    assert all(int(slot.environment["OMP_NUM_THREADS"]) >= 1 for slot in slots)
    monkeypatch.setattr("videoda_train.processors.usable_cpus", lambda: 7)
    assert [slot.environment["OMP_NUM_THREADS"] for slot in find_slots(jobs=3, device="cpu")] == ["2"] * 3
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert [slot.environment["OMP_NUM_THREADS"] for slot in find_slots(jobs=2, device="cpu")] == ["3"] * 2
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert [slot.environment["OMP_NUM_THREADS"] for slot in find_slots(jobs=2, device="cpu")] == ["1"] * 2


def test_no_jobs_is_refused():
    with pytest.raises(PlanError, match="jobs=0; give at least 1"):
        find_slots(jobs=0, device="cpu")
