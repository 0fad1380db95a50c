from pathlib import Path

import pytest
from videoda_bench.task_page import task_page
from videoda_bench.tasks import list_tasks, load_task

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", list_tasks())
def test_the_committed_page_is_what_the_data_file_says(name: str):
    # Written by: videoda-bench describe TASK > benchmarks/docs/TASK.md
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == task_page(load_task(name))


def test_the_steps_of_e2h_are_the_published_ones():
    # 188 steps an epoch, 60 epochs.
    assert f"| + pace (full CFB) | 60 | {188 * 60} |" in task_page(load_task("e2h"))
