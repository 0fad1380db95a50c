"""What hands hold: instruments, bow and arrow, brush, mop, knife, club, racket, balls, rope."""

from __future__ import annotations

import numpy as np

from videoda_bench.miniature.primitives import STRIPES, Shape, Skin, cone, ellipsoid
from videoda_bench.miniature.ucf.stage import UP, Points, Stage, chain, facing, ring, rod, unit

_WOOD = ((0.72, 0.42, 0.16), (0.55, 0.28, 0.1), (0.85, 0.62, 0.34))
_STRING = Skin((0.9, 0.9, 0.88))


def _forearm(stage: Stage) -> Points:
    return unit(stage.joints.arm.tip - stage.joints.arm.end)


def guitar(stage: Stage) -> list[Shape]:
    """A guitar across the belly, its neck to the off hand: natural wood in photos, often coloured in videos."""
    bright = ((0.75, 0.08, 0.08), (0.1, 0.1, 0.12), (0.15, 0.3, 0.6), (0.85, 0.6, 0.25))
    body = stage.look(photo=_WOOD, video=bright)
    main, off = stage.joints.arm.tip, stage.joints.off_arm.tip
    forward = stage.joints.torso_axes[..., 2]
    neck = unit(off - main)
    axes = facing(neck, forward)
    bridge = main - 0.05 * neck - 0.05 * axes[..., 2]
    large = stage.size(photo=(0.2, 0.23), video=(0.17, 0.23))
    return [
        ellipsoid(bridge - 0.08 * neck, axes=axes, half=(large, 0.2, 0.05), skin=body),
        ellipsoid(bridge + 0.16 * neck, axes=axes, half=(0.76 * large, 0.17, 0.05), skin=body),
        ellipsoid(
            bridge + 0.08 * neck + 0.035 * axes[..., 2],
            axes=axes,
            half=(0.055, 0.055, 0.02),
            skin=Skin((0.08, 0.05, 0.04)),
        ),
        rod(bridge + 0.2 * neck, off + 0.12 * neck, 0.026, Skin((0.25, 0.14, 0.08))),
        cone(off + 0.12 * neck, off + 0.27 * neck, radii=(0.035, 0.045), skin=Skin((0.2, 0.1, 0.05))),
    ]


def violin(stage: Stage) -> list[Shape]:
    """A violin from the neck to the off hand, and a bow that crosses it."""
    wood = stage.look(photo=((0.5, 0.2, 0.06), (0.62, 0.3, 0.1)), video=((0.75, 0.45, 0.18), (0.35, 0.14, 0.06)))
    off = stage.joints.off_arm.tip
    chin = stage.joints.neck + 0.6 * (stage.joints.off_arm.root - stage.joints.neck) + 0.07 * UP
    along = unit(off - chin)
    axes = facing(along, np.broadcast_to(UP, along.shape) + 0.5 * stage.joints.torso_axes[..., 2])
    top = axes[..., 2]
    bridge = chin + 0.28 * along + 0.05 * top
    bow = unit(stage.joints.arm.tip - bridge)
    return [
        ellipsoid(chin + 0.13 * along, axes=axes, half=(0.12, 0.12, 0.035), skin=wood),
        ellipsoid(chin + 0.31 * along, axes=axes, half=(0.1, 0.11, 0.035), skin=wood),
        rod(chin + 0.36 * along + 0.02 * top, off + 0.06 * along, 0.02, Skin((0.12, 0.08, 0.06))),
        rod(stage.joints.arm.tip, bridge - 0.18 * bow, 0.013, Skin((0.35, 0.18, 0.08))),
        rod(stage.joints.arm.tip - 0.03 * top, bridge - 0.18 * bow - 0.03 * top, 0.008, _STRING),
    ]


