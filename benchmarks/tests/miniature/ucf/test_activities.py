import numpy as np
import pytest
from jaxtyping import Float
from videoda_bench.miniature.primitives import CONE, Shape
from videoda_bench.miniature.skeleton import Body, forward_kinematics
from videoda_bench.miniature.ucf import held, mounts
from videoda_bench.miniature.ucf.activities import ACTIVITIES
from videoda_bench.miniature.ucf.places import UCF_PLACES
from videoda_bench.miniature.ucf.shot import plan_clip, take_photo
from videoda_bench.miniature.ucf.stage import Stage

PHASES = np.linspace(0.0, 1.0, 40, endpoint=False)


def stage(
    action: str, *, mirrored: bool = False, heading_deg: float = 0.0, phases: Float[np.ndarray, " t"] = PHASES
) -> Stage:
    poses = ACTIVITIES[action].motion.poses(phases)
    joints = forward_kinematics(poses, body=Body(), mirrored=mirrored, heading_deg=heading_deg)
    path = np.zeros((len(phases), 3))
    return Stage(joints, phases, path, heading_deg, mirrored, True, np.random.default_rng(0))


def ends(shapes: list[Shape]) -> np.ndarray:
    """Both ends of all cones: (t, 2 n, 3)."""
    cones = [shape.numbers for shape in shapes if shape.kind == CONE]
    return np.stack([end for numbers in cones for end in (numbers[:, 0:3], numbers[:, 4:7])], axis=1)


@pytest.mark.parametrize("action", list(ACTIVITIES))
def test_a_movement_comes_back_to_its_start(action: str) -> None:
    # A strumming hand wanders along the neck once in four strums.
    poses = ACTIVITIES[action].motion.poses
    assert poses(PHASES) == pytest.approx(poses(PHASES + 4), abs=1e-9)


@pytest.mark.parametrize("action", list(ACTIVITIES))
def test_no_two_activities_move_alike(action: str) -> None:
    poses = ACTIVITIES[action].motion.poses(PHASES)
    for other, activity in ACTIVITIES.items():
        assert other == action or np.abs(activity.motion.poses(PHASES) - poses).max() > 0.1


@pytest.mark.parametrize("action", list(ACTIVITIES))
def test_an_activity_is_at_places_that_there_are(action: str) -> None:
    activity = ACTIVITIES[action]
    assert set(activity.places + activity.video_places) <= set(UCF_PLACES)


@pytest.mark.parametrize("mirrored", [False, True])
def test_things_turn_and_mirror_with_the_figure(mirrored: bool) -> None:
    plain = stage("Rowing", mirrored=False)
    other = stage("Rowing", mirrored=mirrored, heading_deg=90.0)
    x, y, z = plain.along(0.3, 0.5, 0.7)[0]
    side = -1.0 if mirrored else 1.0
    assert other.along(0.3, 0.5, 0.7)[0] == pytest.approx([z, y, -side * x])
    hands = np.array([other.joints.arm.tip, plain.joints.arm.tip])
    assert hands[0, :, 0] == pytest.approx(hands[1, :, 2])
    assert hands[0, :, 2] == pytest.approx(-side * hands[1, :, 0])


def test_the_wheels_of_a_bicycle_stand_on_the_floor() -> None:
    shapes = mounts.bicycle(stage("Biking"))
    cones = [shape.numbers for shape in shapes if shape.kind == CONE]
    lowest = np.min([numbers[:, [1, 5]] - numbers[:, [3, 7]] for numbers in cones], axis=(0, 2))
    assert lowest == pytest.approx(0.0, abs=0.02)


def test_the_feet_of_a_cyclist_are_on_the_pedals() -> None:
    at = stage("Biking")
    pedals = [shape.numbers[:, 4:7] for shape in mounts.bicycle(at)[-2:]]
    for pedal, leg in zip(pedals, (at.joints.leg, at.joints.off_leg), strict=True):
        sole = 0.5 * (leg.end + leg.tip)
        assert np.linalg.norm(pedal - sole, axis=-1).max() < 0.16


