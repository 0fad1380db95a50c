"""A category-aware memory bank of optical-flow clips: memory-mapped, crash-safe, shared by workers."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowbank.admission import Admission
    from flowbank.bank import FlowBank
    from flowbank.codec import ArraySpec
    from flowbank.copying import copy
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

_MODULES = {  # imported at first use: torch takes seconds, and the command's --help does not need it
    "Admission": "admission",
    "ArraySpec": "codec",
    "BankFormatError": "errors",
    "BankInputError": "errors",
    "BankLockedError": "errors",
    "BankModeError": "errors",
    "BankSchemaError": "errors",
    "BankStorageError": "errors",
    "Draw": "draw",
    "FlowBank": "bank",
    "FlowBankError": "errors",
    "FlowReplacement": "replacement",
    "GenerationGoneError": "errors",
    "Verification": "verification",
    "copy": "copying",
    "export_contact_sheet": "export",
    "export_npz": "export",
    "merge": "merging",
    "remove": "removal",
    "verify": "verification",
}

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
    "copy",
    "export_contact_sheet",
    "export_npz",
    "merge",
    "remove",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'flowbank' has no attribute {name!r}")
    value = getattr(import_module(f"flowbank.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
