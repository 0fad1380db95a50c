"""What the networks are shown, as small moving pictures: photo, depth, generated clip, its flow, flow of the bank."""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import depthmotion
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from videoda_train.data.image_file import read_image
from videoda_train.data.list_file import ListItem, read_classes, read_labelled, read_list
from videoda_train.data.prepared import PreparedPaths, source_clip_name
from videoda_train.data.source_clips import generated_flow_bound
from videoda_train.data.video_reader import FrameFolderReader
from videoda_train.engine.run_data import prepared_paths

from videoda_bench.report.runs import FinishedRun

_SIDE = 144
_MILLISECONDS = 120


@dataclass(frozen=True)
class Panel:
    """One picture: `data:` URIs of it and of its first frame alone, a caption, and whether it moves."""

    picture: str
    still: str
    caption: str
    right: bool | None = None


def example_clips(run: FinishedRun, *, count: int) -> list[tuple[str, list[Panel]]]:
    """Return, for up to `count` classes, the panels of their first photo and of the bank's best video of that class.

    A run without generated clips gives none; without a bank, or for a class whose bank is empty, the last panel is
    left out.
    """
    config = run.config
    paths = prepared_paths(config, run.folder)
    if config.motion.source == "static" or not paths.source_frames.is_dir():
        return []
    classes = read_classes(config.data.class_map)
    items = read_labelled(config.data.source_list, root=config.data.root, classes=classes)
    first = {item.known_label: item for item in reversed(items)}
    step = max(1, len(first) // count)
    return [
        (classes[label], [*_source_panels(run, first[label], paths), *_bank_panel(run, label, paths)])
        for label in sorted(first)[::step][:count]
    ]


def _source_panels(run: FinishedRun, item: ListItem, paths: PreparedPaths) -> list[Panel]:
    name = source_clip_name(item)
    reader = FrameFolderReader(paths.source_frames / name)
    frames = reader.frames(range(len(reader)))
    bound = generated_flow_bound(run.config)
    flow = depthmotion.flowio.decode_uint8(np.load(paths.source_flow / f"{name}.npy"), bound=bound)
    photo = read_image(item.path)
    panels = [still_panel(photo, "the photo")]
    try:
        depth = depthmotion.load_depth(run.config.motion.depth)(photo, file=item.path)
        panels.append(still_panel(depthmotion.depth_to_color(depth), "its depth: near is bright"))
    except depthmotion.DepthMotionError:  # a depth network that is not on the machine that writes the page
        pass
    return [*panels, moving_panel(frames, "the generated clip"), moving_panel(_coloured(flow), "its exact flow")]


def _bank_panel(run: FinishedRun, label: int, paths: PreparedPaths) -> list[Panel]:
    banked = next((record["bank_videos"] for record in reversed(run.epochs) if "bank_videos" in record), None)
    if not banked or not banked[label]:
        return []
    item = read_list(run.config.data.target_list, root=run.config.data.root)[banked[label][0]]
    file = paths.flow_file(item)
    if not file.exists():  # the videos have been moved or changed since the run
        return []
    codes = np.load(file)
    flow = depthmotion.flowio.decode_uint8(codes, bound=run.config.clip.flow_bound)
    classes = read_classes(run.config.data.class_map)
    if item.label is None:
        return [moving_panel(_coloured(flow), "flow from the bank")]
    right = item.label == label
    caption = "flow from the bank: a video of " + (classes[item.label] if right else f"{classes[item.label]}, wrongly")
    return [moving_panel(_coloured(flow), caption, right=right)]


def still_panel(image: UInt8[np.ndarray, "H W 3"], caption: str) -> Panel:
    """Return a picture that does not move."""
    uri = _webp([_square(image)])
    return Panel(uri, uri, caption)


def moving_panel(frames: Iterable[np.ndarray], caption: str, *, right: bool | None = None) -> Panel:
    """Return frames `(H, W, 3)` as an animated picture."""
    small = [_square(frame) for frame in frames]
    return Panel(_webp(small), _webp(small[:1]), caption, right)


def _coloured(flow: Float[np.ndarray, "T H W 2"]) -> list[UInt8[np.ndarray, "H W 3"]]:
    """Return flow in colours, one scale for the clip: the 99th percentile of its speeds, at least half a pixel."""
    most = max(float(np.quantile(np.linalg.norm(flow, axis=-1), 0.99)), 0.5)
    return [depthmotion.flow_to_color(field, max_magnitude=most) for field in flow]


def _square(image: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "S S 3"]:
    return cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _webp(frames: Sequence[np.ndarray]) -> str:
    first, *others = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    moving = {"save_all": True, "append_images": others, "duration": _MILLISECONDS, "loop": 0} if others else {}
    first.save(buffer, "WEBP", quality=70, method=4, **moving)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
