"""The page of a reproduction: one HTML file that needs no network."""

from videoda_bench.report.page import write_page

__all__ = ["write_page"]
