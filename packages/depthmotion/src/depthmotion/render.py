"""One frame of a scene: which points are seen, where exactly, in which colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from depthmotion.cracks import close_cracks, count_holes, extend_background
from depthmotion.motion import PixelMotions
from depthmotion.resolve import resolve_frame
from depthmotion.scene import Fill, Scene
from depthmotion.splat import splat_extra, splat_photo
from depthmotion.workspace import Workspace

TELEA_RADIUS = 3


@dataclass(frozen=True)
class RenderedFrame:
    """One frame: RGB, where the photo is seen, flow to the next frame (None for the last), depth if asked for."""

    image: UInt8[np.ndarray, "h w 3"]
    valid: Bool[np.ndarray, "h w"]
    flow: Float32[np.ndarray, "h w 2"] | None
    depth: Float32[np.ndarray, "h w"] | None


def show_points(
    scene: Scene,
    motions: PixelMotions,
    t: int,
    *,
    sides: Int32[np.ndarray, "4"],
    parallax: int,
    workspace: Workspace,
) -> None:
    """Fill the workspace's `index` and `nearness` with the point that every pixel of frame t shows.

    `sides` and `parallax` say how far the frame looks past the photo's borders and behind its edges (see `Reach`).
    """
    camera = scene.camera
    matrix, shift = motions.matrix[t], motions.shift[t]
    index, nearness = workspace.index, workspace.nearness
    cells = index.reshape(-1), nearness.reshape(-1)
    extra = scene.extra_x, scene.extra_y, scene.extra_disparity, scene.extra_labels
    surfaces = scene.planes, scene.labels.reshape(-1), *extra
    view = motions.inverse[t], motions.back[t], camera.cx, camera.cy, np.float32(scene.tolerance)
    scratch = workspace.flags, workspace.marked, workspace.queue, workspace.winners, workspace.values
    workspace.clear()
    splat_photo(scene.disparity, scene.labels, camera.cx, camera.cy, matrix, shift, *cells)
    close_cracks(index, nearness, *surfaces, *view, 0, *scratch)
    if count_holes(index) == 0:
        return
    runs = scene.extra_runs(sides, parallax)
    splat_extra(*extra, runs, camera.cx, camera.cy, matrix, shift, scene.shape, scene.num_photo, *cells)
    close_cracks(index, nearness, *surfaces, *view, scene.num_photo, *scratch)
    holes = count_holes(index)
    if holes == scene.num_photo:
        index[1, 1] = 0
    if holes:
        extend_background(index, nearness, workspace.marked, workspace.queue, workspace.winners)


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
        workspace.index, scene.planes, scene.disparity.reshape(-1), scene.labels.reshape(-1), scene.extra_disparity,
        scene.extra_labels, motions.inverse[t], motions.back[t], motions.matrix[target], motions.shift[target],
        motions.matrix[view], motions.shift[view], scene.camera.cx, scene.camera.cy, scene.num_plate, scene.margin, xy,
        workspace.fraction,
        np.empty((0, width, 2), np.float32) if flow is None else flow,
        np.empty((0, width), np.float32) if depth is None else depth,
        np.empty((0, width), np.bool_) if valid is None else valid,
        workspace.scratch, workspace.layer, workspace.row_labels,
    )  # fmt: skip


def render_frame(
    scene: Scene,
    motions: PixelMotions,
    t: int,
    *,
    sides: Int32[np.ndarray, "4"],
    parallax: int,
    workspace: Workspace,
    fill: Fill = "background",
    flow_to: int | None = None,
    with_depth: bool = False,
) -> RenderedFrame:
    """Warp one frame from the photo; `flow_to` is the frame its flow leads to. See `show_points` for the reach."""
    height, width = scene.shape
    show_points(scene, motions, t, sides=sides, parallax=parallax, workspace=workspace)
    valid = np.empty((height, width), np.bool_)
    flow = None if flow_to is None else np.empty((height, width, 2), np.float32)
    depth = np.empty((height, width), np.float32) if with_depth else None
    resolve_points(
        scene, motions, t, workspace=workspace, to=flow_to, flow=flow, depth=depth, valid=valid, for_texture=True
    )
    image = scene.texture.read(workspace.xy.view(np.int16).reshape(height, width, 2), workspace.fraction)
    if fill == "telea":
        image = np.asarray(cv2.inpaint(image, (~valid).view(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA), np.uint8)
    elif fill == "none":
        image[~valid] = 0
    return RenderedFrame(image, valid, flow, depth)
