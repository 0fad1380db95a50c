"""Photos and videos of a few kilobytes that every command can work on, and the user's own files beside them."""

import zipfile
from pathlib import Path

import av
import cv2
import numpy as np

CLASSES = ("clap", "climb", "drink", "hug", "jump", "kick", "kiss", "pour", "push", "run", "smoke", "talk", "wave")
FRAMES, HEIGHT, WIDTH = 16, 48, 64
DECOYS = {
    "notes.tmp": b"mine, not a temporary file",
    "clip.partial": b"mine too",
    ".list.txt.1.tmp": b"looks like a temporary file of a dead process, and is not",
    "precious.txt": b"three years of work",
}


def make_world(folder: Path, *, classes: int = 3, photos: int = 3, videos: int = 2) -> None:
    """Write photos and videos of soft noise, one direction of motion per class, with their lists and class map."""
    source, target = [], []
    for label, name in enumerate(CLASSES[:classes]):
        for number in range(photos):
            file = folder / "eads" / name / f"photo &{number}.jpg"
            write_photo(file, seed=100 * label + number)
            source.append(f"{file.relative_to(folder)} {label}")
        for number in range(videos):
            file = folder / "hmdb51" / name / f"#video {number} (a).avi"
            write_video(file, seed=100 * label + number, step=label - 1)
            target.append(f"{file.relative_to(folder)} {label}")
    (folder / "photos.txt").write_text("\n".join(source) + "\n")
    (folder / "videos.txt").write_text("\n".join(target) + "\n")
    (folder / "classes.txt").write_text("\n".join(CLASSES[:classes]) + "\n")


def write_photo(file: Path, *, seed: int) -> None:
    """Write soft noise as a JPEG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    cv2.imwrite(str(file), cv2.resize(noise, (WIDTH, HEIGHT)))


def write_video(file: Path, *, seed: int, step: int, frames: int = FRAMES) -> None:
    """Write soft noise that moves by `step` pixels a frame."""
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    image = cv2.resize(noise, (WIDTH, HEIGHT))
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 1_000_000
        for number in range(frames):
            rolled = np.ascontiguousarray(np.roll(image, number * step, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rolled, format="rgb24")))
        container.mux(stream.encode())


def pack_videos(folder: Path) -> None:
    """Replace the class folders of the videos by a ZIP each, as a dataset's owner ships them."""
    for own in sorted((folder / "hmdb51").iterdir()):
        with zipfile.ZipFile(own.with_suffix(".zip"), "w") as archive:
            for file in sorted(own.iterdir()):
                archive.write(file, f"{own.name}/{file.name}")
                file.unlink()
        own.rmdir()


def put_decoys(folder: Path) -> None:
    """Write the user's own files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in DECOYS.items():
        (folder / name).write_bytes(content)


def missing_decoys(folder: Path) -> list[str]:
    """Return which of the user's own files are gone or changed."""
    return [
        str(folder / name)
        for name, content in DECOYS.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]
