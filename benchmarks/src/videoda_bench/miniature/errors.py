"""The exceptions of the miniature worlds."""

from __future__ import annotations

from videoda_train.errors import VideodaError


class MiniatureError(VideodaError):
    """A miniature world cannot be made as asked; the message says what to change."""
