"""The trial on a test lead finds out how an account behaves, whichever way it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.api import metadata
from etl.errors import NetworkError, RefusedError
from etl.records import ApiAnswer, LineEnd, TransportFailure
from etl.simulator import (
    BadOwner,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    Read,
    Switches,
    ThrottleForm,
    ValuesOnReading,
)
from etl.simulator.metadata import ActivityField
from etl.simulator.options import RateLimit
from etl.stages.probe import MOST_ACTIVITIES, NOBODY, Learned, Trial, intentions
from tests.stages.live_desk import LiveDesk, live_desk

LEAD = "0f8fad5b-d9cb-469f-a165-70867728950e"
OPTIONS: dict[str, Any] = {
    "activity_types": {320: "Test"},
    "activity_fields": {320: (ActivityField("mx_Custom_2", "Kind", "SearchableDropdown", ("A", "B")),)},
}


def trial(desk: LiveDesk, *, has_dropdown: bool = True) -> Learned:
    dropdown = metadata.ActivityField("mx_Custom_2", "Kind", options=("A", "B")) if has_dropdown else None
    clock = desk.clock
    return Trial(desk.connection, desk.ledger, clock, desk.heard.append, LEAD, 320, dropdown, "a1b2c3d4").go()


def found(learned: Learned) -> dict[str, str]:
    return {answer.name: str(answer.found) for answer in learned.answers}


AS_DOCUMENTED = {
    "numbering": "from_one",
    "answer": "rows",
    "seen_by_event": "0",
    "seen_by_lead": "0",
    "refused_row": "inline",
    "bad_owner": "refused",
    "bad_dropdown": "refused",
}

TABLE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "as documented": ({}, {}),
    "inline_exceptionmessage": ({"bulk_failure_mode": BulkFailureMode.INLINE_EXCEPTIONMESSAGE}, {}),
    "inline_omitted": ({"bulk_failure_mode": BulkFailureMode.INLINE_OMITTED}, {"refused_row": "omitted"}),
    "inline_bare": ({"bulk_failure_mode": BulkFailureMode.INLINE_BARE}, {"refused_row": "inline_bare"}),
    "all_or_nothing": ({"bulk_failure_mode": BulkFailureMode.ALL_OR_NOTHING}, {"refused_row": "all_or_nothing"}),
    "abort_midway": ({"bulk_failure_mode": BulkFailureMode.ABORT_MIDWAY}, {"refused_row": "midway"}),
    "all_or_nothing, errors in 200": (
        {"bulk_failure_mode": BulkFailureMode.ALL_OR_NOTHING, "error_in_200": True},
        {"refused_row": "all_or_nothing"},
    ),
    "shuffled": ({"bulk_order": BulkOrder.SHUFFLED}, {"answer": "rows_in_any_order"}),
    "zero_based": ({"bulk_order": BulkOrder.ZERO_BASED}, {"numbering": "from_zero"}),
    "count": (
        {"bulk_success_shape": BulkSuccessShape.COUNT},
        {"numbering": "unknown", "answer": "no_rows", "refused_row": "others_stored"},
    ),
    "fewer_rows": (
        {"bulk_success_shape": BulkSuccessShape.FEWER_ROWS},
        {"numbering": "unknown", "answer": "fewer_rows", "refused_row": "omitted"},
    ),
    "owner falls back": ({"bad_owner": BadOwner.FALL_BACK}, {"bad_owner": "stored"}),
    "seen late": (
        {"by_event_delay_seconds": 40.0, "by_lead_delay_seconds": 2.0},
        {"seen_by_event": "45", "seen_by_lead": "3"},
    ),
    "never seen by event": (
        {"by_event_delay_seconds": 900.0},
        {"seen_by_event": "not_seen"},
    ),
    "not read by event": ({"reads_forbidden": frozenset({Read.BY_EVENT})}, {"seen_by_event": "not_offered"}),
    "not read by lead": ({"reads_forbidden": frozenset({Read.BY_LEAD})}, {"seen_by_lead": "not_offered"}),
    "trimmed": ({"values_on_reading": ValuesOnReading.TRIMMED}, {}),
    "cut": ({"values_on_reading": ValuesOnReading.CUT}, {}),
    "reformatted": ({"values_on_reading": ValuesOnReading.REFORMATTED}, {}),
}


@pytest.mark.parametrize(("switches", "differing"), TABLE.values(), ids=TABLE)
def test_every_switch_is_found_out(tmp_path: Path, switches: dict[str, Any], differing: dict[str, str]) -> None:
    """The answers are those of the account, they are kept, and no more is written than was announced."""
    with live_desk(tmp_path, OPTIONS | {"switches": Switches(**switches)}) as desk:
        learned = trial(desk)
        account_id = desk.connection.record.account_id
        kept = desk.ledger.facts.get(account_id, "probe")
        numbering = desk.ledger.accounts.numbering(account_id)
        stored = desk.client.simulator.activities()

    assert found(learned) == AS_DOCUMENTED | differing
    assert kept is not None
    assert kept.value == found(learned) | {"visibility_wait": learned.visibility_wait}
    assert numbering == found(learned)["numbering"]
    assert len(stored) == learned.written <= MOST_ACTIVITIES
    assert all(one["ActivityNote"].startswith("etl probe a1b2c3d4 ") for one in stored)
    assert {one["RelatedProspectId"] for one in stored} == {LEAD}


@pytest.mark.parametrize("form", ThrottleForm, ids=str)
def test_a_throttled_trial_waits_and_finds_the_same(tmp_path: Path, form: ThrottleForm) -> None:
    """A limit that is smaller than the settings say costs time, and no answer."""
    options = OPTIONS | {"switches": Switches(throttle_form=form), "limit": RateLimit(1, 5.0)}
    with live_desk(tmp_path, options) as desk:
        learned = trial(desk)

    answers = found(learned) | {"seen_by_event": "0", "seen_by_lead": "0"}
    assert answers == AS_DOCUMENTED
    assert desk.clock.slept


@pytest.mark.parametrize(
    ("switches", "wait"),
    [
        ({}, 90),
        ({"by_event_delay_seconds": 40.0}, 170),
        ({"by_event_delay_seconds": 900.0}, 570),
        ({"reads_forbidden": frozenset({Read.BY_EVENT, Read.BY_LEAD})}, None),
        ({"by_event_delay_seconds": 900.0, "by_lead_delay_seconds": 900.0}, None),
    ],
    ids=["at once", "after 40 s", "one read never", "no read allowed", "neither ever"],
)
def test_the_wait_is_generous_and_never_shorter_than_without_a_trial(
    tmp_path: Path, switches: dict[str, Any], wait: int | None
) -> None:
    """Three times what was measured and half a minute; nothing where nothing was seen."""
    with live_desk(tmp_path, OPTIONS | {"switches": Switches(**switches)}) as desk:
        assert trial(desk, has_dropdown=False).visibility_wait == wait


def test_a_stored_option_tells_what_it_became(tmp_path: Path) -> None:
    """An account that takes any value is told so, with the value that it holds."""
    with live_desk(tmp_path, {"activity_types": {320: "Test"}}) as desk:
        (answer,) = (one for one in trial(desk).answers if one.name == "bad_dropdown")

    assert answer.found == "stored"
    assert "stored as it was sent" in answer.words


def test_without_a_dropdown_none_is_tried(tmp_path: Path) -> None:
    """The trial says so, before and after."""
    with live_desk(tmp_path, OPTIONS) as desk:
        learned = trial(desk, has_dropdown=False)

    assert found(learned)["bad_dropdown"] == "not_tried"
    assert any("none about a dropdown" in line for line in intentions(LEAD, 320, None))


def test_a_lead_that_does_not_exist_ends_the_trial(tmp_path: Path) -> None:
    """Under an answer about the whole request nothing was written; the words are LeadSquared's."""
    switches = Switches(bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING)
    with live_desk(tmp_path, OPTIONS | {"switches": switches, "unknown_leads": frozenset({LEAD})}) as desk:
        with pytest.raises(RefusedError, match="took no test activity"):
            trial(desk)
        assert desk.client.simulator.activities() == []


