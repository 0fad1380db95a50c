"""Kill `depthmotion generate` with SIGKILL at random moments: `python benchmarks/speed/depthmotion_crash.py`."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import depthmotion
import numpy as np
from measurements import row, write_section

FRAMES, HEIGHT, WIDTH = 16, 96, 128


def make_photos(folder: Path, count: int) -> Path:
    """Write photos of soft noise and their list; return the list."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(count):
        file = folder / "photos" / f"class {number % 3}" / f"photo #{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8), (WIDTH, HEIGHT)))
        lines.append(f"{file} {number % 3}")
    (folder / "list.txt").write_text("\n".join(lines))
    return folder / "list.txt"


def command(list_file: Path, out: Path, *, workers: int) -> list[str]:
    """Return the command line that makes the clips."""
    options = ["--num-frames", str(FRAMES), "--size", str(HEIGHT), str(WIDTH), "--workers", str(workers)]
    start = [sys.executable, "-c", "from depthmotion.cli import main; main()", "generate"]
    return [*start, "--list", str(list_file), "--out", str(out), "--flow-dir", str(out.parent / "flow"), *options]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file but the manifests."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("manifest"))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def run_until_killed(arguments: list[str], out: Path, *, wanted: int, wait: float) -> bool:
    """Start a call, kill it `wait` seconds after it has made `wanted` clips more; return whether it was still at it."""
    manifest = out / "manifest.jsonl"

    def lines() -> int:
        return manifest.read_bytes().count(b"\n") if manifest.exists() else 0

    before = lines()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and lines() < before + wanted:
        time.sleep(0.001)
    time.sleep(wait)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def main() -> None:
    """Kill, check that nothing half-made is visible, finish, compare every byte with a call that was left alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--photos", type=int, default=240)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        list_file = make_photos(folder, arguments.photos)
        subprocess.run(command(list_file, folder / "calm" / "out", workers=1), check=True, capture_output=True)
        calm = contents(folder / "calm")
        hit, broken = folder / "hit" / "out", 0
        call = command(list_file, hit, workers=arguments.workers)
        kills = 0
        for _ in range(arguments.kills):
            wanted = int(rng.integers(0, max(2, arguments.photos // arguments.kills)))
            kills += run_until_killed(call, hit, wanted=wanted, wait=float(rng.uniform(0, 0.05)))
            visible = {key: data for key, data in contents(folder / "hit").items() if "/.partial/" not in f"/{key}"}
            broken += sum(calm.get(key) != data for key, data in visible.items())
        time.sleep(1)  # a killed call's workers end by themselves
        config = depthmotion.GenerateConfig(
            num_frames=FRAMES, size=(HEIGHT, WIDTH), flow_dir=hit.parent / "flow", workers=1
        )
        summary = depthmotion.generate(list_file, hit, config, progress=False)
        same = contents(folder / "hit") == calm
    rows = [
        row("calls killed while at work", f"{kills} of {arguments.kills}", target="20", met=kills >= 20),
        row("visible files that differ after a kill", str(broken), target="0", met=broken == 0),
        row("clips kept, and made by the last call", f"{summary.kept}, {summary.made}"),
        row("failures", str(len(summary.failures)), target="0", met=not summary.failures),
        row("every byte as in a call that was left alone", str(same), target="True", met=same),
    ]
    write_section("depthmotion-crash", "generate, killed with SIGKILL at random moments", rows)


if __name__ == "__main__":
    main()