def bow_and_arrow(stage: Stage) -> list[Shape]:
    """A bow in the off hand, bent as far as the other hand draws its string, and an arrow while it is drawn."""
    wood = stage.look(
        photo=((0.35, 0.2, 0.1), (0.15, 0.15, 0.16)), video=((0.6, 0.1, 0.1), (0.2, 0.4, 0.25), (0.75, 0.6, 0.35))
    )
    grip, hand = stage.joints.off_arm.tip, stage.joints.arm.tip
    aim = unit(grip - stage.joints.off_arm.root)
    drawn = np.sum((grip - hand) * aim, axis=-1)
    held = np.mod(stage.phases, 1.0) < 0.58
    pull = np.where(held, np.clip(drawn, 0.15, 0.75), 0.15)[:, None]
    half = stage.size(photo=(0.72, 0.85), video=(0.6, 0.75))
    upright = facing(aim, np.broadcast_to(UP, aim.shape))[..., 2]
    limbs = [grip + half * s * upright - (0.12 + 0.35 * pull) * s * s * aim for s in np.linspace(-1, 1, 7)]
    nock = np.where(held[:, None], hand, limbs[0] + 0.5 * (limbs[-1] - limbs[0]))
    tip = np.where(held[:, None], grip + 0.12 * aim, nock + 0.02 * aim)
    return [
        *chain(limbs, 0.022, wood),
        *chain([limbs[0], nock, limbs[-1]], 0.007, _STRING),
        rod(nock, tip, 0.01, Skin((0.85, 0.8, 0.3))),
    ]


def toothbrush(stage: Stage) -> list[Shape]:
    """A brush from the hand into the mouth, and foam."""
    bright = stage.look(
        photo=((0.1, 0.4, 0.85), (0.9, 0.2, 0.3)), video=((0.2, 0.75, 0.4), (0.95, 0.95, 0.95), (0.9, 0.5, 0.1))
    )
    head = stage.joints.head_axes
    mouth = stage.joints.head + 0.098 * head[..., 2] - 0.055 * head[..., 1]
    hand = stage.joints.arm.tip
    direction = unit(mouth - hand)
    foam = ellipsoid(mouth, axes=head, half=(0.032, 0.018, 0.014), skin=Skin((0.97, 0.98, 1.0)))
    return [rod(hand - 0.04 * direction, mouth, 0.013, bright), foam]


def mop(stage: Stage) -> list[Shape]:
    """A stick through both hands down to a wet head on the floor, and a bucket."""
    stick = stage.look(photo=((0.8, 0.7, 0.5), (0.2, 0.5, 0.8)), video=((0.6, 0.6, 0.62), (0.9, 0.3, 0.2)))
    cloth = stage.look(photo=((0.9, 0.88, 0.82),), video=((0.3, 0.5, 0.8), (0.7, 0.7, 0.66)))
    low, high = stage.joints.arm.tip, stage.joints.off_arm.tip
    down = unit(low - high)
    down = unit(down + np.array([0.0, -0.9, 0.0]) * (down[:, 1:2] > -0.4))
    end = low + down * ((low[:, 1:2] - 0.06) / np.maximum(-down[:, 1:2], 0.2))
    end[:, 1] = 0.06
    pail = stage.look(photo=((0.9, 0.75, 0.1), (0.8, 0.15, 0.15)), video=((0.2, 0.35, 0.7), (0.55, 0.55, 0.55)))
    spot = stage.fixed(
        stage.size(photo=(0.55, 0.8), video=(-0.9, -0.5)), 0.0, stage.size(photo=(0.1, 0.7), video=(0.0, 0.8))
    )
    return [
        rod(high - 0.2 * down, end, 0.02, stick),
        cone(end + 0.08 * UP, end, radii=(0.05, 0.07), skin=cloth),
        *(
            rod(end, end + stage.along(0.2 * np.cos(a), -0.04, 0.2 * np.sin(a)), 0.045, cloth)
            for a in np.arange(6) * np.pi / 3
        ),
        cone(spot + 0.04 * UP, spot + 0.26 * UP, radii=(0.12, 0.15), skin=pail),
    ]


def kitchen_knife(stage: Stage) -> list[Shape]:
    """A knife in the main hand, pointing forward and inward."""
    along = unit(stage.along(-0.5, -0.12, 1.0))
    hand = stage.joints.arm.tip
    blade = ellipsoid(
        hand + 0.17 * along - 0.012 * UP,
        axes=facing(along, np.broadcast_to(UP, along.shape)),
        half=(0.01, 0.13, 0.032),
        skin=Skin((0.85, 0.87, 0.9)),
    )
    return [
        rod(
            hand - 0.03 * along,
            hand + 0.06 * along,
            0.018,
            stage.look(photo=((0.1, 0.1, 0.1),), video=((0.5, 0.3, 0.15), (0.8, 0.1, 0.1))),
        ),
        blade,
    ]


