"""Looks: clothes, hair and skin, and the solid shapes that dress a skeleton."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from videoda_bench.miniature.primitives import HEAD, PLAID, PLAIN, SPLIT, STRIPES, Colour, Shape, Skin, cone, ellipsoid
from videoda_bench.miniature.skeleton import Body, Joints, Limb

_SKIN_TONES: tuple[Colour, ...] = (
    *((0.95, 0.78, 0.66), (0.88, 0.68, 0.54), (0.78, 0.57, 0.42)),
    *((0.62, 0.43, 0.3), (0.45, 0.3, 0.21), (0.33, 0.22, 0.16)),
)
_HAIR: tuple[Colour, ...] = (
    *((0.08, 0.06, 0.05), (0.2, 0.13, 0.08), (0.38, 0.24, 0.12)),
    *((0.7, 0.55, 0.3), (0.5, 0.2, 0.1), (0.62, 0.6, 0.58)),
)


@dataclass(frozen=True)
class Outfit:
    """What a figure wears and how it looks."""

    face: Skin
    bare: Colour
    shirt: Skin
    sleeve: Skin
    cuff: Skin
    trousers: Skin
    shin: Skin
    shoes: Skin
    hair: Skin
    long_hair: bool
    skirt: bool
    loose: float


def _colour(channels: np.ndarray) -> Colour:
    red, green, blue = (float(channel) for channel in channels)
    return red, green, blue


def _cloth(rng: np.random.Generator) -> Colour:
    value = rng.uniform(0.12, 0.95)
    return colorsys.hsv_to_rgb(rng.random(), min(1.0, rng.gamma(2.0, 0.2)), value)


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Random clothes: plain, striped or plaid shirt, long or short sleeves, trousers, shorts or a skirt."""
    bare = _SKIN_TONES[rng.integers(len(_SKIN_TONES))]
    hair = _HAIR[rng.integers(len(_HAIR))]
    shirt, second = _cloth(rng), _cloth(rng)
    pattern = int(rng.choice([PLAIN, STRIPES, PLAID], p=[0.6, 0.25, 0.15]))
    trousers = _cloth(rng) if rng.random() < 0.4 else _colour(rng.uniform(0.1, 0.35) * np.array([0.8, 0.9, 1.2]))
    short_sleeves, shorts = rng.random() < 0.45, rng.random() < 0.3
    return Outfit(
        face=Skin(bare, hair, HEAD, float(rng.uniform(0.2, 0.45))),
        bare=bare,
        shirt=Skin(shirt, second, pattern, float(rng.uniform(9, 16))),
        sleeve=Skin(shirt, bare, SPLIT, 0.65)
        if short_sleeves
        else Skin(shirt, second, pattern, float(rng.uniform(9, 14))),
        cuff=Skin(bare) if short_sleeves else Skin(shirt, bare, SPLIT, 0.9),
        trousers=Skin(trousers, bare, SPLIT, 0.75) if shorts else Skin(trousers),
        shin=Skin(bare) if shorts else Skin(trousers),
        shoes=Skin(_colour(rng.uniform(0.08, 0.9) * np.array([1, 0.95, 0.9]))),
        hair=Skin(hair),
        long_hair=bool(rng.random() < 0.4),
        skirt=bool(rng.random() < 0.12),
        loose=float(rng.uniform(1.0, 1.25)),
    )


def _dressed_arm(limb: Limb, unit: float, outfit: Outfit) -> list[Shape]:
    wide = unit * outfit.loose
    return [
        cone(limb.root, limb.middle, radii=(0.06 * wide, 0.047 * wide), skin=outfit.sleeve),
        cone(limb.middle, limb.end, radii=(0.045 * wide, 0.032 * unit), skin=outfit.cuff),
        cone(limb.end, limb.tip, radii=(0.037 * unit, 0.034 * unit), skin=Skin(outfit.bare)),
    ]


def _dressed_leg(limb: Limb, unit: float, outfit: Outfit) -> list[Shape]:
    wide = unit * outfit.loose
    return [
        cone(limb.root, limb.middle, radii=(0.092 * wide, 0.062 * wide), skin=outfit.trousers),
        cone(limb.middle, limb.end, radii=(0.06 * wide, 0.042 * unit), skin=outfit.shin),
        cone(limb.end, limb.tip, radii=(0.05 * unit, 0.036 * unit), skin=outfit.shoes),
    ]


def dress(joints: Joints, *, body: Body, outfit: Outfit) -> list[Shape]:
    """The figure's shapes over time: trunk, limbs, hands, shoes, head and hair."""
    unit, scale = body.girth, body.height / 1.75
    torso, pelvis, head = joints.torso_axes, joints.pelvis_axes, joints.head_axes
    chest = joints.neck - 0.17 * scale * torso[..., 1]
    belly = 0.5 * (joints.pelvis + joints.neck) - 0.05 * scale * torso[..., 1]
    shapes = [
        ellipsoid(chest, axes=torso, half=(body.shoulder_half_width, 0.215 * scale, 0.118 * unit), skin=outfit.shirt),
        ellipsoid(belly, axes=torso, half=(0.158 * unit * outfit.loose, 0.24 * scale, 0.112 * unit), skin=outfit.shirt),
        cone(joints.arm.root, joints.off_arm.root, radii=(0.066 * unit, 0.066 * unit), skin=Skin(outfit.shirt.colour)),
        ellipsoid(
            joints.pelvis,
            axes=pelvis,
            half=(0.165 * unit, 0.135 * scale, 0.122 * unit),
            skin=Skin(outfit.trousers.colour),
        ),
        cone(joints.neck, joints.head, radii=(0.056 * unit, 0.052 * unit), skin=Skin(outfit.bare)),
        ellipsoid(joints.head, axes=head, half=(0.083 * scale, 0.125 * scale, 0.1 * scale), skin=outfit.face),
    ]
    shapes += _dressed_arm(joints.arm, unit, outfit) + _dressed_arm(joints.off_arm, unit, outfit)
    shapes += _dressed_leg(joints.leg, unit, outfit) + _dressed_leg(joints.off_leg, unit, outfit)
    if outfit.long_hair:
        back = joints.head - scale * (0.075 * head[..., 1] + 0.055 * head[..., 2])
        shapes.append(ellipsoid(back, axes=head, half=(0.09 * scale, 0.16 * scale, 0.06 * scale), skin=outfit.hair))
    if outfit.skirt:
        knees = 0.5 * (joints.leg.middle + joints.off_leg.middle)
        shapes.append(cone(joints.pelvis, knees, radii=(0.15 * unit, 0.2 * unit), skin=Skin(outfit.trousers.colour)))
    return shapes
