"""Mapping and sheet are compared with the account before anything is sent; `etl check --live` does so in full."""

from __future__ import annotations

from collections import Counter

import pytest

from etl.simulator import SimulatorOptions
from etl.simulator.metadata import ActivityField, User
from etl.simulator.server import EmbeddedSimulator
from tests.flows.desk import KEYS, Desk, carried_rows
from tests.flows.sheets import visits, write
from tests.foreign.server import ForeignServer

FIELDS = tuple(ActivityField(f"mx_Custom_{number}", f"Field {number}") for number in range(1, 51))
NOT_CHECKED = "Not checked, because LeadSquared does not tell it to this user"


def simulator(desk: Desk, name: str, **options: object) -> EmbeddedSimulator:
    """An account in which type 320 has this name."""
    chosen = {"activity_types": {201: "Phone Call", 320: name}, "activity_fields": {320: FIELDS}, "users": ()} | options
    return EmbeddedSimulator(SimulatorOptions(**KEYS, **chosen))  # type: ignore[arg-type] # one per name


def test_a_server_that_tells_nothing_imports_as_before(desk: Desk, server: ForeignServer) -> None:
    """One line about it, once; without the check not even a question."""
    write(desk.folder / "visits.csv", visits(30))
    write(desk.folder / "more.csv", visits(60, first=31))

    first = desk.run("visits.csv")
    second = desk.run("more.csv")
    asked = Counter(request.path.rsplit("/", 1)[-1] for request in server.requests)

    assert (first.code, second.code) == (0, 0)
    assert first.said.count(NOT_CHECKED) == 1
    assert second.said.count(NOT_CHECKED) == 0
    assert (asked["ActivityTypes.Get"], asked["GetActivitySetting"]) == (1, 1)


@pytest.mark.parametrize("more", [("--no-preflight",), ("--rehearse",)], ids=["switched off", "a rehearsal"])
def test_nothing_is_asked_where_nobody_wants_it(desk: Desk, server: ForeignServer, more: tuple[str, ...]) -> None:
    """Nor is anything said about it."""
    write(desk.folder / "visits.csv", visits(5))

    ended = desk.run("visits.csv", *more)

    assert ended.code == 0
    assert NOT_CHECKED not in ended.said
    assert not any("ActivityTypes" in request.path for request in server.requests)


def test_a_small_budget_is_left_to_the_rows(desk: Desk, server: ForeignServer) -> None:
    """Two questions would be a twentieth of what may be sent that day."""
    write(desk.folder / "visits.csv", visits(5))

    desk.run("visits.csv", LSQ_DAILY_REQUESTS="40")

    assert len(server.requests) == 1 + len(carried_rows(server))


def test_another_type_than_the_mapping_names_stops_the_run(desk: Desk) -> None:
    """Exit code 2 with the mapping's line; nothing is sent; --no-preflight sends all the same."""
    write(desk.folder / "visits.csv", visits(5))
    text = (
        (desk.folder / "visits.yaml")
        .read_text()
        .replace("activity: {event: 320}", "activity: {event: 201, name: Visit}")
    )
    desk.mapping(text)
    line = text[: text.index("name: Visit")].count("\n") + 1
    with simulator(desk, "Visit") as served:
        desk.use(served.url)
        stopped = desk.run("visits.csv")
        sent = len(served.activities())
        checked = desk.etl("check", "visits.csv", "-m", "visits.yaml", "--live")
        forced = desk.run("visits.csv", "--no-preflight")

    assert (stopped.code, checked.code, forced.code, sent) == (2, 2, 0, 0)
    assert f"visits.yaml:{line}:" in stopped.err
    assert (
        'The activity type 201 is called "Phone Call" in this account, not "Visit"; "Visit" has the number 320.'
        in stopped.err
    )
    assert "add --no-preflight" in stopped.err
    assert "add --no-preflight" not in checked.err


def test_a_check_in_full_says_what_it_found_and_sends_nothing(desk: Desk) -> None:
    """The account in the first line, what the fields are called, and the forecast as ever."""
    write(desk.folder / "visits.csv", visits(5))
    with simulator(desk, "Visit", users=(User("asha@example.com"),)) as served:
        desk.use(served.url)
        ended = desk.etl("check", "visits.csv", "-m", "visits.yaml", "--live")
        sent = len(served.activities())

    assert (ended.code, sent) == (0, 0)
    assert ended.err.startswith("Account env · organisation SIM90001 (90001) · ledger ")
    assert "The mapping fits activity type 320 of this account: mx_Custom_1 is “Field 1”" in ended.err
    assert "What a run would do:" in ended.out


