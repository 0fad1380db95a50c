import numpy as np
import pytest
from videoda_bench.miniature.camera import Camera
from videoda_bench.miniature.motions import MOTIONS, pose
from videoda_bench.miniature.random_motions import random_motion
from videoda_bench.miniature.shot import KEYPOINTS, plan_video, project_keypoints
from videoda_bench.miniature.skeleton import Body, forward_kinematics


def test_a_standing_figure_has_its_bones_at_their_lengths() -> None:
    body = Body()
    joints = forward_kinematics(pose()[None], body=body, mirrored=False, heading_deg=0.0)
    for limb, first, second in (
        (joints.arm, body.upper_arm, body.forearm),
        (joints.leg, body.thigh, body.shin),
    ):
        assert np.linalg.norm(limb.middle - limb.root) == pytest.approx(first, rel=1e-6)
        assert np.linalg.norm(limb.end - limb.middle) == pytest.approx(second, rel=1e-6)


def test_turning_the_figure_turns_every_joint_about_the_vertical() -> None:
    body = Body()
    front = forward_kinematics(pose(hand_z=0.5)[None], body=body, mirrored=False, heading_deg=0.0)
    turned = forward_kinematics(pose(hand_z=0.5)[None], body=body, mirrored=False, heading_deg=90.0)
    x, y, z = front.arm.end[0]
    assert turned.arm.end[0] == pytest.approx([z, y, -x], abs=1e-9)


def test_a_mirrored_figure_is_the_mirror_image() -> None:
    body = Body()
    plain = forward_kinematics(pose(hand_y=0.6, hand_x=0.4)[None], body=body, mirrored=False, heading_deg=0.0)
    mirrored = forward_kinematics(pose(hand_y=0.6, hand_x=0.4)[None], body=body, mirrored=True, heading_deg=0.0)
    assert mirrored.arm.end[0] == pytest.approx(plain.arm.end[0] * [-1, 1, 1], abs=1e-9)


def test_keypoints_project_by_the_pinhole_formula() -> None:
    joints = forward_kinematics(pose()[None], body=Body(), mirrored=False, heading_deg=0.0)
    level = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    camera = Camera(np.array([0.0, 1.0, 4.0]), level, 150.0)
    points = project_keypoints(joints, [camera], image_size=(120, 160))
    x, y, z = joints.head[0]
    expected = [150 * x / (4 - z) + 79.5, -150 * (y - 1) / (4 - z) + 59.5]
    assert points[0, KEYPOINTS.index("head")] == pytest.approx(expected)


@pytest.mark.parametrize("mirrored", [False, True])
def test_right_keypoints_are_the_figures_right_whichever_side_is_its_main(mirrored: bool) -> None:
    joints = forward_kinematics(pose()[None], body=Body(), mirrored=mirrored, heading_deg=0.0)
    level = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    points = project_keypoints(joints, [Camera(np.array([0.0, 1.0, 4.0]), level, 150.0)], image_size=(120, 160))[0]
    # Facing the camera, a figure's right hand is on the picture's left.
    assert points[KEYPOINTS.index("right wrist"), 0] < points[KEYPOINTS.index("left wrist"), 0]


@pytest.mark.parametrize("action", list(MOTIONS))
def test_a_motion_is_periodic(action: str) -> None:
    phase = np.linspace(0, 1, 7)
    poses = MOTIONS[action].poses
    assert poses(phase) == pytest.approx(poses(phase + 1), abs=1e-9)


def test_random_motions_follow_from_seed_and_index_and_are_none_of_the_classes() -> None:
    phase = np.linspace(0, 1, 9)
    assert np.array_equal(random_motion(3, seed=77).poses(phase), random_motion(3, seed=77).poses(phase))
    for index in range(10):
        poses = random_motion(index, seed=77).poses(phase)
        assert all(np.abs(poses - motion.poses(phase)).max() > 0.05 for motion in MOTIONS.values())


def test_a_planned_video_has_a_keypoint_row_per_frame() -> None:
    video = plan_video(
        MOTIONS["wave"], action="wave", rng=np.random.default_rng(0), image_size=(120, 160), num_frames=(5, 5)
    )
    assert video.keypoints.shape == (5, 11, 2)
    assert len(list(video.frames())) == 5
