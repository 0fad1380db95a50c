"""The report page of one run or several."""

from videoda_train.report.page import write_report

__all__ = ["write_report"]
