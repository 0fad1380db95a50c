"""What can go wrong with a bank: one hierarchy, so that one `except FlowBankError` catches it all."""


class FlowBankError(Exception):
    """Base class of every error that flowbank raises on purpose."""


class BankInputError(FlowBankError, ValueError):
    """An argument has a wrong shape, dtype, range or value."""


class BankFormatError(FlowBankError):
    """A folder is not a bank, or its files are truncated or damaged."""


class BankSchemaError(BankFormatError):
    """A bank was written by a newer flowbank."""


class BankStorageError(FlowBankError):
    """The disk refused: full, read-only, or an input/output error. The last committed generation stays."""


class BankLockedError(FlowBankError):
    """Another process or object is writing to the bank."""


class BankModeError(FlowBankError):
    """The bank is closed, opened for reading only, or inherited by a forked process."""


class GenerationGoneError(FlowBankError):
    """The generation asked for is no longer stored."""