@pytest.mark.parametrize("mode", [BulkFailureMode.INLINE_ERRORMESSAGE, BulkFailureMode.INLINE_BARE], ids=str)
def test_a_lead_whose_every_row_is_refused_ends_the_trial(tmp_path: Path, mode: BulkFailureMode) -> None:
    """Nothing is waited for that was refused, row by row."""
    switches = Switches(bulk_failure_mode=mode)
    options = OPTIONS | {"switches": switches, "unknown_leads": frozenset({LEAD})}
    with live_desk(tmp_path, options) as desk, pytest.raises(RefusedError, match="took no test activity"):
        trial(desk)


def test_an_unknown_type_ends_the_trial(tmp_path: Path) -> None:
    """LeadSquared's refusal of the type is final."""
    with (
        live_desk(tmp_path, {"activity_types": {1: "Other"}}) as desk,
        pytest.raises(RefusedError, match="activity type"),
    ):
        trial(desk)


def test_a_lost_answer_ends_the_trial(tmp_path: Path) -> None:
    """Nothing goes out again after an answer that came too late; the person may start anew."""
    with live_desk(tmp_path, OPTIONS) as desk:
        desk.client.answers["ByLeadId"] = TransportFailure(LineEnd.TIMED_OUT, "no whole answer")
        with pytest.raises(NetworkError, match="ended early"):
            trial(desk)

        assert desk.client.asked["ByLeadId"] == 1


def test_what_was_certainly_not_taken_goes_again_a_few_times(tmp_path: Path) -> None:
    """Refused for its rate for ever, the trial gives up."""
    with live_desk(tmp_path, OPTIONS) as desk:
        desk.client.answers["ByLeadId"] = ApiAnswer(429, {"retry-after": "7"}, b"slow down")
        with pytest.raises(NetworkError, match="takes no request now"):
            trial(desk)

        assert desk.clock.slept == [7.0] * 5


def test_the_intentions_name_everything_that_is_written() -> None:
    """Number, type, lead, notes, and that automations run."""
    dropdown = metadata.ActivityField("mx_Custom_2", "Kind")
    said = "\n".join(intentions(LEAD, 320, dropdown))

    for words in (
        f"Up to {MOST_ACTIVITIES} activities of type 320",
        LEAD,
        "“etl probe …”",
        "mx_Custom_2",
        "Automations",
    ):
        assert words in said
    assert NOBODY.endswith(".invalid")
