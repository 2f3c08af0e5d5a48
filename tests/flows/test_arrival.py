"""Two thousand rows, the true limits, slow ways: each arrives once, and nobody learns the keys."""

from __future__ import annotations

import json
from urllib.parse import quote

from tests.flows.conftest import Serve
from tests.flows.desk import KEYS, Desk, carried_rows, ids_at, stored
from tests.flows.sheets import read, visits, write

ROWS = 2_000
WINDOW = 4.5
"""Seconds: of the five that the command counts, half of one is left for a machine that stands still on the way."""
TRUE_LIMIT = {"LSQ_LIMIT": "25/5", "LSQ_BULK_LIMIT": "25/5"}


def test_two_thousand_rows_arrive_once_each_within_the_limits(desk: Desk, serve: Serve) -> None:
    """Under latency each row is stored once, at most 25 a request and 25 requests in a window, none refused."""
    server = serve(limit=(25, WINDOW), latency_seconds=(0.02, 0.4))
    write(desk.folder / "visits.csv", visits(ROWS))

    ended = desk.run("visits.csv", "--verbose", "--log", "said.log", **TRUE_LIMIT)

    bodies = [json.loads(request.body) for request in carried_rows(server)]
    results = read(desk.folder / "visits.results.csv")
    ids = ids_at(server)
    assert (ended.code, ended.counts()) == (0, {"created": ROWS})
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, ROWS + 1)), 1)
    assert max(map(len, bodies)) <= 25
    assert server.busiest_window(WINDOW) <= 25
    assert server.refused_for_rate == 0
    assert [(row["Visit"], row["etl_status"], row["ProspectActivityId"]) for row in results] == [
        (visit, "created", ids[visit]) for visit in sorted(ids)
    ]
    assert_keys_are_nowhere(desk, ended.said, [request.path + request.query for request in server.requests])


def assert_keys_are_nowhere(desk: Desk, said: str, addresses: list[str]) -> None:
    """No output, no address and no file holds a key, as it is or as in an address."""
    spellings = [spelling for key in KEYS.values() for spelling in (key, quote(key, safe=""), quote(key))]
    files = desk.bytes_of_all_files()
    assert {"ledger.db", "visits.results.csv", "said.log"} <= {path.name for path in files}
    for spelling in spellings:
        assert spelling not in said
        assert not [address for address in addresses if spelling in address]
        assert not [path for path, content in files.items() if spelling.encode() in content]


def test_rows_go_out_in_the_order_of_the_sheet(desk: Desk, serve: Serve) -> None:
    """Requests are cut from the sheet as it stands, 25 rows each, and carry exactly what the mapping says."""
    server = serve()
    write(desk.folder / "visits.csv", visits(60))

    desk.run("visits.csv", LSQ_BULK_LIMIT="1/0.01")

    bodies = [json.loads(request.body) for request in carried_rows(server)]
    assert [len(body) for body in bodies] == [25, 25, 10]
    assert [row["SearchByValue"] for body in bodies for row in body] == [
        f"lead{number}@example.com" for number in range(1, 61)
    ]
    assert bodies[0][0] == {
        "SearchByValue": "lead1@example.com",
        "ActivityEvent": 320,
        "ActivityNote": "दौरा 1: “met”, and talked",
        "ActivityDateTime": "2026-06-02 03:31:00",
        "Fields": [{"SchemaName": "mx_Custom_1", "Value": "V-00001"}],
    }
