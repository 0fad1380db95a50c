"""What carries or goes beside a figure: horse and dog, bicycle, boat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.primitives import Colour, Shape, Skin, cone, ellipsoid
from videoda_bench.miniature.ucf.poses import CRANK_RADIUS
from videoda_bench.miniature.ucf.stage import Points, Stage, darker, ring, rod, unit

_COATS: tuple[Colour, ...] = ((0.36, 0.2, 0.1), (0.5, 0.3, 0.16), (0.16, 0.12, 0.1))
_PALE_COATS: tuple[Colour, ...] = ((0.85, 0.82, 0.78), (0.55, 0.52, 0.5), (0.24, 0.16, 0.12))


def _legs(
    stage: Stage, hips: list[Points], *, length: float, reach: float, thickness: float, starts: list[float], skin: Skin
) -> list[Shape]:
    """Four two-bone legs that swing by `reach` metres and lift on the way forward."""
    shapes = []
    for hip, start in zip(hips, starts, strict=True):
        angle = 2 * np.pi * (stage.phases + start)
        lift = 0.22 * length * np.maximum(np.cos(angle), 0.0)
        hoof = hip + stage.along(0.0, lift - length, reach * np.sin(angle))
        knee = 0.5 * (hip + hoof) + stage.along(0.0, 0.0, 0.6 * lift)
        shapes += [
            cone(hip, knee, radii=(1.5 * thickness, thickness), skin=skin),
            cone(knee, hoof, radii=(thickness, 0.9 * thickness), skin=skin),
        ]
    return shapes


def horse(stage: Stage) -> list[Shape]:
    """A galloping horse under the figure, with mane, tail, saddle and reins."""
    coat = stage.look(photo=_COATS, video=_PALE_COATS)
    dark = darker(coat, 0.35)
    wave = 2 * np.pi * stage.phases
    lift, nod = 0.05 * np.sin(wave), 0.07 * np.sin(wave + 2.0)
    withers, rump = stage.riding(0.0, 1.16 + lift + 0.4 * nod, 0.5), stage.riding(0.0, 1.16 + lift - 0.4 * nod, -0.62)
    poll = stage.riding(0.0, 1.82 + lift + nod, 1.08)
    muzzle = stage.riding(0.0, 1.5 + lift + 1.3 * nod, 1.46)
    shapes = [
        cone(withers, rump, radii=(0.28, 0.31), skin=coat),
        cone(stage.riding(0.0, 1.26 + lift, 0.62), poll, radii=(0.2, 0.12), skin=coat),
        cone(poll, muzzle, radii=(0.12, 0.075), skin=coat),
        cone(stage.riding(0.0, 1.42 + lift, 0.5), poll - stage.along(0, -0.06, 0.1), radii=(0.05, 0.07), skin=dark),
        *(rod(poll, poll + stage.along(0.06 * side, 0.16, -0.02), 0.03, coat) for side in (-1, 1)),
        cone(
            rump - stage.along(0, -0.12, 0.26),
            stage.riding(0.06 * np.sin(wave), 0.62, -1.2),
            radii=(0.05, 0.09),
            skin=dark,
        ),
        cone(
            stage.riding(0, 1.43 + lift, 0.2),
            stage.riding(0, 1.43 + lift, -0.25),
            radii=(0.1, 0.12),
            skin=Skin((0.2, 0.1, 0.06)),
        ),
        *(rod(arm.tip, muzzle, 0.012, Skin((0.12, 0.08, 0.06))) for arm in (stage.joints.arm, stage.joints.off_arm)),
    ]
    hips = [stage.riding(0.17 * side, 1.05 + lift, z) for z in (0.52, -0.66) for side in (-1, 1)]
    return shapes + _legs(
        stage, hips, length=0.99, reach=0.42, thickness=0.055, starts=[0.0, 0.12, 0.5, 0.62], skin=coat
    )


def dog(stage: Stage) -> list[Shape]:
    """A trotting dog ahead on a leash."""
    coat = stage.look(
        photo=((0.75, 0.55, 0.3), (0.2, 0.16, 0.13), (0.9, 0.86, 0.8)), video=(*_COATS, (0.93, 0.92, 0.9))
    )
    tall = stage.size(photo=(0.5, 0.66), video=(0.36, 0.62))
    x, z = stage.size(photo=(0.25, 0.5), video=(0.2, 0.6)), stage.size(photo=(0.7, 1.0), video=(0.75, 1.15))
    wave = 2 * np.pi * 2 * stage.phases

    def at(up: float, ahead: float, side: float = 0.0) -> Points:
        return stage.riding(x + side * tall, tall * up + 0.015 * np.sin(wave), z + tall * ahead)

    collar, head = at(1.0, 0.62), at(1.2, 0.78)
    leash = stage.look(photo=((0.7, 0.1, 0.1),), video=((0.1, 0.1, 0.12), (0.1, 0.3, 0.7)))
    trot = replace(stage, phases=2 * stage.phases)
    return [
        cone(at(0.82, 0.45), at(0.8, -0.5), radii=(0.22 * tall, 0.19 * tall), skin=coat),
        cone(at(0.9, 0.5), head, radii=(0.16 * tall, 0.15 * tall), skin=coat),
        cone(head, at(1.12, 1.12), radii=(0.15 * tall, 0.08 * tall), skin=coat),
        *(rod(at(1.3, 0.76, 0.1 * side), at(1.12, 0.72, 0.2 * side), 0.05 * tall, coat) for side in (-1, 1)),
        cone(at(0.9, -0.55), at(1.3, -0.85), radii=(0.07 * tall, 0.04 * tall), skin=coat),
        rod(stage.joints.arm.tip, collar, 0.012, leash),
        *_legs(
            trot,
            [at(0.72, ahead, 0.12 * side) for ahead in (0.42, -0.48) for side in (-1, 1)],
            length=0.68 * tall,
            reach=0.28 * tall,
            thickness=0.065 * tall,
            starts=[0.0, 0.5, 0.5, 0.0],
            skin=coat,
        ),
    ]


def bicycle(stage: Stage) -> list[Shape]:
    """A bicycle under the figure: turning wheels, cranks at its feet, bars at its hands."""
    frame = stage.look(
        photo=((0.8, 0.1, 0.1), (0.1, 0.3, 0.7), (0.9, 0.9, 0.9)), video=((0.1, 0.1, 0.1), (0.5, 0.5, 0.55))
    )
    tyre, metal = Skin((0.07, 0.07, 0.08)), Skin((0.7, 0.7, 0.72))
    ahead, up = stage.along(0, 0, 1), stage.along(0, 1, 0)
    radius = stage.size(photo=(0.33, 0.36), video=(0.28, 0.36))
    crank = stage.riding(0, 0.3, 0.22)
    hubs = stage.riding(0, radius, -0.34), stage.riding(0, radius, 0.74)
    shapes: list[Shape] = []
    for hub in hubs:
        shapes += ring(hub, ahead, up, radius=radius - 0.02, thickness=0.028, skin=tyre, segments=16)
        for spoke in range(3):
            angle = (2 * np.pi * (2 * stage.phases + spoke / 6))[:, None]
            line = (radius - 0.03) * (np.cos(angle) * ahead - np.sin(angle) * up)
            shapes.append(rod(hub - line, hub + line, 0.008, metal))
    bars = 0.5 * (stage.joints.arm.tip + stage.joints.off_arm.tip)
    bars = stage.path + stage.along(0, np.sum((bars - stage.path) * up, -1), np.sum((bars - stage.path) * ahead, -1))
    seat = 0.5 * (stage.joints.leg.root + stage.joints.off_leg.root) - 0.14 * up
    head = hubs[1] + 0.4 * up - 0.1 * ahead
    for start, end in (
        (hubs[0], crank),
        (crank, seat),
        (hubs[0], seat - 0.12 * up),
        (seat - 0.15 * up, head),
        (crank, head),
    ):
        shapes.append(rod(start, end, 0.022, frame))
    shapes += [rod(hubs[1], head, 0.02, frame), rod(head, bars, 0.018, frame)]
    shapes += [rod(bars, arm.tip, 0.016, metal) for arm in (stage.joints.arm, stage.joints.off_arm)]
    shapes.append(cone(seat + 0.1 * ahead, seat - 0.1 * ahead, radii=(0.03, 0.07), skin=tyre))
    for side in (1, -1):
        angle = 2 * np.pi * stage.phases + (0 if side > 0 else np.pi)
        arm = 0.86 * CRANK_RADIUS
        foot = crank + stage.along(0.1 * side, -arm * np.sin(angle), arm * np.cos(angle))
        shapes.append(rod(crank + stage.along(0.1 * side, 0, 0), foot, 0.016, metal))
    return shapes


def boat(stage: Stage) -> list[Shape]:
    """A boat that lies in the water under the figure, and two oars that its hands swing about the rowlocks."""
    hull = stage.look(
        photo=((0.92, 0.9, 0.86), (0.85, 0.2, 0.15)), video=((0.45, 0.28, 0.14), (0.9, 0.8, 0.2), (0.2, 0.35, 0.6))
    )
    wide, long = stage.size(photo=(0.34, 0.5), video=(0.4, 0.62)), stage.size(photo=(2.4, 3.2), video=(1.8, 2.6))
    shapes = [
        ellipsoid(stage.riding(0, 0.06, 0.4), axes=stage.axes, half=(wide, 0.3, long), skin=hull),
        ellipsoid(
            stage.riding(0, 0.2, 0.4),
            axes=stage.axes,
            half=(0.7 * wide, 0.19, 0.7 * long),
            skin=Skin((0.25, 0.18, 0.12)),
        ),
    ]
    wood = stage.look(photo=((0.8, 0.65, 0.42),), video=((0.55, 0.4, 0.25), (0.85, 0.85, 0.85)))
    blade = stage.look(photo=((0.9, 0.2, 0.2), (0.95, 0.95, 0.95)), video=((0.2, 0.5, 0.3), (0.8, 0.7, 0.4)))
    dip: Float[np.ndarray, " t"] = 0.3 * np.clip(np.sin(2 * np.pi * (stage.phases - 0.02)), -0.6, 0.8)
    for arm, side in ((stage.joints.arm, 1.0), (stage.joints.off_arm, -1.0)):
        lock = stage.riding(side * (wide + 0.25), 0.5, 0.42)
        out = unit(lock - arm.tip)
        reach = 1.7 * out
        end = lock + reach
        end[:, 1] = 0.12 - dip
        shapes += [
            rod(arm.tip, end, 0.03, wood),
            rod(stage.riding(side * 0.6 * wide, 0.3, 0.42), lock, 0.025, Skin((0.3, 0.3, 0.3))),
        ]
        tip = end + 0.25 * unit(end - lock)
        shapes.append(cone(end - 0.25 * unit(end - lock), tip, radii=(0.05, 0.1), skin=blade))
    return shapes
