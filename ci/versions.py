"""Import every package and every command, and print the versions they run on: `python ci/versions.py`."""

import importlib
from importlib.metadata import version

MODULES = (
    "depthmotion",
    "depthmotion.cli.commands",
    "flowbank",
    "flowbank.cli",
    "videoda_models",
    "videoda_train",
    "videoda_train.cli.commands",
    "videoda_bench",
    "videoda_bench.cli.commands",
)
SHOWN = ("torch", "torchvision", "numpy", "opencv-python", "av", "decord", "numba", "tyro", "jaxtyping", "pillow")


def main() -> None:
    """Import, then print one line."""
    for name in MODULES:
        importlib.import_module(name)
    print(", ".join(f"{name} {version(name)}" for name in SHOWN))


if __name__ == "__main__":
    main()
