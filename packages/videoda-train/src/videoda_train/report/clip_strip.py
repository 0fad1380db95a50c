"""Strips of frames with their flow in colour: what the networks were shown."""

from collections.abc import Sequence
from itertools import islice

import cv2
import depthmotion.flowio
import numpy as np
from jaxtyping import Float, UInt8

from videoda_train.data.clip_sampling import uniform_indices
from videoda_train.data.image_file import read_image
from videoda_train.data.item_reader import open_item, stream_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths, source_clip_name
from videoda_train.data.video_reader import FrameFolderReader, open_video
from videoda_train.errors import VideodaError

_HEIGHT = 96
_COLUMNS = 5
_THUMBNAIL_HEIGHT = 60
_THUMBNAIL_FRAME = 12  # the first frames of many videos are black


def source_strip(item: ListItem, paths: PreparedPaths, *, flow_bound: float) -> UInt8[np.ndarray, "H W 3"] | None:
    """Return a photo's strip: its generated frames above their exact flow; `None` where no clip was generated."""
    folder = paths.source_frames / source_clip_name(item)
    flow_file = paths.source_flow / f"{source_clip_name(item)}.npy"
    if not folder.is_dir() or not flow_file.exists():
        return None
    reader = FrameFolderReader(folder)
    flow = depthmotion.flowio.decode_uint8(np.load(flow_file), bound=flow_bound)
    chosen = np.linspace(0, len(reader) - 1, _COLUMNS).astype(int)
    photo = read_image(item.path)
    frames = [_fit(photo), *(_fit(frame) for frame in reader.frames(chosen))]
    return _two_rows(frames, flow[np.minimum(chosen, len(flow) - 1)])


def target_strip(item: ListItem, paths: PreparedPaths, *, flow_bound: float) -> UInt8[np.ndarray, "H W 3"]:
    """Return a video's strip: frames above the estimated flow at them."""
    reader = open_video(item.path)
    flow = depthmotion.flowio.decode_uint8(np.load(paths.flow_file(item)), bound=flow_bound)
    chosen = np.linspace(0, len(flow) - 1, _COLUMNS).astype(int)
    frames = reader.frames(uniform_indices(len(reader), len(flow))[chosen])
    return _two_rows([_fit(frame) for frame in frames], flow[chosen])


def frames_strip(item: ListItem) -> UInt8[np.ndarray, "H W 3"]:
    """Return a strip of frames alone, spread over a video, a folder of frames or a stretch of one."""
    reader = open_item(item)
    chosen = np.linspace(0, len(reader) - 1, _COLUMNS).astype(int)
    return np.concatenate([_fit(frame) for frame in reader.frames(chosen)], axis=1)


def thumbnail(item: ListItem) -> UInt8[np.ndarray, "H W 3"] | None:
    """Return a frame near a video's start, small; `None` where none can be read."""
    frame = None
    try:
        for frame in islice(stream_item(item), _THUMBNAIL_FRAME):  # noqa: B007 (the last one is kept)
            pass
    except (VideodaError, OSError, ValueError):
        pass  # what was read before counts; a page shows what there is
    return None if frame is None else _fit(frame, height=_THUMBNAIL_HEIGHT)


def _two_rows(frames: Sequence[np.ndarray], flow: Float[np.ndarray, "N H W 2"]) -> UInt8[np.ndarray, "H2 W2 3"]:
    magnitude = max(float(np.quantile(np.linalg.norm(flow, axis=-1), 0.99)), 0.5)
    width = frames[-1].shape[1]
    colours = [
        cv2.resize(depthmotion.flowio.flow_to_color(field, max_magnitude=magnitude), (width, _HEIGHT)) for field in flow
    ]
    top = np.concatenate(frames, axis=1)
    blank = np.full((_HEIGHT, top.shape[1] - width * len(colours), 3), 255, np.uint8)
    return np.concatenate([top, np.concatenate([blank, *colours], axis=1)], axis=0)


def _fit(image: UInt8[np.ndarray, "H W 3"], *, height: int = _HEIGHT) -> UInt8[np.ndarray, "H2 W2 3"]:
    width = min(max(1, round(image.shape[1] * height / image.shape[0])), 4 * height)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
