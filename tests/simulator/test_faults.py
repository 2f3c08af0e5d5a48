"""Each fault: what the client sees, and what LeadSquared holds afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.simulator import Aim, Fault, FaultKind, Latency, RateLimit, Simulator, SimulatorOptions

from .calls import USER_PATH, Bench, add, answer, read, row, rows

TABLE: dict[str, tuple[int, int, dict[str, Any]]] = {
    # kind: (rows stored of 4, status, what else is true of the reply)
    "refuse": (0, 0, {"dropped": True}),
    "drop-before": (0, 0, {"dropped": True}),
    "drop-after": (4, 200, {"dropped": True}),
    "502-before": (0, 502, {"html": True}),
    "502-after": (4, 502, {"html": True}),
    "500-before": (0, 500, {"html": True}),
    "500-after": (4, 500, {"html": True}),
    "503-before": (0, 503, {"html": True}),
    "503-after": (4, 503, {"html": True}),
    "store-late": (0, 0, {"dropped": True}),
    "504-late": (0, 504, {"html": True}),
    "cut-answer": (4, 200, {"cut": True}),
    "html-answer": (4, 200, {"html": True}),
    "empty-object": (4, 200, {"body": {}}),
    "throttle": (0, 429, {}),
    "redirect": (0, 307, {"html": True}),
    "slow": (4, 200, {"delay": 150.0}),
}
WITH_TESTS_OF_THEIR_OWN = {"store-partly", "omit-rows", "duplicate-id", "duplicate-rows", "shuffle-rows", "twin"}


def struck(kind: str, *requests: int, **options: Any) -> Bench:
    """A bench on which the nth writes are struck."""
    return Bench(faults=(Fault.at(kind, *(requests or (1,))),), **options)


@pytest.mark.parametrize("kind", TABLE)
def test_fault(kind: str) -> None:
    """Stored or not, answered or not: each fault as its name says, and the next request is served as always."""
    bench = struck(kind)
    stored, status, looks = TABLE[kind]

    reply = bench.send(add(rows(4)))

    assert (len(bench.stored()), reply.status) == (stored, status)
    assert reply.dropped is looks.get("dropped", False)
    assert reply.delay_seconds == looks.get("delay", 0.0)
    assert (len(reply.sent_body) < len(reply.body)) is looks.get("cut", False)
    assert reply.body.startswith(b"<html>") is looks.get("html", False)
    if "body" in looks:
        assert answer(reply) == looks["body"]
    assert bench.stat("faults") == {kind: 1}
    assert len(answer(bench.send(add(rows(4))))["Response"]) == 4


def test_every_fault_has_a_test() -> None:
    """The table and the tests below cover all kinds."""
    assert set(TABLE) | WITH_TESTS_OF_THEIR_OWN == {kind.value for kind in FaultKind}


def test_store_partly_keeps_a_proper_part() -> None:
    """The first rows are stored, at least one and not all; the answer is a server fault that proves nothing."""
    bench = struck("store-partly")

    reply = bench.send(add(rows(4)))

    assert reply.status == 500
    assert not answer(reply)["ExceptionType"].startswith("MX")
    assert 1 <= len(bench.stored()) <= 3
    assert bench.stored() == [f"lead{number}@example.com" for number in range(1, len(bench.stored()) + 1)]


def test_omit_rows_leaves_the_others_as_they_are() -> None:
    """All rows are stored, some are missing from the answer, and those that are there are right."""
    bench = struck("omit-rows")

    answered = answer(bench.send(add(rows(4))))["Response"]

    ids = bench.stored("ProspectActivityId")
    assert len(answered) < len(ids) == 4
    assert all(ids[given["RowNumber"] - 1] == given["ProspectActivityId"] for given in answered)


@pytest.mark.parametrize("count", [1, 4])
def test_duplicate_id_shows_the_id_of_another_activity(count: int) -> None:
    """Exactly one row of the answer carries an id that the account holds for another activity."""
    bench = struck("duplicate-id", 2)
    bench.send(add(rows(2)))

    answered = answer(bench.send(add(rows(count))))["Response"]

    ids = bench.stored("ProspectActivityId")
    wrong = [given for given in answered if given["ProspectActivityId"] != ids[1 + given["RowNumber"]]]
    assert len(wrong) == 1
    assert wrong[0]["ProspectActivityId"] in ids


@pytest.mark.parametrize("seed", range(8))
def test_duplicate_rows_stand_twice(seed: int) -> None:
    """Each row is there as it should be; at least one number stands twice, its copy alike or saying something else."""
    bench = struck("duplicate-rows", seed=seed)

    answered = answer(bench.send(add(rows(4))))["Response"]

    ids = bench.stored("ProspectActivityId")
    right = [
        {"ProspectActivityId": activity_id, "RowNumber": number, "ActivityCreated": True}
        for number, activity_id in enumerate(ids, 1)
    ]
    assert all(given in answered for given in right)
    assert 5 <= len(answered) <= 8
    assert {given["RowNumber"] for given in answered} == {1, 2, 3, 4}


def test_copies_of_rows_differ_in_every_way() -> None:
    """Over some seeds: alike, with another id, and refused."""
    seen = set()
    for seed in range(20):
        bench = struck("duplicate-rows", seed=seed)
        for given in answer(bench.send(add([row()])))["Response"]:
            same_id = given.get("ProspectActivityId") == bench.stored("ProspectActivityId")[0]
            seen.add((given["ActivityCreated"], same_id, "ErrorMessage" in given))

    assert seen == {(True, True, False), (True, False, False), (False, False, True)}


@pytest.mark.parametrize("seed", range(20))
def test_shuffled_rows_keep_their_numbers(seed: int) -> None:
    """The same rows with the right numbers, never in their order."""
    bench = struck("shuffle-rows", seed=seed)

    answered = answer(bench.send(add(rows(3))))["Response"]

    ids = bench.stored("ProspectActivityId")
    assert [given["RowNumber"] for given in answered] != [1, 2, 3]
    assert sorted(given["RowNumber"] for given in answered) == [1, 2, 3]
    assert all(ids[given["RowNumber"] - 1] == given["ProspectActivityId"] for given in answered)


def test_duplicate_id_has_nothing_to_show_in_an_empty_account() -> None:
    """A single first activity can have no other's id."""
    bench = struck("duplicate-id")

    assert (
        answer(bench.send(add([row()])))["Response"][0]["ProspectActivityId"] == bench.stored("ProspectActivityId")[0]
    )


