"""How a clip shows itself in a notebook."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from depthmotion.clip_files import encode_video
from depthmotion.contact_sheet import contact_sheet
from depthmotion.image_files import encode_image

if TYPE_CHECKING:
    from depthmotion.clip import Clip


def as_png(clip: Clip) -> bytes:
    """Return the contact sheet as a PNG."""
    return encode_image(contact_sheet(clip), suffix=".png")


def as_html(clip: Clip) -> str:
    """Return the clip as a video that plays in a loop, with its contact sheet; nothing is loaded from elsewhere."""
    sheet = base64.b64encode(as_png(clip)).decode()
    parts = [f"<div>{escape(repr(clip))}</div>"]
    if min(clip.frames.shape[1:3]) >= 2:
        video = base64.b64encode(encode_video(clip.frames)).decode()
        parts.append(f'<video controls autoplay loop muted src="data:video/mp4;base64,{video}"></video>')
    parts.append(f'<div><img alt="frames, flow and depth" src="data:image/png;base64,{sheet}"></div>')
    return "\n".join(parts)
