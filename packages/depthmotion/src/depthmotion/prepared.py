"""A photo made ready for one path: frames, and the geometry between any two of them, on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from depthmotion.motion import PixelMotions
from depthmotion.render import RenderedFrame, render_frame, resolve_points, show_points
from depthmotion.scene import Fill, Scene
from depthmotion.visibility import visible_in
from depthmotion.workspace import Workspace


@dataclass(frozen=True)
class PreparedClip:
    """A scene with its motions: what every way of rendering a clip starts from."""

    scene: Scene
    motions: PixelMotions
    poses: Float64[np.ndarray, "t 4 4"]

    def __len__(self) -> int:
        return len(self.poses)

    def frames(
        self, *, fill: Fill = "background", with_flow: bool = True, with_depth: bool = False
    ) -> Iterator[RenderedFrame]:
        """Yield the frames one by one."""
        workspace = Workspace(*self.scene.shape)
        for t in range(len(self)):
            yield render_frame(
                self.scene,
                self.motions,
                t,
                workspace=workspace,
                fill=fill,
                flow_to=t + 1 if with_flow and t + 1 < len(self) else None,
                with_depth=with_depth,
            )

    def flow(self, t: int, to: int) -> Float32[np.ndarray, "h w 2"]:
        """Return the flow from frame t to any other frame, on frame t's grid [px]."""
        flow = np.empty((*self.scene.shape, 2), np.float32)
        resolve_points(self.scene, self.motions, t, workspace=self._shown(t), to=to, flow=flow)
        return flow

    def depth(self, t: int) -> Float32[np.ndarray, "h w"]:
        """Return the depth of what frame t shows."""
        depth = np.empty(self.scene.shape, np.float32)
        resolve_points(self.scene, self.motions, t, workspace=self._shown(t), depth=depth)
        return depth

    def visible(self, t: int, to: int) -> Bool[np.ndarray, "h w"]:
        """Return which pixels of frame t are seen in frame `to` as well: inside it and not hidden there."""
        workspace = self._shown(t)
        flow = np.empty((*self.scene.shape, 2), np.float32)
        depth = np.empty(self.scene.shape, np.float32)
        resolve_points(self.scene, self.motions, t, workspace=workspace, to=to, flow=flow, depth_in=to, depth=depth)
        return visible_in(flow, 1 / depth, 1 / self.depth(to), tolerance=self.scene.tolerance)

    def _shown(self, t: int) -> Workspace:
        workspace = Workspace(*self.scene.shape)
        show_points(
            self.scene,
            self.motions,
            t,
            workspace=workspace,
        )
        return workspace
