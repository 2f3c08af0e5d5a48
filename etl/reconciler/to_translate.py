"""Values that fit no option, as a sheet in which a person says what is meant: `visits.to-translate.xlsx`.

It has the columns of a translation file, so its lines can be used as they are once "use this" is filled in. The same values
give the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_col_to_name

from etl.mapping.translation import COLUMN, USE, VALUE
from etl.reconciler.exact_workbook import ExactWorksheet, fitting, open_workbook, storable
from etl.reconciler.workbook_styles import Styles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xlsxwriter import Workbook

    from etl.mapping.translation import UnknownValue

HEADERS = (COLUMN, VALUE, "how often", "nearest option", USE)
_WIDTHS = (24, 32, 12, 32, 32)
_USE = HEADERS.index(USE)
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 (else every file would differ from the one before)


def write_to_translate(path: Path, values: Sequence[UnknownValue]) -> None:
    """Write them; the options of each column stand on a hidden sheet, for the list that Excel offers under "use this".

    Raises: OSError — the disk is full, or the like.
    """
    with open_workbook(path) as workbook:
        workbook.set_properties({"created": _CREATED})
        styles = Styles.of(workbook)
        sheet = workbook.add_worksheet("to translate", ExactWorksheet)
        lists = _write_options(workbook, values, styles)
        sheet.freeze_panes(1, 0)
        for place, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True)):
            sheet.set_column(place, place, width, styles.own_number if header == "how often" else styles.text)
            sheet.write_string(0, place, header, styles.own_header)
        for row, value in enumerate(values, 1):
            _write_line(sheet, row, value, styles)
            _offer(sheet, row, lists[value.column.letter])
        sheet.ignore_errors({"number_stored_as_text": f"A1:E{len(values) + 1}"})


def _write_line(sheet: Any, row: int, value: UnknownValue, styles: Styles) -> None:
    for place, text in enumerate((value.column.header or value.column.letter, value.value)):
        sheet.write_string(row, place, storable(fitting(text)), styles.text)
    sheet.write_number(row, 2, value.times, styles.own_number)
    if value.nearest:
        sheet.write_string(row, 3, storable(fitting(value.nearest)), styles.text)


def _offer(sheet: Any, row: int, source: str) -> None:
    """A list to choose from. Another text only asks back: a multichoice takes several options."""
    sheet.data_validation(
        row,
        _USE,
        row,
        _USE,
        {
            "validate": "list",
            "source": source,
            "error_type": "warning",
            "error_title": "No option",
            "error_message": "The mapping has no such option for this column.",
        },
    )


def _write_options(workbook: Workbook, values: Sequence[UnknownValue], styles: Styles) -> dict[str, str]:
    """A hidden sheet with the options of each column below each other. Returns: by column letter, where they stand."""
    options: dict[str, dict[str, None]] = {}
    for value in values:
        options.setdefault(value.column.letter, {}).update(value.options)
    sheet = workbook.add_worksheet("options", ExactWorksheet)
    sheet.hide()
    columns = [list(one) for one in options.values()]
    for row in range(max(map(len, columns), default=0)):  # row by row: the workbook keeps one in memory
        for place, words in enumerate(columns):
            if row < len(words):
                sheet.write_string(row, place, storable(fitting(words[row])), styles.text)
    names = [xl_col_to_name(place, col_abs=True) for place in range(len(columns))]
    places = zip(options, names, columns, strict=True)
    return {letter: f"=options!{name}$1:{name}${len(words)}" for letter, name, words in places}
