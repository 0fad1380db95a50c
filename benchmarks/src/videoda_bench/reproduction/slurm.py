"""The runs of a plan as a Slurm array job."""

import shlex
from pathlib import Path


def array_script(plan_file: Path, *, num_runs: int, job_name: str) -> str:
    """Return a job script: one array task per run, one GPU each; a task that is requeued continues its run."""
    plan = plan_file.absolute()
    return f"""#!/bin/bash
#SBATCH --job-name={job_name}
#SBATCH --array=0-{num_runs - 1}
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --output={plan.parent / "logs" / "slurm-%a.log"}

exec videoda-bench run {shlex.quote(str(plan))} "$SLURM_ARRAY_TASK_ID"
"""