def test_a_whole_call_error_passes_through_the_faults() -> None:
    """A refusal by LeadSquared itself can be lost on its way back as well."""
    reply = struck("drop-after").send(add([row(ActivityEvent=0)]))

    assert (reply.status, reply.dropped) == (500, True)


@pytest.mark.parametrize(("kind", "next_status"), [("refuse", 200), ("drop-before", 429)])
def test_only_a_request_that_never_arrived_takes_no_place(kind: str, next_status: int) -> None:
    """A refused connection counts in no limit; a request that arrived does, carried out or not."""
    bench = struck(kind, limit=RateLimit(1, 5.0))
    bench.send(add([row()]))

    assert bench.send(add([row()])).status == next_status


def test_scripts_count_writes_that_were_within_the_limit() -> None:
    """Reads and throttled requests do not move the script."""
    bench = struck("drop-after", 2, limit=RateLimit(2, 5.0))
    seen = [bench.send(read(USER_PATH)), *(bench.send(add([row()]), later=0.1) for _ in range(2))]

    after_the_wait = bench.send(add([row()]), later=5)

    assert [reply.status for reply in seen] == [200, 200, 429]
    assert [reply.dropped for reply in seen] == [False, False, False]
    assert after_the_wait.dropped


def test_reads_are_struck_only_when_aimed_at() -> None:
    """A share of 1 on writes leaves reads alone; aimed at reads, it leaves writes alone."""
    writes = Bench(faults=(Fault(FaultKind.DROP_BEFORE, 1.0),))
    reads = Bench(faults=(Fault(FaultKind.DROP_BEFORE, 1.0, aim=Aim.READS),))

    assert (writes.send(add([row()])).dropped, writes.send(read(USER_PATH)).dropped) == (True, False)
    assert (reads.send(add([row()])).dropped, reads.send(read(USER_PATH)).dropped) == (False, True)