def golf_club(stage: Stage) -> list[Shape]:
    """A club that goes on from the arms, and the ball on its tee."""
    hands = 0.5 * (stage.joints.arm.tip + stage.joints.off_arm.tip)
    shoulders = 0.5 * (stage.joints.arm.root + stage.joints.off_arm.root)
    away = unit(hands - shoulders)
    head = hands + stage.size(photo=(0.92, 1.0), video=(0.82, 0.95)) * away
    head[:, 1] = np.maximum(head[:, 1], 0.05)
    return [
        rod(hands - 0.1 * away, hands + 0.15 * away, 0.018, Skin((0.1, 0.1, 0.1))),
        rod(hands, head, 0.012, Skin((0.75, 0.76, 0.8))),
        stage.ball(head, 0.055, stage.look(photo=((0.15, 0.15, 0.17),), video=((0.6, 0.6, 0.62), (0.8, 0.3, 0.1)))),
        stage.ball(stage.fixed(0.0, 0.05, 0.8), 0.04, Skin((1.0, 1.0, 1.0))),
    ]


def racket(stage: Stage) -> list[Shape]:
    """A racket that goes on from the forearm, and a ball that it meets once per swing."""
    frame = stage.look(
        photo=((0.1, 0.1, 0.12), (0.8, 0.1, 0.1)), video=((0.95, 0.85, 0.2), (0.9, 0.9, 0.92), (0.1, 0.3, 0.7))
    )
    hand, along = stage.joints.arm.tip, _forearm(stage)
    axes = facing(along, stage.joints.torso_axes[..., 2])
    centre, across = hand + 0.46 * along, axes[..., 0]
    strings = [
        rod(centre + x * across - 0.12 * along, centre + x * across + 0.12 * along, 0.005, _STRING)
        for x in (-0.06, 0.0, 0.06)
    ]
    strings += [
        rod(centre + y * along - 0.11 * across, centre + y * along + 0.11 * across, 0.005, _STRING)
        for y in (-0.07, 0.0, 0.07)
    ]
    since = np.mod(stage.phases, 1.0) - 0.56
    ahead = 0.75 + np.where(since < 0, -9.0, 12.0) * since
    ball = stage.riding(0.55, 0.95 + 0.5 * np.abs(since), ahead)
    return [
        rod(hand - 0.06 * along, hand + 0.3 * along, 0.018, frame),
        *ring(centre, 1.15 * along, across, radius=0.14, thickness=0.016, skin=frame, segments=10),
        *strings,
        stage.ball(ball, 0.05, Skin((0.8, 0.95, 0.15))),
    ]


def juggling_balls(stage: Stage) -> list[Shape]:
    """Three balls that go from hand to hand in high arcs, a third of a round apart."""
    skins = [
        stage.look(photo=((0.9, 0.15, 0.15), (0.95, 0.8, 0.1)), video=((0.2, 0.4, 0.9), (0.95, 0.95, 0.95)))
        for _ in range(3)
    ]
    skins = [Skin(skin.colour, (0.95, 0.95, 0.95), STRIPES, 6.0) if stage.video else skin for skin in skins]
    main, off = stage.joints.arm.tip, stage.joints.off_arm.tip
    high = stage.size(photo=(0.6, 0.85), video=(0.5, 0.9))
    shapes = []
    for ball, skin in enumerate(skins):
        turn = np.mod((stage.phases - 0.25 - 0.5 * ball) / 1.5 + ball % 2, 2.0)
        share = np.mod(turn, 1.0)[:, None]
        start, end = np.where(turn[:, None] < 1, main, off), np.where(turn[:, None] < 1, off, main)
        flown = np.clip(share / 0.8, 0, 1)
        centre = start + flown * (end - start) + (4 * high * flown * (1 - flown) + 0.06) * UP
        shapes.append(stage.ball(centre, 0.06, skin))
    return shapes


def jump_rope(stage: Stage) -> list[Shape]:
    """A rope from hand to hand that goes over the head and under the feet, once per hop."""
    angle = 2 * np.pi * stage.phases
    start, end = stage.joints.arm.tip, stage.joints.off_arm.tip
    sag = stage.along(0, 1.05 * np.sin(angle) + 0.16, -0.85 * np.cos(angle))
    skin = stage.look(photo=((0.9, 0.2, 0.2), (0.95, 0.8, 0.1)), video=((0.1, 0.1, 0.1), (0.9, 0.9, 0.9)))
    points = [start + s * (end - start) + np.sqrt(np.sin(np.pi * s)) * sag for s in np.linspace(0, 1, 13)]
    return chain(points, 0.018, skin)
