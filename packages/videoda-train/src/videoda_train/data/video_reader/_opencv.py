"""OpenCV, read in order: its positions by frame number are estimates, and its frame count is the header's."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.data.video_reader._orientation import turned
from videoda_train.data.video_reader._pyav import stored_turn
from videoda_train.errors import MediaError


class OpenCvReader(VideoReader):
    """Reads with OpenCV's FFmpeg, one thread, in order from frame 0 at every call."""

    def __init__(self, path: Path | str, *, num_frames: int | None = None):
        self.path = Path(path)
        capture = self._open()
        self.fps = float(capture.get(cv2.CAP_PROP_FPS))
        self._num_frames = num_frames
        if self._num_frames is None:
            self._num_frames = 0
            while capture.grab():
                self._num_frames += 1
        if self._num_frames == 0:
            raise MediaError(f"{self.path} holds no frame that can be decoded")
        self._turn = stored_turn(self.path)

    def __len__(self) -> int:
        return self._num_frames or 0

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise MediaError(f"{self.path} is not a video that OpenCV can open")
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # it knows rotations only, and no mirrored frames
        return capture

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        capture = self._open()
        keep = set(wanted)
        found: dict[int, np.ndarray] = {}
        for index in range(wanted[-1] + 1):
            if not capture.grab():
                missing = next(i for i in wanted if i not in found)
                raise MediaError(f"{self.path} breaks off before frame {missing}, which was asked")
            if index in keep:
                frame = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
                found[index] = resized(turned(frame, self._turn), size)
        return found
