"""The tasks: classes, counts, datasets, protocol, published numbers and rows, each in one data file."""

from videoda_bench.tasks._load import list_tasks, load_task
from videoda_bench.tasks._task import METRICS, RUN_PREFIX, Domain, Published, Row, Task, TaskClass

__all__ = ["METRICS", "RUN_PREFIX", "Domain", "Published", "Row", "Task", "TaskClass", "list_tasks", "load_task"]
