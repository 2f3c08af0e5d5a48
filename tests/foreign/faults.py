"""What can go wrong with an answer after its rows were stored."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from enum import StrEnum

from .behaviour import Behaviour
from .exchange import Answer, Ending

_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Fault(StrEnum):
    """Each kind of fault; its value is the name of its share in `Behaviour`."""

    DROPPED = "drop_after_storing"
    BAD_GATEWAY = "answer_502_after_storing"
    CUT = "cut_answer"
    OMITTED = "omit_rows"


def draw_fault(behaviour: Behaviour, dice: random.Random) -> Fault | None:
    """Which fault befalls a request. One draw decides, so that each kind comes as often as its share says."""
    point = dice.random()
    for fault in Fault:
        point -= getattr(behaviour, fault.value)
        if point < 0:
            return fault
    return None


def spoil(answer: Answer, fault: Fault, dice: random.Random) -> Answer:
    """The answer as it looks after the fault."""
    if fault is Fault.DROPPED:
        return replace(answer, ending=Ending.RESET)
    if fault is Fault.BAD_GATEWAY:
        return Answer(502, _GATEWAY_PAGE, "text/html")
    if fault is Fault.CUT:
        return replace(answer, ending=Ending.CUT)
    return _omit_rows(answer, dice)


def _omit_rows(answer: Answer, dice: random.Random) -> Answer:
    """At least one row less; an answer that has no rows is left with nothing in it."""
    rows = json.loads(answer.body).get("Response")
    if not rows:
        return Answer.of_json({} if rows is None else {"Response": []})
    omitted = set(dice.sample(range(len(rows)), dice.randint(1, len(rows))))
    return Answer.of_json({"Response": [row for index, row in enumerate(rows) if index not in omitted]})
