"""The currencies that formats show are found however a row is read: many alike at once, or one by one."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from etl.reader import InputRules, open_input
from etl.records import FormatCurrency


def test_currencies_are_found_among_rows_that_are_read_together(tmp_path: Path) -> None:
    """In a column whose rows are alike, and in one where some differ; texts and empty cells of that format do not count."""
    with xlsxwriter.Workbook(str(tmp_path / "large.xlsx")) as workbook:
        rupees, dollars = (workbook.add_format({"num_format": code}) for code in ("[$₹-4009] #,##0", '"$"0'))
        sheet = workbook.add_worksheet("S")
        sheet.write_row(0, 0, ["One", "Two", "Text"])
        for row in range(1, 3_000):
            sheet.write_number(row, 0, row, rupees if row >= 800 else None)
            if row >= 650:  # behind the rows that are read one by one, until it is learnt how they are written
                sheet.write_number(row, 1, row, dollars)
            sheet.write_string(row, 2, f"t{row}", dollars)
        sheet.write_blank(3_000, 0, None, dollars)
        sheet.write_string(3_000, 2, "end")

    with open_input(tmp_path / "large.xlsx", InputRules()) as opened:
        *_, last = opened.blocks(1_000)

    assert list(last.numbers) == []
    assert set(last.currencies) == {FormatCurrency("A", "₹", 801), FormatCurrency("B", "$", 651)}
