"""Which columns a results file has, and what stands in ours."""

from __future__ import annotations

import pytest

from etl.reconciler.columns import defused, input_positions, own_cells, result_headers
from etl.records import ETL_COLUMNS, OWN_COLUMNS, VERIFIED_COLUMN, Outcome

from .conftest import MakeLine, MakeTable


def test_outcome_columns_come_first_and_the_input_follows(make_table: MakeTable) -> None:
    """The header is ours, then the input's in its order, a column that happens to have one of our names included."""
    table = make_table(["Visit ID", "ProspectActivityId", "Remarks"])

    assert result_headers(table) == (*ETL_COLUMNS, "Visit ID", "ProspectActivityId", "Remarks")


def test_our_own_columns_are_not_repeated(make_table: MakeTable) -> None:
    """When the input is one of our files its outcome columns give way to the new ones, wherever a person moved them."""
    headers = ["Visit ID", *ETL_COLUMNS, "Remarks"]

    assert input_positions(make_table(headers)) == (0, 8)
    assert result_headers(make_table(headers)) == (*ETL_COLUMNS, "Visit ID", "Remarks")


def test_an_id_column_of_the_input_survives_its_second_round(make_table: MakeTable) -> None:
    """In our own file only the first ProspectActivityId is ours; the one behind it came with the input and stays."""
    table = make_table([*ETL_COLUMNS, "ProspectActivityId", "Remarks"])

    assert input_positions(table) == (7, 8)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"], ids=["=", "+", "-", "@", "tab", "CR"])
def test_a_text_of_ours_never_starts_like_a_formula(start: str) -> None:
    """What LeadSquared answers may reach a spreadsheet program, but not as a formula."""
    assert defused(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", [None, "", "F41: no date", "a=b"], ids=["none", "empty", "plain", "sign inside"])
def test_other_texts_of_ours_stay(text: str | None) -> None:
    """Only the first character counts."""
    assert defused(text) == text


def test_own_cells_stand_in_the_order_of_the_outcome_columns(make_line: MakeLine) -> None:
    """Row and run are numbers, the status is its word, and every text is defused."""
    line = make_line(row=7, status=Outcome.REFUSED, activity_id="=i", error="+e", hint="-h", code="@c")

    assert own_cells(line) == (7, "refused", "'=i", "'+e", "'-h", "'@c", 41)


def test_what_verifying_found_stands_behind_the_run(make_table: MakeTable, make_line: MakeLine) -> None:
    """The column is there in verified results only, before the input's own, and its texts are defused too."""
    line = make_line(verified="=held")

    assert result_headers(make_table(), ("etl_verified",)) == (*ETL_COLUMNS, "etl_verified", "Visit ID", "Remarks")
    assert own_cells(line, ("etl_verified",)) == (*own_cells(line), "'=held")
    assert VERIFIED_COLUMN not in result_headers(make_table())
    assert len(own_cells(line)) == len(ETL_COLUMNS)


def test_the_verified_column_of_our_own_file_is_ours(make_table: MakeTable) -> None:
    """Read back it is not taken for the input's; in a file that is not ours a column of that name is the person's."""
    ours, theirs = make_table([*OWN_COLUMNS, "Visit ID"]), make_table(["Visit ID", VERIFIED_COLUMN])

    assert input_positions(ours) == (len(OWN_COLUMNS),)
    assert result_headers(ours) == (*ETL_COLUMNS, "Visit ID")
    assert input_positions(theirs) == (0, 1)
