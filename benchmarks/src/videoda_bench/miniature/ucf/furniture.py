"""What stands or hangs where someone works out, writes, climbs or cooks."""

from __future__ import annotations

import numpy as np

from videoda_bench.miniature.primitives import Shape, Skin, cone, ellipsoid
from videoda_bench.miniature.ucf.stage import Stage, darker, rod


def writing_board(stage: Stage) -> list[Shape]:
    """A board ahead of the figure with lines of writing: green or black in photos, mostly white in videos."""
    dark = ((0.1, 0.26, 0.2), (0.1, 0.12, 0.13))
    skin = stage.look(photo=dark, video=((0.93, 0.94, 0.95), (0.9, 0.92, 0.95), (0.12, 0.3, 0.22)))
    ink = Skin((0.95, 0.95, 0.9)) if sum(skin.colour) < 1.5 else Skin((0.1, 0.15, 0.5))
    hand = stage.joints.arm.tip.mean(axis=0)
    ahead = float((hand - stage.path.mean(axis=0)) @ stage.turn[:, 2]) + 0.1
    wide, x = stage.size(photo=(1.0, 1.6), video=(1.2, 1.9)), stage.rng.uniform(-0.4, 0.4)
    frame = stage.look(photo=((0.5, 0.35, 0.2),), video=((0.7, 0.7, 0.72),))
    shapes = [
        stage.solid(stage.fixed(x, 1.5, ahead + 0.03), (wide + 0.05, 0.66, 0.02), frame),
        stage.solid(stage.fixed(x, 1.5, ahead), (wide, 0.6, 0.03), skin),
    ]
    for height in (1.95, 1.8, 1.65, 1.5):
        left = x - wide + stage.rng.uniform(0.1, 0.3)
        while left < x + wide - 0.4:
            length = stage.rng.uniform(0.08, 0.3)
            if stage.rng.random() < 0.7:
                end = stage.fixed(left + length, height + stage.rng.uniform(-0.03, 0.03), ahead - 0.03)
                shapes.append(rod(stage.fixed(left, height, ahead - 0.03), end, 0.014, ink))
            left += length + 0.1
    return shapes


def climbing_wall(stage: Stage) -> list[Shape]:
    """A wall ahead of the figure: rock with ledges in photos, panels with bright holds in videos."""
    wall = stage.look(
        photo=((0.5, 0.42, 0.35), (0.56, 0.5, 0.45), (0.42, 0.38, 0.36)),
        video=((0.62, 0.6, 0.58), (0.72, 0.56, 0.36), (0.36, 0.42, 0.55)),
    )
    bright = ((0.85, 0.15, 0.15), (0.95, 0.8, 0.1), (0.1, 0.55, 0.25), (0.15, 0.3, 0.8), (0.9, 0.4, 0.7))
    depth = 0.42
    shapes = [stage.solid(stage.fixed(0, 2.6, depth + 0.1), (5.0, 2.6, 0.1), wall)]
    for _ in range(70 if stage.video else 110):
        x, y = stage.rng.normal(0, 0.9), stage.rng.uniform(0.2, 4.6)
        if stage.video:
            half, skin = (0.07, 0.05, 0.06), stage.look(photo=bright, video=bright)
        else:
            size = stage.rng.uniform(0.1, 0.5)
            shade = stage.rng.uniform(0.85, 1.1)
            half, skin = (size, 0.7 * size, 0.07), darker(wall, shade)
        turned = stage.tilted("z", stage.rng.uniform(-50, 50))
        shapes.append(ellipsoid(stage.fixed(x, y, depth), axes=turned, half=half, skin=skin))
    line = stage.look(photo=((0.8, 0.2, 0.5), (0.2, 0.5, 0.8)), video=((0.9, 0.9, 0.3), (0.2, 0.7, 0.9)))
    return [
        *shapes,
        rod(stage.joints.pelvis + stage.along(0, 0.05, 0.14), stage.fixed(0.1, 5.2, depth - 0.05), 0.014, line),
    ]


def kitchen_counter(stage: Stage) -> list[Shape]:
    """A counter ahead of the figure with a board, whole vegetables and slices."""
    top = stage.look(
        photo=((0.75, 0.72, 0.68), (0.5, 0.35, 0.22)), video=((0.3, 0.3, 0.32), (0.9, 0.9, 0.88), (0.62, 0.45, 0.28))
    )
    hand = stage.joints.off_arm.tip.mean(axis=0)
    level = float(hand[1]) - 0.1
    ahead = float((hand - stage.path.mean(axis=0)) @ stage.turn[:, 2])
    board = stage.look(photo=((0.85, 0.68, 0.42),), video=((0.95, 0.95, 0.93), (0.4, 0.7, 0.45)))
    cupboard = stage.look(photo=((0.9, 0.88, 0.84),), video=((0.5, 0.33, 0.2), (0.3, 0.4, 0.45)))
    fresh = ((0.85, 0.15, 0.1), (0.25, 0.6, 0.15), (0.95, 0.5, 0.1), (0.95, 0.85, 0.2))
    shapes = [
        stage.solid(stage.fixed(0, level - 0.03, ahead + 0.08), (1.1, 0.03, 0.34), top),
        stage.solid(stage.fixed(0, 0.5 * level - 0.03, ahead + 0.12), (1.06, 0.5 * level - 0.03, 0.28), cupboard),
        stage.solid(stage.fixed(-0.05, level + 0.01, ahead + 0.06), (0.26, 0.012, 0.17), board),
    ]
    for _ in range(9):
        x, z = stage.rng.uniform(-0.5, 0.5), ahead + stage.rng.uniform(-0.1, 0.25)
        half = (stage.rng.uniform(0.03, 0.07), 0.04, 0.04)
        turned = stage.tilted("y", stage.rng.uniform(0, 180))
        skin = stage.look(photo=fresh, video=fresh)
        shapes.append(ellipsoid(stage.fixed(x, level + 0.04, z), axes=turned, half=half, skin=skin))
    return shapes


def punching_bag(stage: Stage) -> list[Shape]:
    """A bag hanging from a chain ahead of the figure; it swings back after every punch."""
    leather = stage.look(
        photo=((0.12, 0.12, 0.13), (0.6, 0.08, 0.08)), video=((0.35, 0.2, 0.1), (0.15, 0.2, 0.45), (0.8, 0.8, 0.78))
    )
    ahead = 0.95
    since = np.mod(stage.phases[:, None] - np.array([0.16, 0.5]), 1.0)
    away = 0.14 * np.sin(np.pi * np.clip(since / 0.3, 0.0, 1.0)).sum(axis=-1)
    low = stage.fixed(-0.02, 0.75, ahead + away)
    high = stage.fixed(-0.02, 1.75, ahead + 0.4 * away)
    gloves = stage.look(photo=((0.8, 0.1, 0.1),), video=((0.1, 0.1, 0.1), (0.2, 0.4, 0.8)))
    fists = [
        stage.ball(0.5 * (arm.end + arm.tip) + 0.02 * (arm.tip - arm.end), 0.085, gloves)
        for arm in (stage.joints.arm, stage.joints.off_arm)
    ]
    return [
        cone(low, high, radii=(0.18, 0.18), skin=leather),
        rod(high, stage.fixed(-0.02, 4.0, ahead), 0.02, Skin((0.5, 0.5, 0.52))),
        *fists,
    ]
