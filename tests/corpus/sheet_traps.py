"""Sheets that hide, merge, and do not begin with their header."""

from __future__ import annotations

from typing import Any

from raw_workbook import header, number, row, sheet_part, text, workbook
from trap import Case

_ROWS = "".join(row(line, text(f"A{line}", f"a{line}"), text(f"B{line}", f"k{line}")) for line in range(2, 5))
_KEY = {"Key": "SearchByValue"}
_BOTH = {"A": "mx_Custom_1", **_KEY}


def _ab(line: int, a: str | None, b: str, more: str = "") -> str:
    return row(line, *([text(f"A{line}", a)] if a is not None else []), text(f"B{line}", b), more=more)


def _merges(*references: str) -> str:
    return "<mergeCells>" + "".join(f'<mergeCell ref="{one}"/>' for one in references) + "</mergeCells>"


_HIDDEN = (
    header("A", "Key")
    + _ab(2, "seen", "k2")
    + _ab(3, "hidden by hand", "k3", 'hidden="1"')
    + _ab(4, "filtered away", "k4", 'hidden="true"')
    + _ab(5, "no height", "k5", 'ht="0" customHeight="1"')
    + _ab(6, "seen", "k6", 'ht="15"')
    + '<row r="7" hidden="1"/>'
)
_REPORT = (
    row(1, text("A1", "Visits of May"))
    + row(3, text("A3", "printed on"), number("B3", "45413", 1))
    + header("A", "Key", "Remarks", row_number=5)
    + _ab(6, "x", "k6")
    + _ab(8, "y", "k8")
    + row(9, text("A9", "Total"), number("B9", "2"))
    + row(11, text("A11", "All figures without tax"))
)

FILES: dict[str, bytes] = {
    "hidden_rows.xlsx": workbook({"S": sheet_part("", _HIDDEN, '<autoFilter ref="A1:B6"/>')}),
    "hidden_rows_behind_the_end.xlsx": workbook(
        {"S": header("A", "Key") + _ab(2, "a", "k") + _ab(3, "Total", "1") + _ab(4, "x", "y", 'hidden="1"')}
    ),
    "hidden_columns.xlsx": workbook(
        {
            "S": sheet_part(
                '<cols><col min="1" max="1" width="12"/><col min="2" max="3" width="9" hidden="1"/>'
                '<col min="5" max="5" width="0" customWidth="1"/><col min="6" max="16384" hidden="1"/></cols>',
                header("A", "B", "C", "D", "E") + row(2, text("A2", "x"), text("B2", "y")),
            )
        }
    ),
    "very_hidden_sheet.xlsx": workbook(
        {"Codes": header("Z") + row(2, text("A2", "z")), "Visits": header("A") + row(2, text("A2", "x"))},
        states={"Codes": "veryHidden"},
    ),
    "merged_down.xlsx": workbook(
        {
            "S": sheet_part(
                "",
                header("A", "Key")
                + _ab(2, "North", "k2")
                + _ab(3, None, "k3")
                + row(4, '<c r="A4"/>', text("B4", "k4"))
                + _ab(5, "South", "k5")
                + row(6, '<c r="A6"/>'),
                _merges("A2:A4", "A5:A6"),
            )
        }
    ),
    "merged_across.xlsx": workbook(
        {"S": sheet_part("", header("A", "B", "Key") + row(2, text("A2", "none"), text("C2", "k")), _merges("A2:B2"))}
    ),
    "merged_title.xlsx": workbook(
        {
            "S": sheet_part(
                "",
                row(1, text("A1", "Visits"))
                + header("A", "Key", row_number=2)
                + _ab(3, "x", "k")
                + row(4, text("A4", "Total")),
                _merges("A1:B1", "A4:B4", "D3:E9"),
            )
        }
    ),
    "report.xlsx": workbook({"S": _REPORT}, formats=("14",)),
    "header_twice.xlsx": workbook(
        {"S": header("A", "Key") + _ab(2, "x", "k") + header("A", "Key", row_number=3) + _ab(4, "y", "l")}
    ),
    "two_header_rows.xlsx": workbook(
        {
            "S": sheet_part(
                "",
                row(1, text("A1", "Visits"))
                + row(3, text("A3", "Key"), text("B3", "Address"), text("E3", "Remarks"), text("F3", "Contact"))
                + row(4, text("B4", "Street"), text("C4", "City"), text("F4", "Phone"), text("G4", "Mail"))
                + row(5, text("A5", "k"), text("B5", "1 Main Road"), text("C5", "Pune"), text("G5", "a@example.com")),
                _merges("A3:A4", "B3:C3", "E3:E4", "F3:G3"),
            )
        }
    ),
    "two_header_rows.csv": b"Visits,,,,,,\n,,,,,,\nKey,Address,,,Remarks,Contact,\n,Street,City,,,Phone,Mail\n"
    b"k,1 Main Road,Pune,,,,a@example.com\n",
    "wide_below_the_end.xlsx": workbook(
        {
            "S": header("A", "Key")
            + row(2, text("A2", "x"), text("B2", "k2"))
            + row(4, text("A4", "Total"), text("B4", "1"), text("E4", "signature"))
            + row(5, text("F5", "stamp"))
            + row(6, text("A6", "printed"), text("C6", "today"))
        }
    ),
    "wide_below_the_end.csv": b"A,Key\nx,k2\n\nTotal,1,,,signature\n,,,,,stamp\nprinted,,today\n",
    "report.csv": b"Visits of May\n\nprinted on;01/05/2024\n\nA;Key;Remarks\nx;k6;\n\ny;k8;\nTotal;2;\n",
    "trailing_columns.xlsx": workbook(
        {
            "S": row(1, text("A1", "A"), text("B1", "Key"), '<c r="C1" s="0"/>', text("D1", " "))
            + row(2, text("A2", "x"), text("B2", "k"), '<c r="C2" s="0"/>', text("D2", ""), '<c r="XFD2" s="0"/>')
        }
    ),
    "doubtful_headers.xlsx": workbook(
        {
            "S": header("A", "Twice", "", "Twice", "Key")
            + row(2, text("A2", "x"), text("B2", "1"), text("C2", "2"), text("D2", "3"), text("E2", "k"))
        }
    ),
}

