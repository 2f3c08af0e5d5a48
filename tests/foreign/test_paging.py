"""Lists in parts: the conventions that Retrieve may have, and what a page may do otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import RETRIEVE, Caller, Serve
from .crowd import crowd

BY_EVENT = "/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent"
EVENT = {"FromDate": "2000-01-01 00:00:00", "ToDate": "2100-01-01 00:00:00", "ActivityEvent": 320}
LOADED = crowd(1, 60)
LEAD = LOADED["leads"][0]["ProspectID"]


def listed(caller: Caller, lead_id: str = LEAD, **paging: Any) -> list[str]:
    """The names that mx_Custom_1 gives the activities of one page."""
    content = caller.call("POST", f"{RETRIEVE}?leadId={lead_id}", {"Paging": paging} if paging else None).content
    return [activity["ActivityFields"]["mx_Custom_1"] for activity in content["ProspectActivities"]]


@pytest.mark.parametrize(
    ("convention", "slices"),
    [
        pytest.param("page-from-0", [(0, 20), (20, 40), (40, 60), (60, 60)], id="page from 0"),
        pytest.param("page-from-1", [(0, 20), (0, 20), (20, 40), (40, 60)], id="page from 1, 0 like 1"),
        pytest.param("page-from-1-only", [(0, 0), (0, 20), (20, 40), (40, 60)], id="page from 1, 0 empty"),
        pytest.param("row-offset", [(0, 20), (1, 21), (2, 22), (3, 23)], id="rows to leave out"),
        pytest.param("page-index", [(0, 25)] * 4, id="Offset means nothing"),
    ],
)
def test_what_an_offset_means(serve: Serve, convention: str, slices: list[tuple[int, int]]) -> None:
    """Offset 0, 1, 2 and 3 with 20 rows show other parts of the list under each convention."""
    server, caller = serve(**LOADED)
    whole = listed(caller, Offset="0", RowCount="1000")
    server.behaviour.retrieve_paging = convention  # type: ignore[assignment]

    pages = [listed(caller, Offset=str(offset), RowCount="20") for offset in range(4)]

    assert pages == [whole[first:last] for first, last in slices]
    assert len(set(whole)) == 60


@pytest.mark.parametrize(("convention", "most"), [("page-index", 20), ("page-from-0", 25), ("row-offset", 25)])
def test_page_index_means_something_under_its_own_convention(serve: Serve, convention: str, most: int) -> None:
    """PageIndex and PageSize page the list, or are ignored silently: the first 25 rows come again."""
    _, caller = serve(retrieve_paging=convention, **LOADED)

    first, second = (listed(caller, PageIndex=page, PageSize=20) for page in (1, 2))

    assert (len(first), len(second)) == (most, most)
    assert (first == second) == (convention != "page-index")


def test_a_list_may_come_whole_and_count_its_page(serve: Serve) -> None:
    """Without paging all rows may come; RecordCount may be of the page."""
    server, caller = serve(retrieve_unpaged_rows=None, **LOADED)
    body = {"Paging": {"Offset": "0", "RowCount": "10"}}

    def count() -> int:
        counted: int = caller.call("POST", f"{RETRIEVE}?leadId={LEAD}", body).content["RecordCount"]
        return counted

    assert (len(listed(caller)), count()) == (60, 60)
    server.behaviour.retrieve_counts_page = True
    assert count() == 10


def test_a_page_over_the_most_is_refused_or_cut(serve: Serve) -> None:
    """More rows than an account gives in one page are a logical error, or fewer come without a word."""
    server, caller = serve(most_rows=15, **LOADED)
    path = f"{RETRIEVE}?leadId={LEAD}"
    by_event = {"Parameter": EVENT, "Paging": {"PageIndex": 2, "PageSize": 16}}

    assert caller.call("POST", path, {"Paging": {"Offset": 0, "RowCount": 16}}).status == 500
    assert caller.call("POST", BY_EVENT, by_event).status == 500
    server.behaviour.clamps_pages = True
    assert len(listed(caller, Offset=0, RowCount=16)) == 15
    assert len(caller.call("POST", BY_EVENT, by_event).content["List"]) == 15


def test_an_empty_list_may_be_missing(serve: Serve) -> None:
    """An empty window has an empty List, or none."""
    server, caller = serve()

    assert caller.call("POST", BY_EVENT, {"Parameter": EVENT}).content == {"RecordCount": 0, "List": []}
    server.behaviour.omits_empty_list = True
    assert caller.call("POST", BY_EVENT, {"Parameter": EVENT}).content == {"RecordCount": 0}


def test_ties_may_be_unstable(serve: Serve) -> None:
    """What the order does not tell apart may come in another order each time; by id it is always the same."""
    leads = [{"ProspectID": LEAD}]
    activities = [{"RelatedProspectId": LEAD, "ActivityEvent": 320}] * 30
    _, caller = serve(leads=leads, activities=activities, unstable_ties=True)
    by_id = {"ColumnName": "ProspectActivityId", "Direction": 0}

    def order(**sorting: Any) -> list[str]:
        rows = caller.call("POST", BY_EVENT, {"Parameter": EVENT, "Paging": {"PageSize": 30}} | sorting).content["List"]
        return [row["ProspectActivityId"] for row in rows]

    assert order() != order()
    assert order(Sorting=by_id) == order(Sorting=by_id) == sorted(order())


@pytest.mark.parametrize("convention", ["page-from-0", "page-from-1", "page-from-1-only", "row-offset", "page-index"])
def test_a_crowd_can_be_read_whole(serve: Serve, convention: str) -> None:
    """Whatever the convention, its own pages hold every activity of every lead once."""
    loaded = crowd(20, 1_000)
    _, caller = serve(limit=(10_000, 1.0), retrieve_paging=convention, most_rows=50, **loaded)
    step, start = {"row-offset": (50, 0), "page-from-0": (1, 0)}.get(convention, (1, 1))
    index, size = ("PageIndex", "PageSize") if convention == "page-index" else ("Offset", "RowCount")

    read: list[str] = []
    for lead in loaded["leads"]:
        at = start
        while page := listed(caller, lead["ProspectID"], **{index: at, size: 50}):
            read += page
            at += step

    assert sorted(read) == [f"C{number:05}" for number in range(1_000)]
