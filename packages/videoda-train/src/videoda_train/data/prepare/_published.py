"""Classes and published counts of the photo → video tasks.

Source of the counts: the lists of "Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory Bank and
Realistic Video Generation" (ACM MM 2024).
"""

from dataclasses import dataclass

from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.prepare._ucf101_classes import UCF101_CLASSES
from videoda_train.recipes import e2h

VIDEO_SUFFIXES = frozenset({".avi", ".mp4", ".mkv", ".webm"})


@dataclass(frozen=True)
class DomainFacts:
    """One side of a task: the dataset's own class names in label order, and what is published of its counts."""

    dataset: str
    folders: tuple[str, ...]
    suffixes: frozenset[str]
    per_class: tuple[int, ...] | None = None
    total: int | None = None


@dataclass(frozen=True)
class PublishedTask:
    """A task's classes in label order and its two sides."""

    name: str
    classes: tuple[str, ...]
    source: DomainFacts
    target: DomainFacts


E2H = PublishedTask(
    name="e2h",
    classes=e2h.CLASSES,
    source=DomainFacts("eads", e2h.CLASSES, IMAGE_SUFFIXES, e2h.NUM_IMAGES, 3014),
    target=DomainFacts("hmdb51", e2h.CLASSES, VIDEO_SUFFIXES, e2h.NUM_VIDEOS, 1690),
)

_S2U = (
    ("WritingOnBoard", "writing_on_a_board", 183, 152),
    ("WalkingWithDog", "walking_the_dog", 293, 123),
    ("BrushingTeeth", "brushing_teeth", 200, 131),
    ("MoppingFloor", "cleaning_the_floor", 212, 110),
    ("RockClimbingIndoor", "climbing", 295, 144),
    ("Archery", "shooting_an_arrow", 214, 145),
    ("Rowing", "rowing_a_boat", 185, 137),
    ("CuttingInKitchen", "cutting_vegetables", 189, 110),
    ("HorseRiding", "riding_a_horse", 296, 164),
    ("Biking", "riding_a_bike", 293, 134),
    ("PlayingGuitar", "playing_guitar", 289, 160),
    ("PlayingViolin", "playing_violin", 260, 100),
)

S2U = PublishedTask(
    name="s2u",
    classes=tuple(row[0] for row in _S2U),
    source=DomainFacts("stanford40", tuple(row[1] for row in _S2U), IMAGE_SUFFIXES, tuple(r[2] for r in _S2U), 2909),
    target=DomainFacts("ucf101", tuple(row[0] for row in _S2U), VIDEO_SUFFIXES, tuple(r[3] for r in _S2U), 1610),
)

B2U = PublishedTask(
    name="b2u",
    classes=UCF101_CLASSES,
    source=DomainFacts("bu101", UCF101_CLASSES, IMAGE_SUFFIXES),
    target=DomainFacts("ucf101", UCF101_CLASSES, VIDEO_SUFFIXES, total=13320),
)
"""Its lists were not published: no counts but UCF101's own number of videos."""