_SPLIT = [
    ["Key", "Address / Street", "Address / City", "", "Remarks", "Contact / Phone", "Contact / Mail"],
    [(5, "k", "1 Main Road", "Pune", None, None, None, "a@example.com")],
]
_IN_REPORT: dict[str, Any] = {"rules": {"header_row": "auto", "headers": ["A", "Key", "Name"]}, "header_row": 5}
_FOUND = "the headers were found in row 5"


def _input(**said: Any) -> dict[str, Any]:
    return {"input": said, "columns": _BOTH}


def _of_hidden(rule: str | None, *findings: str, ignored: tuple[int, ...] = (), file: str = "hidden_rows.xlsx") -> Case:
    why = f"hidden: {rule}" if rule else "Whether hidden rows count is a person's to say."
    return Case(
        file, why, mapping=_input(**({"hidden": rule} if rule else {})), findings=list(findings), ignored=list(ignored)
    )


CASES: list[Case] = [
    Case(
        "hidden_rows.xlsx",
        "Rows that are hidden, filtered away or flat are there, and told.",
        ["A", "Key"],
        [
            (2, "seen", "k2"),
            (3, "hidden by hand", "k3"),
            (4, "filtered away", "k4"),
            (5, "no height", "k5"),
            (6, "seen", "k6"),
        ],
        sheet="S",
        hidden=[3, 4, 5],
    ),
    _of_hidden(None, "hidden_rows"),
    _of_hidden("include"),
    _of_hidden("skip", ignored=(3, 4, 5)),
    _of_hidden("error", "row 3 row_hidden", "row 4 row_hidden", "row 5 row_hidden"),
    Case(
        "hidden_rows_behind_the_end.xlsx",
        "Hidden rows below the table are nobody's question.",
        mapping=_input(stop_at="Total"),
        ignored=[3, 4],
    ),
    *(
        Case(
            f"wide_below_the_end.{kind}",
            "What stands below the table may be wider than it.",
            mapping=_input(stop_at="Total"),
            ignored=[4, 6],
            sent=[[2, "x"]],
        )
        for kind in ("xlsx", "csv")
    ),
    *(
        Case(
            f"wide_below_the_end.{kind}",
            "Without a word on where the table ends, such a value is a column without a header.",
            refused=("SourceError", "signature", "header"),
        )
        for kind in ("xlsx", "csv")
    ),
    Case(
        "hidden_columns.xlsx",
        "Columns that are hidden or have no width are told.",
        list("ABCDE"),
        [(2, "x", "y", None, None, None)],
        sheet="S",
        hidden_columns=["B", "C", "E"],
    ),
    Case(
        "very_hidden_sheet.xlsx",
        "A sheet that only a program can show is never picked.",
        ["A"],
        [(2, "x")],
        sheet="Visits",
    ),
    Case(
        "merged_down.xlsx",
        "Only the first cell of a merged range holds its value; the range is told.",
        ["A", "Key"],
        [(2, "North", "k2"), (3, None, "k3"), (4, None, "k4"), (5, "South", "k5")],
        sheet="S",
        merged=["A2:A4", "A5:A6"],
    ),
    Case(
        "merged_down.xlsx",
        "Filled, each row has the value that a person sees in it; a row without a value of its own stays away.",
        ["A", "Key"],
        [(2, "North", "k2"), (3, "North", "k3"), (4, "North", "k4"), (5, "South", "k5")],
        rules={"fill_merged": True},
        sheet="S",
    ),
    Case(
        "merged_down.xlsx",
        "What merged cells hold is a person's to say.",
        mapping=_input(),
        findings=["A merged_cells"],
    ),
    Case("merged_down.xlsx", "merged: fill", mapping=_input(merged="fill")),
    Case("merged_down.xlsx", "merged: empty", mapping=_input(merged="empty")),
    Case("merged_down.xlsx", "Merged cells of a column that nothing maps.", mapping={"columns": _KEY}),
    Case(
        "merged_across.xlsx",
        "Merged to the right.",
        mapping={"columns": {"B": "mx_Custom_1", **_KEY}},
        findings=["B merged_cells"],
    ),
    Case(
        "merged_across.xlsx",
        "The first of the merged cells is whole.",
        mapping={"columns": {"A": "mx_Custom_1", **_KEY}},
    ),
    Case(
        "merged_across.xlsx",
        "Filled to the right.",
        ["A", "B", "Key"],
        [(2, "none", "none", "k")],
        rules={"fill_merged": True},
        sheet="S",
    ),
    Case(
        "merged_title.xlsx",
        "A title above, a total below and a box beside the table are no merged data.",
        mapping=_input(header_row=2, stop_at="Total"),
        ignored=[4],
    ),
    Case(
        "report.xlsx",
        "The header is found by the columns that the mapping names; blank rows and rows above keep their numbers.",
        ["A", "Key", "Remarks"],
        [
            (6, "x", "k6", None),
            (8, "y", "k8", None),
            (9, "Total", 2, None),
            (11, "All figures without tax", None, None),
        ],
        sheet="S",
        notes=_FOUND,
        **_IN_REPORT,
    ),
    Case("report.xlsx", "A total ends the table.", mapping=_input(header_row="auto", stop_at="Total"), ignored=[9, 11]),
    Case(
        "report.csv",
        "The same from a text file, whose delimiter is the one that separates these columns.",
        ["A", "Key", "Remarks"],
        [(6, "x", "k6", None), (8, "y", "k8", None), (9, "Total", "2", None)],
        notes=_FOUND,
        **_IN_REPORT,
    ),
    Case(
        "header_twice.xlsx",
        "Two rows that could be the header are named, and none is taken.",
        rules={"header_row": "auto", "headers": ["A", "Key"]},
        refused=("SourceError", "header_twice.xlsx, S", "rows 1 and 3", "Set header_row"),
    ),
    Case(
        "report.xlsx",
        "No row is a header of other columns.",
        rules={"header_row": "auto", "headers": ["Email", "Phone"]},
        refused=("SourceError", "none of the first 7 rows", '"Email", "Phone"', "Set header_row"),
    ),
    Case(
        "two_header_rows.xlsx",
        "Two header rows: a merged upper one counts for each column below it.",
        *_SPLIT,
        rules={"header_row": [3, 4]},
        sheet="S",
        header_row=4,
    ),
    Case("two_header_rows.csv", "The same from a text file.", *_SPLIT, rules={"header_row": [3, 4]}, header_row=4),
    Case(
        "two_header_rows.xlsx",
        "A lower header row that is not there.",
        rules={"header_row": [1, 2]},
        refused=("SourceError", "two_header_rows.xlsx, S, row 2", "header_row"),
    ),
    Case(
        "trailing_columns.xlsx",
        "Emptiness to the right of the headers is no column.",
        ["A", "Key"],
        [(2, "x", "k")],
        sheet="S",
    ),
    Case(
        "doubtful_headers.xlsx",
        "Equal and empty headers of columns that nothing maps do not matter.",
        mapping={"columns": _BOTH},
    ),
    Case(
        "doubtful_headers.xlsx",
        "Which of two equal headers is meant cannot be told.",
        mapping={"columns": {"Twice": "mx_Custom_1", **_KEY}},
        findings=["column_twice"],
    ),
    Case(
        "doubtful_headers.xlsx",
        "A letter tells one without a header.",
        mapping={"columns": [{"letter": "C", "to": "mx_Custom_1"}, {"column": "Key", "to": "SearchByValue"}]},
    ),
]
