"""From datasets as their owners ship them to list files whose counts are checked."""

from videoda_train.data.prepare._cards import DATASETS, DatasetCard
from videoda_train.data.prepare._kinetics_babel import MERGED_CLASSES, prepare_k2b
from videoda_train.data.prepare._photos_videos import PublishedList, prepare_photos_videos
from videoda_train.data.prepare._published import B2U, E2H, S2U, DomainFacts, PublishedTask
from videoda_train.data.prepare._summary import DomainSummary, PrepareSummary

__all__ = [
    "B2U",
    "DATASETS",
    "E2H",
    "MERGED_CLASSES",
    "S2U",
    "DatasetCard",
    "DomainFacts",
    "DomainSummary",
    "PrepareSummary",
    "PublishedList",
    "PublishedTask",
    "prepare_k2b",
    "prepare_photos_videos",
]
