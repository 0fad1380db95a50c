"""File names in the manner of the real datasets, oddities included."""

from __future__ import annotations

import numpy as np

PHOTO_WORDS: dict[str, str] = {
    **{"clap": "applauding", "climb": "climbing", "drink": "drinking", "jump": "jumping", "kick": "kicking"},
    **{"pour": "pouring", "push": "pushing", "run": "running", "smoke": "smoking", "wave": "waving"},
}
"""First part of the photos' names per class."""

_TITLES = (
    *(
        "Harbour_Lights",
        "#12_Courtyard_Days",
        "Rain_&_Tea",
        "(trailer)North_Pier",
        "Old_Mill_Road_2",
        "20070415slowmorning",
    ),
    *(
        "The_Long_Weekend",
        "#7_Rooftop",
        "Salt_&_Stone",
        "A_Letter(HQ)",
        "May_03_garden",
        "LastTramHome",
        "Paper_Boats[2]",
    ),
)


def photo_name(action: str, index: int) -> str:
    """A still's file name without extension, such as `applauding_136`."""
    return f"{PHOTO_WORDS[action]}_{index + 1:03d}"


def video_name(
    action: str,
    index: int,
    *,
    heading_deg: float,
    whole_body: bool,
    camera_moves: bool,
    sharpness: str,
    rng: np.random.Generator,
) -> str:
    """A video's file name without extension: title, action, visible body, camera motion, view, quality, number."""
    title = _TITLES[rng.integers(len(_TITLES))]
    view = ("fr", "le", "ba", "ri")[int(((heading_deg + 45) % 360) // 90)]
    parts = (
        title,
        action,
        "f" if whole_body else "u",
        "cm" if camera_moves else "nm",
        "np1",
        view,
        sharpness,
        str(index),
    )
    return "_".join(parts)
