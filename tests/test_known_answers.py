"""Real Kinetics weights name what real videos show: `pytest tests -m weights`, the only tests that may fetch any."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from videoda_models import WeightsError, create_model
from videoda_train.data.video_reader import open_video

pytestmark = [pytest.mark.weights, pytest.mark.enable_socket]

FRAMES = 64
SIZE = 224
ANSWERS = {
    "sports10/videos/Archery/tmbo_Archery.avi": "archery",
    "sports10/videos/ArmWrestling/arm_wrestling.mp4": "arm wrestling",
    "sports10/videos/Biking/v_Biking_g03_c01.avi": "riding a bike",
    "sports10/videos/CleanAndJerk/v_GGSY1Qvo990.mp4": "clean and jerk",
    "sports10/videos/GolfSwing/golfdb_test_video.mp4": "golf driving",
    "sports10/videos/TennisSwing/v_TennisSwing_g18_c04.avi": "playing tennis",
    "clips/v_PlayingViolin_g22_c04.avi": "playing violin",
    "clips/v_Typing_g01_c04.avi": "using computer",
}


@pytest.fixture(scope="module")
def model():
    try:
        return create_model("i3d-inception-rgb", num_classes=400, pretrained="kinetics400").eval()
    except WeightsError as error:
        pytest.skip(f"the weights cannot be fetched here: {error}")


@pytest.fixture(scope="module")
def videos():
    folder = os.environ.get("VIDEODA_TEST_DATA")
    if not folder:
        pytest.skip("VIDEODA_TEST_DATA is not set")
    return Path(folder)


def clip_of(path):
    """The 64 frames in the middle, as the network was trained: short side 256, the 224×224 in the middle, [−1, 1]."""
    reader = open_video(path)
    first = (len(reader) - FRAMES) // 2
    cut = []
    for frame in reader.frames(range(first, first + FRAMES)):
        scale = 256 / min(frame.shape[:2])
        frame = cv2.resize(frame, (round(frame.shape[1] * scale), round(frame.shape[0] * scale)))
        top, left = (frame.shape[0] - SIZE) // 2, (frame.shape[1] - SIZE) // 2
        cut.append(frame[top : top + SIZE, left : left + SIZE])
    return torch.from_numpy(np.stack(cut)).permute(3, 0, 1, 2)[None].float() / 127.5 - 1


@pytest.mark.parametrize(("video", "answer"), ANSWERS.items())
def test_kinetics_weights_name_what_a_video_shows(model, videos, video, answer):
    with torch.no_grad():
        best = int(model(clip_of(videos / video)).mean(dim=2).argmax())
    assert model.pretrained_cfg.classes[best] == answer
