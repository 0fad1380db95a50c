"""Rows × seeds of a task: planned, run in processes of their own, collected and set against the published numbers."""
