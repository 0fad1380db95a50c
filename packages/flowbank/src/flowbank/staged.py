"""What the next commit would publish, ready to be read."""

import numpy as np
from jaxtyping import UInt8

from flowbank.errors import BankModeError
from flowbank.snapshot import Snapshot
from flowbank.writer import Writer


class StagedSnapshot(Snapshot):
    """The working set as it is now, readable until it changes.

    Args:
        writer: whose working set.
    """

    def __init__(self, writer: Writer) -> None:
        self.config = writer.config
        self.checked = True
        self.index = writer.staging.build()
        self._folder = writer.folder
        self._writer = writer
        self._changes = writer.changes

    def release(self) -> None:
        """Nothing is held."""

    def _record(self, row: int) -> UInt8[np.ndarray, " bytes"]:
        with self._writer.mutex:
            if self._writer.changes != self._changes or not self._writer.is_open:
                raise BankModeError(f"the bank in {self._folder} has changed since: call staged() again")
            record = np.empty(self.config.record_bytes, dtype=np.uint8)
            self._writer.read_record(int(self.index.entries["slot"][row]), record)
            return record
