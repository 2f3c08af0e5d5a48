"""The simulated LeadSquared without network and clock: one request in at a time, one reply out."""

from __future__ import annotations

import random
import secrets
import traceback
from datetime import datetime, timedelta
from typing import Any

from etl.simulator.account import Account, Arrival, Moment, Operation, Refused
from etl.simulator.answers import dated, refused_reply, server_fault
from etl.simulator.fault_plan import Aim, Fault, FaultKind, FaultPlan
from etl.simulator.faults import REDIRECT_TARGET, under_fault
from etl.simulator.keys import check_host, check_keys, url_holds_keys
from etl.simulator.late import LateWork
from etl.simulator.lead_writes import settle
from etl.simulator.leads import LeadBook
from etl.simulator.limits import Limits
from etl.simulator.messages import Reply, SimRequest, Travel
from etl.simulator.operations import operation_for
from etl.simulator.options import SimulatorOptions
from etl.simulator.rights import check_right
from etl.simulator.scene import Scene, Serve
from etl.simulator.stats import Stats
from etl.simulator.store import ActivityStore


class Simulator:
    """One simulated account. Not thread-safe: whoever owns it calls it in order of arrival, with a clock that never goes back.

    The same options with a seed, the same requests and the same times give the same replies. For each request:

        travel = simulator.set_off()                    # when it is sent
        reply = simulator.handle(request, now, wall)    # travel.there_seconds later
        …                                               # the reply is there reply.delay_seconds + travel.back_seconds later

    What a fault makes late is carried out when the next call tells that its time has come.
    """

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options = options or SimulatorOptions()
        self.seed = secrets.randbits(32) if self.options.seed is None else self.options.seed
        store = ActivityStore(self.seed, self.options.store)
        switches = self.options.switches
        leads = LeadBook(
            self.options.unknown_leads,
            switches.phone_match,
            self.options.country_code,
            others_exist=self.options.other_leads_exist,
        )
        self._late = LateWork()
        self._account = Account(self.options, store, Stats(), self._dice("answers"), leads, late=self._late)
        settle(self._account)
        self._limits = Limits(self._account)
        self._faults = FaultPlan(self.options.faults, self.seed)
        self._travel_dice = self._dice("travel")

    def set_off(self) -> Travel:
        """How long the next request travels, its latency split at random between the way there and the way back."""
        latency = self.options.latency
        total = self._travel_dice.uniform(latency.least_seconds, latency.most_seconds)
        there = self._travel_dice.uniform(0.0, total)
        return Travel(there, total - there)

    def handle(self, request: SimRequest, now: float, wall: datetime) -> Reply:
        """Answer a request that arrives at `now` (seconds of a clock that never goes back), `wall` by the calendar."""
        self.catch_up(now, wall)
        server_wall = self._server_wall(wall)
        return dated(self._answer(request, Moment(now, server_wall)), server_wall)

    def catch_up(self, now: float, wall: datetime) -> None:
        """Carry out what was put off until now, in the order in which it was due."""
        for due_seconds, work in self._late.due_by(now):
            moment = Moment(due_seconds, self._server_wall(wall) - timedelta(seconds=now - due_seconds))
            try:
                work(moment)
            except Exception:  # noqa: BLE001 - nobody hears of it but by the stats
                self._note_defect()

    def activities(self) -> list[dict[str, Any]]:
        """Everything that was stored, oldest first, as `/_simulator/activities` shows it."""
        return [activity.as_json() for activity in self._account.store.activities()]

    def stats(self) -> dict[str, Any]:
        """The counters, as `/_simulator/stats` shows them."""
        return self._account.stats.as_json()

    def close(self) -> None:
        """Let go of the store's file."""
        self._account.store.close()

    def _answer(self, request: SimRequest, moment: Moment) -> Reply:
        stats = self._account.stats
        if request.path == REDIRECT_TARGET:
            stats.redirects_followed += 1
            return server_fault()
        stats.requests += 1
        stats.requests_with_keys_in_url += url_holds_keys(request, self.options)
        try:
            return self._admit(Arrival(request, stats.requests, moment.seconds, moment.wall))
        except Refused as refusal:
            return self._refused(refusal)
        except Exception:  # noqa: BLE001 - a defect here is counted and shown, and must not look like an answer of LeadSquared
            self._note_defect()
            return server_fault()

    def _admit(self, arrival: Arrival) -> Reply:
        operation = operation_for(arrival.request)
        check_keys(arrival.request, self.options)
        if not operation.any_host:
            check_host(self.options)
        self._limits.observe(arrival, operation.bulk)
        throttled = self._limits.refusal(arrival, operation.bulk)
        if throttled is not None:
            return throttled
        faults = self._faults.strike(Aim.WRITES if operation.writes else Aim.READS)
        if all(fault.kind is not FaultKind.REFUSE for fault in faults):
            self._limits.enter(arrival, operation.bulk)
        return self._service(operation, faults)(arrival)

    def _service(self, operation: Operation, faults: list[Fault]) -> Serve:
        """The operation with its faults around it, the first one outermost."""

        def carry_out(arrival: Arrival) -> Reply:
            try:
                check_right(operation, self.options.switches)
                return operation.answer(self._account, arrival)
            except Refused as refusal:
                return self._refused(refusal)
            finally:
                self._account.store.commit()

        serve: Serve = carry_out
        for fault in reversed(faults):
            serve = under_fault(Scene(self._account, operation, fault, serve, self._late))
        return serve

    def _refused(self, refusal: Refused) -> Reply:
        stats = self._account.stats
        if refusal.status == 401:
            stats.refused_for_keys += 1
        else:
            stats.refused_otherwise += 1
        return refused_reply(refusal, self.options.switches)

    def _server_wall(self, wall: datetime) -> datetime:
        return wall + timedelta(seconds=self.options.clock_skew_seconds)

    def _note_defect(self) -> None:
        self._account.stats.internal_errors += 1
        self._account.stats.last_internal_error = traceback.format_exc()

    def _dice(self, use: str) -> random.Random:
        return random.Random(f"{self.seed}/{use}")  # noqa: S311 - a replay, not a secret
