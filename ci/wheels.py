"""Builds every package's wheel and tries them in environments that hold nothing but what they declare.

`python ci/wheels.py` needs `uv` on the path. It makes a clip of a photo with depthmotion's wheel alone, a bank with
flowbank's, and asks the two commands for their help with all five wheels installed.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEMBERS = [*sorted((ROOT / "packages").iterdir()), ROOT / "benchmarks"]
PHOTO = "import cv2, numpy; cv2.imwrite('photo.jpg', numpy.random.default_rng(0).integers(0, 255, (90, 120, 3), 'u1'))"
BANK = """
import flowbank, torch
bank = flowbank.FlowBank.create("bank", num_classes=2, capacity=3, clip_shape=(2, 4, 8, 8), codec="flow-uint8")
bank.insert(torch.tensor([1]), torch.tensor([0.5]), torch.zeros(1, 2, 4, 8, 8))
bank.commit()
bank.close()
"""


def run(*command: str | Path, folder: Path) -> None:
    """Run a command away from the sources; end this script with its exit code if it fails."""
    shown = " ".join(map(str, command)).split("\n")[0]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(f"failed: {shown}\n{done.stdout}{done.stderr}")
        sys.exit(done.returncode)
    print(f"ok: {shown[:110]}", flush=True)


def environment(folder: Path, name: str, *wheels: Path) -> Path:
    """Make a virtual environment with the given wheels and return its folder of commands."""
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / name, folder=folder)
    commands = folder / name / "bin"
    run("uv", "pip", "install", "--quiet", "--python", commands / "python", *wheels, folder=folder)
    return commands


def main() -> None:
    """Build and try."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for member in MEMBERS:
            run("uv", "build", "--quiet", "--wheel", "--out-dir", folder / "wheels", member, folder=folder)
        wheels = {wheel.name.split("-")[0]: wheel for wheel in sorted((folder / "wheels").glob("*.whl"))}

        commands = environment(folder, "depthmotion", wheels["depthmotion"])
        run(commands / "python", "-c", PHOTO, folder=folder)
        run(commands / "depthmotion", "render", "photo.jpg", "-o", "clip.mp4", "--depth", "ground", folder=folder)
        assert (folder / "clip.mp4").stat().st_size > 0

        commands = environment(folder, "flowbank", wheels["flowbank"])
        run(commands / "python", "-c", BANK, folder=folder)
        run(commands / "flowbank", "verify", "bank", folder=folder)

        commands = environment(folder, "all", *wheels.values())
        run(commands / "videoda", "train", "custom", "--help", folder=folder)
        run(commands / "videoda-bench", "--help", folder=folder)


if __name__ == "__main__":
    main()