def test_a_skipping_rope_goes_over_the_head_and_under_the_feet_once_per_hop() -> None:
    at = stage("JumpRope")
    heights = ends(held.jump_rope(at))[..., 1]
    overhead = heights.max(axis=1) > at.joints.head[:, 1] + 0.12
    below = heights.min(axis=1) < np.minimum(at.joints.leg.end, at.joints.off_leg.end)[:, 1]
    for passes in (overhead, below):
        assert passes.any()
        assert np.count_nonzero(passes & ~np.roll(passes, 1)) == 1


def test_a_skipper_is_highest_when_the_rope_passes_below() -> None:
    at = stage("JumpRope")
    lowest = ends(held.jump_rope(at))[..., 1].min(axis=1).argmin()
    feet = np.minimum(at.joints.leg.end, at.joints.off_leg.end)[:, 1]
    assert PHASES[lowest] == pytest.approx(PHASES[feet.argmax()], abs=0.06)


def test_wheels_and_pedals_turn_the_way_that_a_bicycle_goes() -> None:
    at = stage("Biking")
    crank = 0.5 * (at.joints.leg.end + at.joints.off_leg.end)
    arm = (at.joints.leg.end - crank)[:, 1:]
    # Facing +z: what is ahead of the axle goes down, what is above it goes ahead.
    assert (arm[:-1, 1] * np.diff(arm[:, 0]) < 1e-3).all()
    assert (arm[:-1, 0] * np.diff(arm[:, 1]) > -1e-3).all()


def test_a_drawn_string_runs_through_the_drawing_hand() -> None:
    at = stage("Archery")
    drawn = np.flatnonzero(PHASES < 0.55)
    string = ends(held.bow_and_arrow(at))[drawn]
    hand = at.joints.arm.tip[drawn]
    assert np.linalg.norm(string - hand[:, None], axis=-1).min(axis=1) == pytest.approx(0.0, abs=1e-9)


def test_each_juggled_ball_is_thrown_from_one_hand_and_caught_by_the_other() -> None:
    at = stage("JugglingBalls", phases=np.linspace(0.0, 3.0, 601))
    for ball in held.juggling_balls(at):
        centre = ball.numbers[:, 0:3]
        for hand in (at.joints.arm.tip, at.joints.off_arm.tip):
            assert np.linalg.norm(centre - hand, axis=-1).min() < 0.08
        assert np.linalg.norm(np.diff(centre, axis=0), axis=-1).max() < 0.08


def test_a_hand_throws_a_ball_when_it_has_come_up() -> None:
    at = stage("JugglingBalls", phases=np.linspace(0.0, 3.0, 601))
    for ball in held.juggling_balls(at):
        for hand in (at.joints.arm.tip, at.joints.off_arm.tip):
            away = np.linalg.norm(ball.numbers[:, 0:3] - hand, axis=-1) > 0.1
            thrown = np.flatnonzero(~away[:-1] & away[1:])
            assert (hand[thrown, 1] > hand[:, 1].mean()).all()


def test_clips_of_a_group_share_person_and_place_and_clips_of_another_do_not() -> None:
    def clip(group: int, seed: int) -> tuple[np.ndarray, tuple[float, ...]]:
        footage = plan_clip(
            ACTIVITIES["PlayingViolin"],
            group=np.random.default_rng(group),
            rng=np.random.default_rng(seed),
            image_size=(48, 64),
            num_frames=(2, 2),
        )
        return footage.instants[0].skins, (footage.look.gain, footage.scene.ambient)

    skins, place = clip(0, 1)
    again, same_place = clip(0, 2)
    assert np.array_equal(skins, again)
    assert place == same_place
    other, other_place = clip(5, 1)
    assert not np.array_equal(skins, other)
    assert place != other_place


@pytest.mark.parametrize("action", list(ACTIVITIES))
def test_a_photo_shows_the_figure_in_front_of_its_place(action: str) -> None:
    image, depth = take_photo(ACTIVITIES[action], rng=np.random.default_rng(3), image_size=(48, 64), home_share=1.0)
    assert image.shape == (48, 64, 3)
    assert np.isfinite(depth).all()
    assert depth.min() > 0.2
    assert np.median(depth[8:40, 16:48]) < depth.max()
