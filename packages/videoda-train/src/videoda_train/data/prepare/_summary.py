"""What was found, set against what is published."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DomainSummary:
    """Counts of one list: found and published (None: not published), in label order; rows whose files are missing."""

    list_name: str
    dataset: str
    root: str
    classes: Sequence[str]
    found: Sequence[int]
    per_class: Sequence[int] | None
    total: int | None
    missing: Sequence[str] = ()

    @property
    def differences(self) -> list[str]:
        """Name each class whose count differs, and the total."""
        lines = []
        if self.per_class is not None:
            lines = [
                f"{name}: {found} found, {published} published"
                for name, found, published in zip(self.classes, self.found, self.per_class, strict=True)
                if found != published
            ]
        if self.total is not None and sum(self.found) != self.total:
            lines.append(f"all classes: {sum(self.found)} found, {self.total} published")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "dataset": self.dataset,
            "root": self.root,
            "found": sum(self.found),
            "published": self.total,
            "found_per_class": dict(zip(self.classes, self.found, strict=True)),
            "published_per_class": dict(zip(self.classes, self.per_class, strict=True)) if self.per_class else None,
            "differences": self.differences,
            "missing_files": list(self.missing),
        }


@dataclass(frozen=True)
class PrepareSummary:
    """One prepared task."""

    task: str
    classes: Sequence[str]
    domains: Sequence[DomainSummary]

    @property
    def complete(self) -> bool:
        """Whether every published count was met and every class has files."""
        return not any(domain.differences or domain.missing or 0 in domain.found for domain in self.domains)

    def texts(self) -> dict[str, str]:
        """Return what `classes.txt` and `summary.json` hold."""
        lists = {domain.list_name: domain.to_dict() for domain in self.domains}
        content = {"task": self.task, "complete": self.complete, "num_classes": len(self.classes), "lists": lists}
        return {
            "classes.txt": "".join(f"{name}\n" for name in self.classes),
            "summary.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n",
        }

    def lines(self, *, most: int = 15) -> list[str]:
        """Return the summary as text: counts, whether they are the published ones, and every difference."""
        lines = []
        for domain in self.domains:
            published = "counts not published" if domain.total is None else f"{domain.total} published"
            lines.append(f"{domain.list_name}.txt: {sum(domain.found)} of {domain.dataset} ({published})")
            lines += _shown([f"  {line}" for line in domain.differences], most)
            lines += _shown([f"  missing: {name}" for name in domain.missing], most)
            empty = [name for name, count in zip(domain.classes, domain.found, strict=True) if not count]
            if empty:
                lines.append(f"  no file of: {', '.join(empty)}")
        if not self.complete:
            lines.append("This is a partial data set: results on it are not comparable with the published ones.")
        return lines


def _shown(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"  … and {len(lines) - most} more, in summary.json"]
