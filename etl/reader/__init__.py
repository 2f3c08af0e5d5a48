"""A file into blocks of typed cells: what it is comes from its content, and nothing in it is guessed."""

from etl.reader.opening import READERS, open_input, sheets_of
from etl.reader.rows_as_written import OffersTexts, WrittenRows
from etl.reader.rules import EmptySheetError, InputRules, OpenInput, Reader

__all__ = [
    "READERS",
    "EmptySheetError",
    "InputRules",
    "OffersTexts",
    "OpenInput",
    "Reader",
    "WrittenRows",
    "open_input",
    "sheets_of",
]
