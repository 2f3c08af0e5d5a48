"""The account allows less than we were told, or the day's budget ends."""

from __future__ import annotations

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, stored
from tests.flows.sheets import read, visits, write
from tests.foreign.server import ForeignServer


def test_a_limit_that_a_refusal_names_is_kept_to(desk: Desk, serve: Serve) -> None:
    """Where the account allows less than the settings say, the refused requests go again, and all rows arrive once."""
    server = serve(limit=(5, 1.0))
    write(desk.folder / "visits.csv", visits(400))

    ended = desk.run("visits.csv")

    assert (ended.code, ended.counts()) == (0, {"created": 400})
    assert 0 < server.refused_for_rate <= 20 + 5  # the first window's worth, and few after it
    assert 'Write bulk_limit = "5/1" into the settings file, or set LSQ_BULK_LIMIT=5/1.' in ended.said
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 401)), 1)


def test_a_learned_limit_holds_for_the_next_import(desk: Desk, serve: Serve) -> None:
    """What one run was taught the next one knows: it is refused nothing, and told the number until the settings have it."""
    server = serve(limit=(5, 1.0))
    desk.has_run(write(desk.folder / "visits.csv", visits(150)))
    write(desk.folder / "more.csv", visits(300, first=151))
    refused_while_learning = server.refused_for_rate
    server.behaviour.limit = (5, 0.8)  # room for a machine that stands still; what was learned is 5 in a second

    ended = desk.run("more.csv")
    followed = desk.run(write(desk.folder / "last.csv", visits(325, first=301)), LSQ_BULK_LIMIT="5/1")

    assert ended.counts() == {"created": 150}
    assert 'Write bulk_limit = "5/1"' in ended.err
    assert followed.code == 0 and "limit = " not in followed.said
    assert refused_while_learning > 0
    assert server.refused_for_rate == refused_while_learning


def test_refusals_without_a_number_make_us_send_less(desk: Desk, serve: Serve) -> None:
    """A burst of them halves what is sent, so that none is refused; nothing is learned or suggested, and all arrive once."""
    server = serve(limit=(16, 1.0), refusals_name_limit=False)
    write(desk.folder / "visits.csv", visits(500))

    ended = desk.run("visits.csv")

    refused = [request.refused_for_rate for request in server.requests]
    assert (ended.code, ended.counts()) == (0, {"created": 500})
    assert 0 < sum(refused) <= 20 + 5 - 16  # of a run of 20 requests, and the questions before it
    assert not any(refused[-sum(refused) :])  # and those went again in one window
    assert desk.ask_ledger("SELECT share < 0.6 FROM lines") == [(1,)]
    assert "Write" not in ended.said
    assert desk.ask_ledger("SELECT COUNT(*) FROM learned_limits") == [(0,)]
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 501)), 1)


def test_a_spent_budget_stops_the_run_until_there_is_more(desk: Desk, server: ForeignServer) -> None:
    """Exit code 6, one request kept for reading back; what waits says why, and the same command goes on with a larger budget."""
    write(desk.folder / "visits.csv", visits(250))

    stopped = desk.run("visits.csv", LSQ_DAILY_REQUESTS="6")
    waiting = [row for row in read(desk.folder / "visits.results.csv") if row["etl_status"] == "waiting"]
    requests = len(server.requests)
    resumed = desk.run("visits.csv", LSQ_DAILY_REQUESTS="50")

    assert stopped.code == 6
    assert requests == 5
    assert stopped.counts() == {"created": 100, "waiting": 150}
    assert len(waiting) == 150
    assert all("budget" in row["etl_error"] for row in waiting)
    assert "00:00 UTC" in stopped.out
    assert (resumed.code, resumed.counts()) == (0, {"created": 250})
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 251)), 1)
