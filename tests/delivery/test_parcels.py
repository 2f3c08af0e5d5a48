"""A parcel without some of its rows."""

from __future__ import annotations

from etl.delivery.parcels import without
from tests.delivery.lots import a_packer, a_parcel


def test_rows_that_are_left_out_leave_the_others_in_order() -> None:
    """What remains is packed anew under the same number, rows and activities side by side."""
    parcel = a_parcel(4, [7, 8, 9])

    left = without(parcel, frozenset({8}), a_packer())

    assert left is not None
    assert left.number == 4
    assert [row.row_id for row in left.rows] == [7, 9]
    assert [activity.row_number for activity in left.activities] == [row.row_number for row in left.rows]
    assert left.request.body == a_parcel(4, [7, 9]).request.body


def test_nothing_is_left_of_a_parcel_without_all_its_rows() -> None:
    """A parcel of known rows only is no parcel any more."""
    assert without(a_parcel(1, [7, 8]), frozenset({7, 8, 99}), a_packer()) is None
