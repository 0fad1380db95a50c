"""The exceptions of the miniature worlds."""

from __future__ import annotations


class MiniatureError(Exception):
    """A miniature world cannot be made as asked; the message says what to change."""