def test_a_test_tenants_keys_in_prod_stop_the_run(desk: Desk) -> None:
    """Exit code 5 before anything is sent, whatever checks are switched off; under another name they may be used."""
    write(desk.folder / "visits.csv", visits(5))
    environ = {"A": KEYS["access_key"], "S": KEYS["secret_key"]}
    others = {"access_key": "a-test-tenants-access-key", "secret_key": "a-test-tenants-secret-key"}
    with simulator(desk, "Visit", users=None) as served:
        port = int(served.url.rpartition(":")[2])
        account = f'host = "{served.url}"\naccess_key = {{env = "A"}}\nsecret_key = {{env = "S"}}\n'
        (desk.folder / "etl.toml").write_text(f"[accounts.prod]\n{account}[accounts.prod2]\n{account}")
        first = desk.run("visits.csv", "-a", "prod", **environ)
    environ = {"A": others["access_key"], "S": others["secret_key"]}
    with EmbeddedSimulator(SimulatorOptions(**others, organisation_id="4711"), port) as served:  # type: ignore[arg-type] # as above
        stopped = desk.run("visits.csv", "-a", "prod", "--no-preflight", **environ)
        sent = len(served.activities())
        other = desk.run("visits.csv", "-a", "prod2", **environ)

    assert (first.code, stopped.code, other.code) == (0, 5, 0)
    assert sent == 0
    assert "belong to the organisation 4711 (SIM4711); until now they belonged to 90001" in stopped.err


def whose_keys_asked(server: ForeignServer) -> int:
    """How often the server was asked whose keys these are."""
    return sum("UserByAccessKey" in request.path for request in server.requests)


def test_whose_keys_these_are_is_asked_once_an_hour(desk: Desk, server: ForeignServer) -> None:
    """A second run has the same account in its first line without a question; what only reads asks each time."""
    for number in (1, 2):
        write(desk.folder / f"visits{number}.csv", visits(10 * number, first=10 * number - 9))

    first = desk.run("visits1.csv")
    second = desk.run("visits2.csv")
    asked_by_runs = whose_keys_asked(server)
    desk.etl("verify", "2")

    assert (first.code, second.code) == (0, 0)
    assert asked_by_runs == 1
    assert whose_keys_asked(server) == 2
    assert first.err.splitlines()[0] == second.err.splitlines()[0]


def test_keys_that_were_taken_away_stop_the_next_run_at_its_first_request(desk: Desk, server: ForeignServer) -> None:
    """Exit code 5, nothing stored, one request; the run after that asks whose keys these are, and says what it is told."""
    for number in (1, 2):
        write(desk.folder / f"visits{number}.csv", visits(60 * number, first=60 * number - 59))
    desk.run("visits1.csv")
    before = len(server.requests)
    key, server.behaviour.access_key = server.behaviour.access_key, "another-access-key-altogether"

    stopped = desk.run("visits2.csv")
    between = len(server.requests)
    again = desk.run("visits2.csv")
    server.behaviour.access_key = key
    mended = desk.run("visits2.csv")

    assert (stopped.code, again.code, mended.code) == (5, 5, 0)
    assert between - before == 1
    assert whose_keys_asked(server) == 3
    assert len(server.activities) == 120


def test_what_refused_keys_may_not_read_is_not_remembered(desk: Desk) -> None:
    """Keys that were taken away within the hour stop a run before it asks for the activity types; with the new ones the wrong
    type stops it as ever."""
    write(desk.folder / "visits.csv", visits(5))
    write(desk.folder / "more.csv", visits(9, first=6))
    with simulator(desk, "Visit") as served:
        port = int(served.url.rpartition(":")[2])
        desk.use(served.url)
        first = desk.run("visits.csv", "--no-preflight")
    wrong = (desk.folder / "visits.yaml").read_text().replace("{event: 320}", "{event: 201, name: Visit}")
    desk.mapping(wrong)
    types = {"activity_types": {201: "Phone Call", 320: "Visit"}, "activity_fields": {320: FIELDS}, "users": ()}
    new = {"access_key": "the-new-access-key", "secret_key": "the-new-secret-key"}
    with EmbeddedSimulator(SimulatorOptions(**new, **types), port) as served:  # type: ignore[arg-type] # as above
        stopped = desk.run("more.csv")
        kept = desk.ask_ledger("SELECT name FROM account_facts WHERE name LIKE 'activity%'")
        mended = desk.run("more.csv", LSQ_ACCESS_KEY=new["access_key"], LSQ_SECRET_KEY=new["secret_key"])
        sent = len(served.activities())

    assert (first.code, stopped.code, mended.code) == (0, 5, 2)
    assert (list(kept), sent) == ([], 0)
