"""Clips of photos rendered where they are loaded, along another camera path every time."""

from collections.abc import Sequence

import cv2
import depthmotion
import depthmotion.flowio
import numpy as np
from jaxtyping import Float32, UInt8

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.image_file import read_image
from videoda_train.data.list_file import ListItem
from videoda_train.errors import MediaError, VideodaError
from videoda_train.progress import ProgressBar
from videoda_train.recipes.config import ClipConfig, MotionConfig


class FreshClips:
    """Photos whose camera moves anew for every sample; nothing is written.

    The walks are drawn as those of generated clips are; frames are not compressed in between. Photos and their depth
    are kept in `cache`, per loader process, as far as it reaches.
    """

    def __init__(self, items: Sequence[ListItem], *, motion: MotionConfig, clip: ClipConfig, cache: ArrayCache):
        self._items = items
        self._motion = motion
        self._clip = clip
        self._cache = cache
        walk = depthmotion.GenerateConfig(translation=motion.translation, rotation_deg=motion.rotation_deg)
        self._path = walk.path_description
        self._depth: depthmotion.DepthSource | None = None

    def check(self, *, progress: bool) -> None:
        """Read every photo and its depth once.

        Raises:
            MediaError: naming those that cannot be used.
        """
        failures = []
        for index, item in enumerate(ProgressBar(self._items, desc="photos", unit="photo", disable=not progress)):
            try:
                self._photo_and_depth(index)
            except (VideodaError, depthmotion.DepthMotionError) as error:
                failures.append(f"line {item.line}: {error}")
        if failures:
            shown = "\n  ".join(failures[:10])
            raise MediaError(f"{len(failures)} of {len(self._items)} photos cannot be used:\n  {shown}")

    def __call__(
        self, index: int, rng: np.random.Generator
    ) -> tuple[UInt8[np.ndarray, "T R R 3"], UInt8[np.ndarray, "T2 R R 2"]]:
        """Return frames and flow codes of photo `index` at `resize` scale, along a path drawn from `rng`."""
        photo, depth = self._photo_and_depth(index)
        made = depthmotion.clip_of_photo(
            photo, depth, path=self._path, seed=int(rng.integers(2**62)), num_frames=self._clip.num_frames
        )
        side = self._clip.resize
        rgb = np.stack([cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA) for frame in made.frames])
        flow = np.stack([cv2.resize(field, (side, side), interpolation=cv2.INTER_AREA) for field in made.flow])
        codes = depthmotion.flowio.encode_uint8(flow * (side / self._motion.size), bound=self._clip.flow_bound)
        return rgb, codes

    def _photo_and_depth(self, index: int) -> tuple[UInt8[np.ndarray, "S S 3"], depthmotion.DepthMap]:
        both = self._cache.get(("fresh-photo", index), lambda: self._read(index))
        photo = np.ascontiguousarray(both[..., :3].astype(np.uint8))
        return photo, depthmotion.DepthMap(np.ascontiguousarray(both[..., 3]), kind="depth")

    def _read(self, index: int) -> Float32[np.ndarray, "S S 4"]:
        """Return the resized photo's colours and its depth."""
        item, side = self._items[index], self._motion.size
        if self._depth is None:
            self._depth = depthmotion.load_depth(self._motion.depth)
        photo = read_image(item.path)
        depth = self._depth(photo, file=item.path).resized(side, side).to_depth()
        small = cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA)
        return np.dstack([small.astype(np.float32), depth.astype(np.float32)])
