import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "videoda_train.report",
        "videoda_train.engine",
        "videoda_train.methods",
        "videoda_train.data",
        "videoda_train.recipes",
    ],
)
def test_every_subpackage_can_be_imported_first(module: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
