"""Exact ray casting of rounded cones, ellipsoids and boxes before a floor and a back wall (numba, one z-buffer)."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from numba import njit

from videoda_bench.miniature.camera import Camera
from videoda_bench.miniature.primitives import BOX, CONE, HEAD, PLAID, SPLIT, STRIPES, Primitives
from videoda_bench.miniature.scenery import Scene

NEAR = 0.05


@njit(cache=True, nogil=True, inline="always")
@no_type_check
def _mirrored(position: float, size: int) -> float:
    """A texture coordinate folded back and forth into [0, size − 1]."""
    span = 2.0 * (size - 1)
    folded = position - span * np.floor(position / span)
    return folded if folded <= size - 1 else span - folded


@njit(cache=True, nogil=True)
@no_type_check
def _sample(texture: np.ndarray, level: float, x: float, y: float, colour: np.ndarray) -> None:
    """Bilinear colour from a stack (levels, H, W, 3) of ever blurrier textures; `level` is rounded."""
    layer = min(max(int(level + 0.5), 0), texture.shape[0] - 1)
    x = _mirrored(x, texture.shape[2])
    y = _mirrored(y, texture.shape[1])
    x0 = min(int(x), texture.shape[2] - 2)
    y0 = min(int(y), texture.shape[1] - 2)
    fx = x - x0
    fy = y - y0
    for c in range(3):
        top = texture[layer, y0, x0, c] * (1 - fx) + texture[layer, y0, x0 + 1, c] * fx
        bottom = texture[layer, y0 + 1, x0, c] * (1 - fx) + texture[layer, y0 + 1, x0 + 1, c] * fx
        colour[c] = top * (1 - fy) + bottom * fy


@njit(cache=True, nogil=True)
@no_type_check
def _background(
    image: np.ndarray,
    depth: np.ndarray,
    lens: np.ndarray,
    eye: np.ndarray,
    axes: np.ndarray,
    wall: np.ndarray,
    floor: np.ndarray,
    stage: np.ndarray,
    shadows: np.ndarray,
) -> None:
    """Paint floor and back wall; `stage` = (wall z, wall px/m, floor px/m), `axes` rows = camera axes in the world."""
    colour = np.zeros(3)
    for v in range(image.shape[0]):
        for u in range(image.shape[1]):
            rx = (u - lens[2]) / lens[0]
            ry = (v - lens[3]) / lens[1]
            dx = axes[0, 0] * rx + axes[1, 0] * ry + axes[2, 0]
            dy = axes[0, 1] * rx + axes[1, 1] * ry + axes[2, 1]
            dz = axes[0, 2] * rx + axes[1, 2] * ry + axes[2, 2]
            to_wall = (stage[0] - eye[2]) / dz if dz < -1e-6 else 1e9
            to_floor = -eye[1] / dy if dy < -1e-6 else 1e9
            hit = min(min(to_wall, to_floor), 60.0)
            x = eye[0] + hit * dx
            y = eye[1] + hit * dy
            z = eye[2] + hit * dz
            dark = 0.0
            if to_floor < to_wall:
                _sample(
                    floor,
                    np.log2(max(stage[2] * hit * hit / (lens[0] * eye[1]), 1.0)),
                    x * stage[2],
                    z * stage[2],
                    colour,
                )
                for k in range(shadows.shape[0]):
                    ex = (x - shadows[k, 0]) / shadows[k, 2]
                    ez = (z - shadows[k, 1]) / shadows[k, 2]
                    dark = max(dark, shadows[k, 3] * np.exp(-(ex * ex + ez * ez)))
            else:
                row = wall.shape[1] - 1 - min(max(y * stage[1], 0.0), wall.shape[1] - 1.0)
                _sample(wall, np.log2(max(stage[1] * hit / lens[0], 1.0)), x * stage[1], row, colour)
                dark = max(0.0, 0.28 - 0.5 * y) * 0.6
            for c in range(3):
                image[v, u, c] = colour[c] * (1.0 - dark)
            depth[v, u] = hit


@njit(cache=True, nogil=True)
@no_type_check
def _bounds(kind: int, shape: np.ndarray, lens: np.ndarray, height: int, width: int, box: np.ndarray) -> None:
    """Screen rectangle [u0, u1) × [v0, v1) that surely holds a primitive given in camera coordinates."""
    box[0], box[1], box[2], box[3] = width, 0, height, 0
    for k in range(2 if kind == CONE else 1):
        x, y, z = shape[4 * k], shape[4 * k + 1], shape[4 * k + 2]
        if kind == CONE:
            r = shape[4 * k + 3]
        elif kind == BOX:
            r = np.sqrt(shape[3] ** 2 + shape[4] ** 2 + shape[5] ** 2)
        else:
            r = max(shape[3], max(shape[4], shape[5]))
        if z - r < NEAR:
            if z + r > NEAR:
                box[0], box[1], box[2], box[3] = 0, width, 0, height
            continue
        low, high = 1.0 / (z + r), 1.0 / (z - r)
        u0 = lens[2] + lens[0] * min((x - r) * low, (x - r) * high)
        u1 = lens[2] + lens[0] * max((x + r) * low, (x + r) * high)
        v0 = lens[3] + lens[1] * min((y - r) * low, (y - r) * high)
        v1 = lens[3] + lens[1] * max((y + r) * low, (y + r) * high)
        box[0] = min(box[0], max(0, int(np.floor(u0))))
        box[1] = max(box[1], min(width, int(np.ceil(u1)) + 1))
        box[2] = min(box[2], max(0, int(np.floor(v0))))
        box[3] = max(box[3], min(height, int(np.ceil(v1)) + 1))


@njit(cache=True, nogil=True)
@no_type_check
def _hit_cone(shape: np.ndarray, rx: float, ry: float, hit: np.ndarray) -> float:
    """Depth of the ray (rx, ry, 1) on a rounded cone: the hull of spheres (shape[0:3], [3]) and (shape[4:7], [7]).

    A point q on the side touches the sphere at t = (q·axis + r0·dr) / K with K = |axis|² − dr², which turns the surface
    into one quadratic in depth; outside 0 ≤ t ≤ 1 the end spheres take over. `hit` gets the normal and t.
    """
    bx, by, bz = shape[4] - shape[0], shape[5] - shape[1], shape[6] - shape[2]
    dr = shape[7] - shape[3]
    k = bx * bx + by * by + bz * bz - dr * dr
    dd = rx * rx + ry * ry + 1.0
    if k > 1e-9:
        db = rx * bx + ry * by + bz
        ob = -(shape[0] * bx + shape[1] * by + shape[2] * bz) + shape[3] * dr
        od = -(shape[0] * rx + shape[1] * ry + shape[2])
        oo = shape[0] ** 2 + shape[1] ** 2 + shape[2] ** 2
        a = dd - db * db / k
        b = od - ob * db / k
        c = oo - shape[3] ** 2 - ob * ob / k
        root = b * b - a * c
        if root < 0.0 and a > 0.0:
            return -1.0
        if a > 1e-12:
            s = (-b - np.sqrt(root)) / a
            t = (ob + s * db) / k
            r = shape[3] + t * dr
            if s > NEAR and 0.0 <= t <= 1.0:
                hit[0] = (s * rx - shape[0] - t * bx) / r
                hit[1] = (s * ry - shape[1] - t * by) / r
                hit[2] = (s - shape[2] - t * bz) / r
                hit[3] = t
                return s
    best = 1e9
    for end in range(2):
        x, y, z, r = shape[4 * end], shape[4 * end + 1], shape[4 * end + 2], shape[4 * end + 3]
        od = x * rx + y * ry + z
        root = od * od - dd * (x * x + y * y + z * z - r * r)
        if root >= 0.0:
            s = (od - np.sqrt(root)) / dd
            if NEAR < s < best:
                best = s
                hit[0], hit[1], hit[2], hit[3] = (s * rx - x) / r, (s * ry - y) / r, (s - z) / r, end
    return best if best < 1e9 else -1.0


@njit(cache=True, nogil=True)
@no_type_check
def _hit_solid(kind: int, shape: np.ndarray, rx: float, ry: float, hit: np.ndarray) -> float:
    """Depth on an ellipsoid or box: centre [0:3], half sizes [3:6], axes as rows [6:15]; `hit` gets normal, local."""
    near, far = -1e9, 1e9
    face = 0
    a, b, c = 0.0, 0.0, -1.0
    for i in range(3):
        ax, ay, az = shape[6 + 3 * i], shape[7 + 3 * i], shape[8 + 3 * i]
        o = -(shape[0] * ax + shape[1] * ay + shape[2] * az) / shape[3 + i]
        d = (rx * ax + ry * ay + az) / shape[3 + i]
        hit[4 + i] = o
        hit[7 + i] = d
        a += d * d
        b += o * d
        c += o * o
        if kind == BOX:
            if abs(d) < 1e-9:
                if abs(o) > 1.0:
                    return -1.0
                continue
            first = (-1.0 - o) / d if d > 0 else (1.0 - o) / d
            last = (1.0 - o) / d if d > 0 else (-1.0 - o) / d
            if first > near:
                near, face = first, i
            far = min(far, last)
    if kind == BOX:
        if near > far or near < NEAR:
            return -1.0
        s = near
        sign = -1.0 if hit[7 + face] > 0 else 1.0
        for j in range(3):
            hit[j] = sign * shape[6 + 3 * face + j]
    else:
        root = b * b - a * c
        if root < 0.0:
            return -1.0
        s = (-b - np.sqrt(root)) / a
        if s < NEAR:
            return -1.0
    for i in range(3):
        hit[4 + i] += s * hit[7 + i]
    if kind != BOX:
        for j in range(3):
            hit[j] = 0.0
            for i in range(3):
                hit[j] += hit[4 + i] / shape[3 + i] * shape[6 + 3 * i + j]
        norm = np.sqrt(hit[0] ** 2 + hit[1] ** 2 + hit[2] ** 2)
        for j in range(3):
            hit[j] /= norm
    hit[3] = hit[5]
    return s


@njit(cache=True, nogil=True)
@no_type_check
def _second_colour(skin: np.ndarray, kind: int, hit: np.ndarray) -> float:
    """Weight of a material's second colour at a hit: stripes, plaid, a sleeve's end, or hair and features of a head."""
    pattern = int(skin[6])
    amount = skin[7]
    if pattern == STRIPES:
        return 1.0 if np.sin(hit[3] * amount) > 0.2 else 0.0
    if pattern == PLAID:
        across = hit[4] if kind != CONE else hit[0]
        return 0.5 * (np.sin(hit[3] * amount) > 0.3) + 0.5 * (np.sin(across * amount) > 0.3)
    if pattern == SPLIT:
        return 1.0 if hit[3] > amount else 0.0
    if pattern == HEAD:
        x, y, z = hit[4], hit[5], hit[6]
        if y > amount + 0.35 * z or z < -0.25:
            return 1.0
        if z > 0.3 and (abs(x) - 0.36) ** 2 + (y - 0.08) ** 2 < 0.018:
            return 0.85
        if z > 0.3 and abs(x) < 0.28 and abs(y + 0.5) < 0.07:
            return 0.45
    return 0.0


@njit(cache=True, nogil=True)
@no_type_check
def _paint(
    image: np.ndarray,
    depth: np.ndarray,
    lens: np.ndarray,
    kinds: np.ndarray,
    shapes: np.ndarray,
    skins: np.ndarray,
    light: np.ndarray,
    up: np.ndarray,
    ambient: float,
) -> None:
    """Draw primitives given in camera coordinates over image and depth, shaded by one light and the sky."""
    height, width = depth.shape
    box = np.zeros(4, dtype=np.int64)
    hit = np.zeros(10)
    for n in range(kinds.shape[0]):
        kind = kinds[n]
        shape = shapes[n]
        skin = skins[n]
        _bounds(kind, shape, lens, height, width, box)
        for v in range(box[2], box[3]):
            ry = (v - lens[3]) / lens[1]
            for u in range(box[0], box[1]):
                rx = (u - lens[2]) / lens[0]
                s = _hit_cone(shape, rx, ry, hit) if kind == CONE else _hit_solid(kind, shape, rx, ry, hit)
                if s < NEAR or s >= depth[v, u]:
                    continue
                depth[v, u] = s
                lit = hit[0] * light[0] + hit[1] * light[1] + hit[2] * light[2]
                sky = hit[0] * up[0] + hit[1] * up[1] + hit[2] * up[2]
                facing = -(hit[0] * rx + hit[1] * ry + hit[2]) / np.sqrt(rx * rx + ry * ry + 1.0)
                lit = max(0.0, 0.25 + 0.75 * lit)
                shade = ambient * (0.75 + 0.25 * sky) + (1.05 - ambient) * lit
                shade *= 0.72 + 0.28 * max(facing, 0.0)
                w = _second_colour(skin, kind, hit)
                for c in range(3):
                    image[v, u, c] = shade * (skin[c] * (1 - w) + skin[3 + c] * w)


@njit(cache=True, nogil=True)
@no_type_check
def _into_camera(kinds: np.ndarray, shapes: np.ndarray, eye: np.ndarray, axes: np.ndarray, out: np.ndarray) -> None:
    """Primitives from world to camera coordinates."""
    for n in range(kinds.shape[0]):
        for i in range(15):
            out[n, i] = shapes[n, i]
        for i in range(3):
            out[n, i] = 0.0
            for j in range(3):
                out[n, i] += axes[i, j] * (shapes[n, j] - eye[j])
        if kinds[n] == CONE:
            for i in range(3):
                out[n, 4 + i] = 0.0
                for j in range(3):
                    out[n, 4 + i] += axes[i, j] * (shapes[n, 4 + j] - eye[j])
        else:
            for k in range(3):
                for i in range(3):
                    out[n, 6 + 3 * k + i] = 0.0
                    for j in range(3):
                        out[n, 6 + 3 * k + i] += axes[i, j] * shapes[n, 6 + 3 * k + j]


def render(
    primitives: Primitives,
    *,
    camera: Camera,
    scene: Scene,
    image_size: tuple[int, int],
    shift: tuple[float, float] = (0.0, 0.0),
) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """Colour (0 to about 1) and exact depth along the optical axis [m] of one instant.

    `shift` moves the sampling positions right and down by a part of a pixel.
    """
    image = np.empty((*image_size, 3), dtype=np.float32)
    depth = np.empty(image_size, dtype=np.float32)
    lens: Float64[np.ndarray, "4"] = np.array(
        [camera.focal, camera.focal, (image_size[1] - 1) / 2 - shift[0], (image_size[0] - 1) / 2 - shift[1]]
    )
    stage = np.array([scene.wall_z, scene.wall_scale, scene.floor_scale])
    _background(image, depth, lens, camera.eye, camera.axes, scene.wall, scene.floor, stage, primitives.shadows)
    shapes = np.empty_like(primitives.shapes)
    kinds: Int64[np.ndarray, " n"] = primitives.kinds
    _into_camera(kinds, primitives.shapes, camera.eye, camera.axes, shapes)
    light: Float[np.ndarray, "3"] = camera.axes @ scene.light
    up = np.ascontiguousarray(camera.axes[:, 1])
    _paint(image, depth, lens, kinds, shapes, primitives.skins, light, up, scene.ambient)
    if scene.fog > 0:
        haze = 1.0 - np.exp(-scene.fog * depth)[..., None]
        image += haze * (scene.fog_colour - image)
    return image, depth
