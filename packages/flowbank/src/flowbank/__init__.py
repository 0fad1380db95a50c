"""A category-aware memory bank of optical-flow clips: memory-mapped, crash-safe, shared by workers."""

from flowbank.admission import Admission
from flowbank.bank import FlowBank
from flowbank.codec import ArraySpec
from flowbank.draw import Draw
from flowbank.errors import (
    BankFormatError,
    BankInputError,
    BankLockedError,
    BankModeError,
    BankSchemaError,
    BankStorageError,
    FlowBankError,
    GenerationGoneError,
)
from flowbank.export import export_contact_sheet, export_npz
from flowbank.merging import merge
from flowbank.removal import remove
from flowbank.replacement import FlowReplacement
from flowbank.verification import Verification, verify

__version__ = "0.1.0"

__all__ = [
    "Admission",
    "ArraySpec",
    "BankFormatError",
    "BankInputError",
    "BankLockedError",
    "BankModeError",
    "BankSchemaError",
    "BankStorageError",
    "Draw",
    "FlowBank",
    "FlowBankError",
    "FlowReplacement",
    "GenerationGoneError",
    "Verification",
    "export_contact_sheet",
    "export_npz",
    "merge",
    "remove",
    "verify",
]
