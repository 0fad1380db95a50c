"""Twenty classes of UCF101: how each moves, with what, where, and how it is framed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from videoda_bench.miniature.motions import Motion, climb
from videoda_bench.miniature.primitives import Shape
from videoda_bench.miniature.ucf import exercises, furniture, held, mounts, poses
from videoda_bench.miniature.ucf.stage import Stage


@dataclass(frozen=True)
class Framing:
    """How a class is seen.

    View angles [degrees, 0 faces the camera], their spread and the share of shots from any angle at all; how much of
    the figure is in the picture (1: all of it); how far above its middle and before it [m] the camera aims; how much
    room lies behind it [m].
    """

    headings: tuple[float, ...] = (0.0,)
    spread_deg: float = 28.0
    anywhere: float = 0.05
    view: float = 1.0
    raised: float = 0.0
    ahead: float = 0.0
    room: float = 0.0


@dataclass(frozen=True)
class Activity:
    """A class: its motion, the things in it, its places (a photo's usual one first), how it is framed.

    `video_places` differ where photos and videos of the class come from different places; `height` lifts the figure
    [m], `rise` moves it up [m/s].
    """

    motion: Motion
    places: tuple[str, ...]
    things: tuple[Callable[[Stage], list[Shape]], ...] = ()
    framing: Framing = Framing()
    video_places: tuple[str, ...] = ()
    height: float = 0.0
    rise: float = 0.0


_SIDE = (-80.0, 80.0)
_FROM_BEHIND = (180.0, 145.0, -145.0)

ACTIVITIES: dict[str, Activity] = {
    "Archery": Activity(
        Motion(poses.draw_bow, (2.0, 2.8), (0.3, 0.45), leg_driven=True),
        ("meadow", "park", "stadium", "gym"),
        (held.bow_and_arrow,),
        Framing(spread_deg=35.0, view=1.08),
    ),
    "Biking": Activity(
        Motion(poses.ride_bicycle, (0.7, 1.1), (0.0, 0.25, 0.5, 0.75), travel=(1.6, 3.2), leg_driven=True),
        ("road", "park", "street", "alley"),
        (mounts.bicycle,),
        Framing((*_SIDE, -50.0, 50.0), spread_deg=18.0, view=1.08, ahead=0.15, room=1.0),
    ),
    "BodyWeightSquats": Activity(
        Motion(exercises.squat, (1.6, 2.4), (0.55, 0.3), leg_driven=True),
        ("gym", "living room", "garden", "office"),
        framing=Framing((0.0, -55.0, 55.0), spread_deg=25.0),
    ),
    "BoxingPunchingBag": Activity(
        Motion(exercises.punch_bag, (0.9, 1.4), (0.18, 0.52), leg_driven=True),
        ("gym", "alley", "living room"),
        (furniture.punching_bag,),
        Framing((*_SIDE, 130.0, -130.0), spread_deg=20.0, view=1.12, ahead=0.4, room=1.2),
    ),
    "BrushingTeeth": Activity(
        Motion(poses.brush_teeth, (0.28, 0.42), (0.0, 0.5)),
        ("bathroom", "living room", "kitchen"),
        (held.toothbrush,),
        Framing(spread_deg=25.0, view=0.46, raised=0.55),
    ),
    "CuttingInKitchen": Activity(
        Motion(poses.cut, (0.3, 0.5), (0.0, 0.75)),
        ("kitchen", "living room", "garden"),
        (furniture.kitchen_counter, held.kitchen_knife),
        Framing((0.0, -35.0, 35.0), spread_deg=20.0, view=0.78, raised=0.08, ahead=0.15, room=0.2),
    ),
    "GolfSwing": Activity(
        Motion(exercises.swing_club, (1.6, 2.3), (0.06, 0.42, 0.75), leg_driven=True),
        ("meadow", "park", "garden"),
        (held.golf_club,),
        Framing((0.0, -60.0, 60.0), spread_deg=20.0, view=1.25),
    ),
    "HorseRiding": Activity(
        Motion(poses.ride_horse, (0.5, 0.75), (0.0, 0.5), travel=(1.8, 3.4), leg_driven=True),
        ("meadow", "paddock", "park", "beach"),
        (mounts.horse,),
        Framing((*_SIDE, -50.0, 50.0), spread_deg=18.0, view=1.5, raised=0.15, ahead=0.15, room=1.8),
    ),
    "JugglingBalls": Activity(
        Motion(exercises.juggle, (0.6, 0.9), (0.0, 0.5)),
        ("park", "living room", "street", "garden"),
        (held.juggling_balls,),
        Framing(spread_deg=20.0, view=1.05, raised=0.15),
    ),
    "JumpingJack": Activity(
        Motion(exercises.jumping_jack, (0.8, 1.15), (0.5, 0.25), leg_driven=True),
        ("gym", "living room", "meadow", "office"),
        framing=Framing(spread_deg=20.0, view=1.15, raised=0.12),
    ),
    "JumpRope": Activity(
        Motion(exercises.skip_rope, (0.42, 0.6), (0.0, 0.25, 0.75), leg_driven=True),
        ("gym", "street", "living room", "garden"),
        (held.jump_rope,),
        Framing((0.0, 30.0, -30.0), spread_deg=20.0, view=1.15, raised=0.05),
    ),
    "MoppingFloor": Activity(
        Motion(poses.mop, (1.0, 1.6), (0.25, 0.75), leg_driven=True),
        ("kitchen", "office", "bathroom", "gym"),
        (held.mop,),
        Framing((0.0, -50.0, 50.0), spread_deg=25.0),
    ),
    "PlayingGuitar": Activity(
        Motion(poses.play_guitar, (0.4, 0.65), (0.0, 0.5)),
        ("theatre", "living room", "street", "bar"),
        (held.guitar,),
        Framing(spread_deg=22.0, view=0.85, raised=0.12),
    ),
    "PlayingViolin": Activity(
        Motion(poses.play_violin, (0.8, 1.6), (0.25, 0.75)),
        ("theatre", "living room", "office", "park"),
        (held.violin,),
        Framing(spread_deg=22.0, view=0.78, raised=0.22),
    ),
    "PushUps": Activity(
        Motion(exercises.push_up, (1.2, 1.9), (0.05, 0.55), leg_driven=True),
        ("gym", "living room", "garden", "beach"),
        framing=Framing((*_SIDE, -50.0, 50.0), spread_deg=15.0, view=1.0, raised=-0.5, room=1.0),
    ),
    "RockClimbingIndoor": Activity(
        Motion(climb, (1.6, 2.4), (0.0, 0.5), leg_driven=True),
        ("cliff",),
        (furniture.climbing_wall,),
        Framing(_FROM_BEHIND[:1], spread_deg=25.0, anywhere=0.0, view=1.25, raised=0.1, room=0.6),
        video_places=("climbing hall", "gym"),
        height=0.75,
        rise=0.25,
    ),
    "Rowing": Activity(
        Motion(poses.row, (1.5, 2.2), (0.0, 0.28, 0.5), travel=(-2.2, -1.2), leg_driven=True),
        ("lake",),
        (mounts.boat,),
        Framing((*_SIDE, -45.0, 45.0), spread_deg=18.0, view=1.2, raised=-0.25, ahead=0.2),
    ),
    "TennisSwing": Activity(
        Motion(exercises.swing_racket, (1.1, 1.7), (0.44, 0.56, 0.7), leg_driven=True),
        ("court", "stadium", "park"),
        (held.racket,),
        Framing((0.0, -60.0, 60.0), spread_deg=25.0, view=1.15),
    ),
    "WalkingWithDog": Activity(
        Motion(poses.walk, (0.95, 1.25), (0.0, 0.5), travel=(0.7, 1.3), leg_driven=True),
        ("park", "street", "beach", "meadow"),
        (mounts.dog,),
        Framing((*_SIDE, -40.0, 40.0), spread_deg=20.0, view=1.15, raised=-0.08, ahead=0.5, room=1.3),
    ),
    "WritingOnBoard": Activity(
        Motion(poses.write_on_board, (2.0, 3.2), (0.25, 0.6, 0.9)),
        ("classroom", "office"),
        (furniture.writing_board,),
        Framing(_FROM_BEHIND, spread_deg=14.0, anywhere=0.0, view=0.9, raised=0.15, room=0.75),
    ),
}
"""The classes there are activities for, in UCF101's own label order."""
