"""One frame of a scene: which points are seen, where exactly, in which colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from depthmotion.cracks import close_cracks, close_hairlines
from depthmotion.holes import continue_surfaces, find_holes
from depthmotion.motion import PixelMotions
from depthmotion.resolve import resolve_frame
from depthmotion.scene import Fill, Scene
from depthmotion.silhouettes import blend_silhouettes, find_silhouettes
from depthmotion.splat import splat_photo
from depthmotion.workspace import Workspace

TELEA_RADIUS = 3


@dataclass(frozen=True)
class RenderedFrame:
    """One frame: RGB, where the photo is seen, flow to the next frame (None for the last), depth if asked for."""

    image: UInt8[np.ndarray, "h w 3"]
    valid: Bool[np.ndarray, "h w"]
    flow: Float32[np.ndarray, "h w 2"] | None
    depth: Float32[np.ndarray, "h w"] | None


def show_points(scene: Scene, motions: PixelMotions, t: int, *, workspace: Workspace) -> int:
    """Fill the workspace's `index` and `nearness` with the point that every pixel of frame t shows.

    Its `steps` are then the pixels beside something nearer; returns their number.
    """
    camera = scene.camera
    index, nearness, planes, labels = workspace.index, workspace.nearness, scene.planes, scene.labels
    tolerance = np.float32(scene.tolerance)
    workspace.clear()
    splat_photo(
        scene.disparity, labels, camera.cx, camera.cy, motions.matrix[t], motions.shift[t], index.reshape(-1),
        nearness.reshape(-1),
    )  # fmt: skip
    if motions.matrix.shape[1] == 1:  # neighbours in the photo may belong to two objects of one depth
        close_hairlines(index, nearness, tolerance, workspace.flags)
    num_steps = close_cracks(
        index, nearness, planes, labels.reshape(-1), motions.inverse[t], motions.back[t], camera.cx, camera.cy,
        tolerance, workspace.flags, workspace.marked, workspace.queue, workspace.winners, workspace.values,
        workspace.steps,
    )  # fmt: skip
    count = find_holes(index, workspace.flags, workspace.queue, workspace.ends, workspace.column_ends)
    continue_surfaces(
        index, nearness, scene.covered.reshape(-1), labels.reshape(-1), tolerance, workspace.queue, count,
        workspace.ends, workspace.column_ends,
    )  # fmt: skip
    return int(num_steps)


def resolve_points(
    scene: Scene,
    motions: PixelMotions,
    t: int,
    *,
    workspace: Workspace,
    to: int | None = None,
    depth_in: int | None = None,
    flow: Float32[np.ndarray, "fh w 2"] | None = None,
    depth: Float32[np.ndarray, "dh w"] | None = None,
    valid: Bool[np.ndarray, "vh w"] | None = None,
    for_texture: bool = False,
) -> None:
    """Fill the given outputs of frame t from the points it shows: flow to frame `to`, depth (in another), validity."""
    width = scene.shape[1]
    target = t if to is None else to
    view = t if depth_in is None else depth_in
    xy = workspace.xy if for_texture else workspace.xy[:0]
    resolve_frame(
        workspace.index, workspace.nearness, scene.planes, scene.disparity.reshape(-1), scene.labels.reshape(-1),
        scene.covered.reshape(-1), np.float32(scene.tolerance), motions.inverse[t], motions.back[t],
        motions.matrix[target], motions.shift[target], motions.matrix[view], motions.shift[view], scene.camera.cx,
        scene.camera.cy, scene.texture.margins, xy, workspace.fraction,
        np.empty((0, width, 2), np.float32) if flow is None else flow,
        np.empty((0, width), np.float32) if depth is None else depth,
        np.empty((0, width), np.bool_) if valid is None else valid,
    )  # fmt: skip


def _draw(
    scene: Scene, motions: PixelMotions, t: int, *, workspace: Workspace, num_silhouettes: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Read the colours of all pixels and mix them where edges cross them."""
    height, width = scene.shape
    texture, camera = scene.texture, scene.camera
    image = texture.read(workspace.xy.view(np.int16).reshape(height, width, 2), workspace.fraction)
    blend_silhouettes(
        image, texture.photo, texture.backdrop, camera.cx, camera.cy, texture.margins[2], texture.margins[0],
        workspace.cells, workspace.mixtures, num_silhouettes,
    )  # fmt: skip
    return image


def render_frame(
    scene: Scene,
    motions: PixelMotions,
    t: int,
    *,
    workspace: Workspace,
    fill: Fill = "background",
    flow_to: int | None = None,
    with_depth: bool = False,
) -> RenderedFrame:
    """Warp one frame from the photo; `flow_to` is the frame its flow leads to."""
    height, width = scene.shape
    num_steps = show_points(scene, motions, t, workspace=workspace)
    camera = scene.camera
    num_silhouettes = find_silhouettes(
        workspace.index, workspace.nearness, scene.planes, scene.edges, scene.disparity.reshape(-1),
        scene.labels.reshape(-1), scene.covered.reshape(-1), motions.inverse[t], motions.back[t], camera.cx, camera.cy,
        np.float32(scene.tolerance), workspace.steps, num_steps, workspace.marked, workspace.queue, workspace.cells,
        workspace.mixtures,
    )  # fmt: skip
    valid = np.empty((height, width), np.bool_)
    flow = None if flow_to is None else np.empty((height, width, 2), np.float32)
    depth = np.empty((height, width), np.float32) if with_depth else None
    resolve_points(
        scene, motions, t, workspace=workspace, to=flow_to, flow=flow, depth=depth, valid=valid, for_texture=True
    )
    image = _draw(scene, motions, t, workspace=workspace, num_silhouettes=num_silhouettes)
    if fill == "telea":
        image = np.asarray(cv2.inpaint(image, (~valid).view(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA), np.uint8)
    elif fill == "none":
        image[~valid] = 0
    return RenderedFrame(image, valid, flow, depth)