def test_faults_compose() -> None:
    """Two faults at once both happen: stored, slow, and then lost."""
    bench = Bench(faults=(Fault.at("drop-after", 1), Fault.at("slow", 1)))

    reply = bench.send(add([row()]))

    assert (reply.dropped, reply.delay_seconds, len(bench.stored())) == (True, 150.0, 1)
    assert bench.stat("faults") == {"drop-after": 1, "slow": 1}


def test_the_first_fault_has_the_last_word() -> None:
    """Faults lie around each other in the order in which they were given, the first one outermost."""
    gateway, page = Fault.at("502-after", 1), Fault.at("html-answer", 1)

    assert Bench(faults=(gateway, page)).send(add([row()])).status == 502
    assert Bench(faults=(page, gateway)).send(add([row()])).status == 200


def test_faults_are_drawn_apart() -> None:
    """Two faults of the same share strike together about as often as chance has it, not always."""
    bench = Bench(faults=(Fault(FaultKind.SLOW, 0.5), Fault(FaultKind.DROP_AFTER, 0.5)))

    replies = [bench.send(add([row()])) for _ in range(200)]

    assert 30 <= sum(reply.dropped and reply.delay_seconds > 0 for reply in replies) <= 70


def test_following_a_redirect_is_noticed() -> None:
    """Where the redirect leads, somebody counts who comes."""
    bench = struck("redirect")
    target = bench.send(add([row()])).headers["Location"]

    bench.send(read(target))

    assert bench.stat("redirects_followed") == 1


def run_of(seed: int, *faults: Fault) -> tuple[list[bytes], list[Any]]:
    """Bodies and travels of 60 requests under that seed."""
    simulator = Simulator(SimulatorOptions(seed=seed, faults=faults, latency=Latency(0.02, 0.4)))
    bench = Bench(seed=seed, faults=faults)
    travels = [simulator.set_off() for _ in range(60)]
    return [bench.send(add(rows(2))).body for _ in range(60)], travels


def test_a_seed_replays_exactly() -> None:
    """Same seed, same requests, same times: the same replies and travels; another seed, others."""
    share = Fault(FaultKind.OMIT_ROWS, 0.3)

    assert run_of(3, share) == run_of(3, share)
    assert run_of(3, share) != run_of(4, share)


def test_shares_are_kept_and_do_not_disturb_each_other() -> None:
    """A tenth is about a tenth, and a second fault does not move the first one's draws."""
    first, second = Fault(FaultKind.BAD_GATEWAY_AFTER, 0.1), Fault(FaultKind.SLOW, 0.5)

    def statuses(*faults: Fault) -> list[int]:
        bench = Bench(faults=faults)
        return [bench.send(add([row()])).status for _ in range(400)]

    assert 20 <= statuses(first).count(502) <= 60
    assert statuses(first) == statuses(first, second)


def test_travel_stays_within_the_latency() -> None:
    """There and back together take what was asked for, split differently each time."""
    simulator = Simulator(SimulatorOptions(seed=1, latency=Latency(0.02, 0.4)))
    travels = [simulator.set_off() for _ in range(300)]

    assert all(0.02 <= travel.there_seconds + travel.back_seconds <= 0.4 + 1e-9 for travel in travels)
    assert all(travel.there_seconds >= 0 and travel.back_seconds >= 0 for travel in travels)
    assert min(travel.there_seconds for travel in travels) < 0.02
    assert max(travel.there_seconds for travel in travels) > 0.2


def test_replies_are_whole_json_otherwise() -> None:
    """Without a fault nothing is cut, delayed or dropped."""
    reply = Bench().send(add([row()]))

    assert json.loads(reply.sent_body)["Response"]
    assert (reply.dropped, reply.cut_after, reply.delay_seconds) == (False, None, 0.0)
