import shlex
from pathlib import Path

import pytest
import tyro
from videoda_bench.cli.reproduce import Reproduce
from videoda_bench.errors import PlanError
from videoda_bench.miniatures import MINIATURES
from videoda_bench.reproduction.plan import PlannedRun, plan_runs, read_plan, select_rows, write_plan
from videoda_bench.reproduction.reproduce import Request, plan
from videoda_bench.reproduction.slurm import array_script
from videoda_bench.settings import parse_settings
from videoda_bench.tasks import load_task
from videoda_train.recipes.config import DataConfig
from videoda_train.recipes.e2h import E2H_MINI

TASK = load_task("e2h")


def runs_in(folder: Path, *, seeds: tuple[int, ...] = (0, 1)) -> list[PlannedRun]:
    data = DataConfig(folder / "source.txt", folder / "target.txt", folder / "classes.txt")
    return plan_runs(TASK, TASK.rows, lambda method: E2H_MINI, data, seeds=seeds, out_dir=folder, scale="mini")


def test_there_is_one_run_per_row_and_seed_in_a_folder_of_its_own(tmp_path: Path):
    runs = runs_in(tmp_path)
    assert len({run.folder for run in runs}) == len(runs) == 2 * len(TASK.rows)
    assert {(run.row, run.seed, run.config.seed) for run in runs} == {
        (row.name, seed, seed) for row in TASK.rows for seed in (0, 1)
    }


def test_a_row_sets_its_switches_and_nothing_else(tmp_path: Path):
    configs = {run.row: run.config for run in runs_in(tmp_path, seeds=(0,))}
    assert configs["cfb-bank"].cfb.bank
    assert not configs["cfb-bank"].cfb.pace
    assert configs["source-only-static"].motion.source == "static"
    assert configs["cfb-full"].optim == E2H_MINI.optim


def test_runs_of_one_seed_share_prepared_files_and_seeds_do_not(tmp_path: Path):
    folders = {(run.seed, run.config.loading.prepared_dir) for run in runs_in(tmp_path)}
    assert len(folders) == 2


def test_a_plan_comes_back_from_its_file(tmp_path: Path):
    runs = runs_in(tmp_path)
    write_plan(runs, tmp_path / "plan.json", resume=False)
    assert read_plan(tmp_path / "plan.json") == runs


def test_a_plan_is_not_written_over_without_resume(tmp_path: Path):
    runs = runs_in(tmp_path)
    write_plan(runs, tmp_path / "plan.json", resume=False)
    with pytest.raises(PlanError, match="add --resume"):
        write_plan(runs, tmp_path / "plan.json", resume=False)
    write_plan(runs, tmp_path / "plan.json", resume=True)


def test_rows_are_chosen_by_name_in_the_order_of_the_table():
    assert [row.name for row in select_rows(TASK, ("cfb-full", "source-only-static"))] == [
        "source-only-static",
        "cfb-full",
    ]


def test_an_unknown_row_names_the_known_ones():
    with pytest.raises(PlanError, match="no row magic; there are source-only-static"):
        select_rows(TASK, ("magic",))


@pytest.mark.parametrize("seeds", [(), (0, 0), (-1,)])
def test_seeds_must_be_different_and_not_negative(tmp_path: Path, seeds: tuple[int, ...]):
    with pytest.raises(PlanError, match="give different integers"):
        runs_in(tmp_path, seeds=seeds)


def test_full_scale_without_lists_says_where_the_datasets_come_from(tmp_path: Path):
    with pytest.raises(PlanError) as refusal:
        plan(Request(TASK, tmp_path / "out", "full", lists_dir=tmp_path / "lists"))
    for part in ("videoda data prepare e2h", "hmdb51.html", "--scale mini"):
        assert part in str(refusal.value)


def test_full_scale_without_weights_says_where_they_come_from(tmp_path: Path):
    for name in ("source.txt", "target.txt"):
        (tmp_path / name).write_text("a 0\n")
    changes = {"model.rgb_weights": str(tmp_path / "none.pt")}
    with pytest.raises(PlanError, match=r"no weights of i3d-inception-rgb at .*none.pt: rgb_imagenet.pt of https"):
        plan(Request(TASK, tmp_path / "out", "full", lists_dir=tmp_path, changes=changes))


def test_weights_of_another_network_are_not_said_to_be_kinetics_ones(tmp_path: Path):
    for name in ("source.txt", "target.txt"):
        (tmp_path / name).write_text("a 0\n")
    changes = {"model.rgb": "inflated-mobilenet-v2-tf", "model.rgb_weights": str(tmp_path / "none.npz")}
    with pytest.raises(PlanError, match=r"no weights of inflated-mobilenet-v2-tf at .*none.npz\. Give"):
        plan(Request(TASK, tmp_path / "out", "full", lists_dir=tmp_path, changes=changes))


def test_the_command_that_is_written_down_asks_for_the_same_again():
    changes = {"optim.milestones": [1, 2], "motion.depth": "ground", "model.rgb_weights": None}
    request = Request(TASK, Path("out"), "mini", rows=("cfb-full",), seeds=(3, 4), changes=changes)
    command = tyro.cli(Reproduce, args=shlex.split(request.command)[2:])
    assert (command.task, command.methods, command.seeds, command.scale) == ("e2h", ("cfb-full",), (3, 4), "mini")
    assert parse_settings(command.set) == changes


def test_the_slurm_script_runs_every_entry_of_the_plan(tmp_path: Path):
    script = array_script(tmp_path / "my plan.json", num_runs=15, job_name="videoda-e2h")
    assert "#SBATCH --array=0-14\n" in script
    assert f"exec videoda-bench run '{tmp_path / 'my plan.json'}' \"$SLURM_ARRAY_TASK_ID\"" in script


def test_a_row_that_starts_from_a_stage_is_planned_with_the_stage_of_its_seed(tmp_path: Path):
    task = load_task("k2b")
    rows = select_rows(task, ("glad-full",))
    assert [row.name for row in rows] == ["tol", "glad-full"]
    data = DataConfig(tmp_path / "source.txt", tmp_path / "target.txt", tmp_path / "classes.txt")
    recipe = MINIATURES["k2b"]["mini"].recipe
    runs = plan_runs(task, rows, recipe, data, seeds=(0, 1), out_dir=tmp_path, scale="mini")
    full = [run for run in runs if run.row == "glad-full"]
    assert [run.needs for run in full] == [("tol-seed0",), ("tol-seed1",)]
    assert full[1].config.model.backbone_weights == str(tmp_path / "tol-seed1")


def test_a_held_out_task_is_evaluated_on_its_test_list(tmp_path: Path):
    runs = plan(Request(load_task("k2b"), tmp_path, "mini", seeds=(0,)))
    assert {run.config.data.evaluation_list for run in runs} == {tmp_path / "world" / "target_test.txt"}
