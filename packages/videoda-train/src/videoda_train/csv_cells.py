"""Names as cells of a CSV file that a spreadsheet may open."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def path_cell(path: str) -> str:
    """Return a path that no spreadsheet takes for a formula, and that still leads to the same file."""
    return f"./{path}" if path.startswith(_STARTS_A_FORMULA) else path


def name_cell(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula: with `'` in front where it would be one."""
    return f"'{name}" if name.startswith(_STARTS_A_FORMULA) else name
