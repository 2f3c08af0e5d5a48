"""What happens to a process while it lives: it dies, the network goes, clocks are set, somebody stops it or takes its keys."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from etl.ledger.store import Ledger
from tests.laws.virtual import Crash, Program
from tests.laws.world import Life, Outage, World

KINDS_OF_CRASH = ("commit", "committed", "send", "sent", "receive", "read", "told", "rename", "renamed")

_MOST_STEPS = {"rename": 3, "renamed": 3, "commit": 25, "committed": 25, "told": 5, "read": 5}
_BETWEEN_LIVES = (4.0, 4.0, 30.0, 130.0, 1_000.0, 30_000.0)


@dataclass
class Troubles:
    """Draws them and lets them happen.

    is_stop_asked: whether the process that lives now was asked to stop by `etl stop`. may_set_clock: not where answers do
    not tell the server's time, because then nothing tells that our own is wrong.
    """

    dice: random.Random
    world: World
    tally: Counter[str]
    log: Callable[[str], None]
    is_stop_asked: bool = False
    may_set_clock: bool = True

    def death(self) -> dict[tuple[str, int], Callable[[], None]]:
        """At which step the process dies."""
        kind = self.dice.choice(KINDS_OF_CRASH)
        nth = self.dice.randrange(1, _MOST_STEPS.get(kind, 6))
        self.log(f"    to die at {kind} {nth}")

        def die() -> None:
            raise Crash(kind)

        return {(kind, nth): die}

    def of_the_machine(self) -> None:
        """The network goes, the clock is set, the lid is shut; some time soon."""
        now, dice, world = self.world.seconds, self.dice, self.world
        if dice.random() < 0.15:
            words, since = dice.choice(["DNS failure", "connection refused"]), now + dice.uniform(0.0, 8.0)
            world.outages.append(Outage(since, since + dice.choice([3.0, 20.0, 45.0]), words))
            self.log(f"    {words} from {since:.1f} s")
        elif dice.random() < 0.08:
            since = now + dice.uniform(0.0, 8.0)
            world.outages.append(Outage(since, since + 3_600.0, "network gone for an hour", answers_too=True))
            self.log(f"    network gone from {since:.1f} s")
        if dice.random() < 0.12 and self.may_set_clock:
            by, at = dice.choice([-7200.0, 7200.0, -40.0]), now + dice.uniform(0.0, 60.0)
            world.at(at, lambda: world.clock.set_wall(by))
            self.log(f"    clock set by {by:g} s at {at:.1f} s")
        if dice.random() < 0.08:
            seconds, at = dice.choice([30.0, 1_000.0, 40_000.0]), now + dice.uniform(0.0, 60.0)
            world.at(at, lambda: world.clock.doze(seconds))
            self.log(f"    asleep for {seconds:g} s at {at:.1f} s")

    def of_people(self, program: Program, life: Life, ledger: Callable[[], Ledger]) -> None:
        """`etl stop`, Ctrl-C, or keys that are revoked, after some request has left."""
        chance, place = self.dice.random(), ("sent", self.dice.randrange(1, 5))
        if place in program.steps.at or chance > 0.2:
            return
        deeds = dict(program.steps.at)
        if chance < 0.08:
            deeds[place] = lambda: self._etl_stop(life, ledger())
        elif chance < 0.14:
            deeds[place] = lambda: self._interrupt(program, life)
        else:
            deeds[place] = self._revoke
        program.steps.at = deeds

    def between_lives(self) -> None:
        """What happens while nobody lives."""
        dice, world = self.dice, self.world
        world.pass_time(dice.choice(_BETWEEN_LIVES))
        if dice.random() < 0.12:
            world.clock.reboot()
            self.log("  reboot")
        if dice.random() < 0.1 and self.may_set_clock:
            by = dice.choice([-7200.0, 7200.0])
            world.clock.set_wall(by)
            self.log(f"  clock set by {by:g} s")
        if dice.random() < 0.2:
            world.set_faults(())
            self.log("  no more faults")

    def _etl_stop(self, life: Life, ledger: Ledger) -> None:
        with ledger._database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE runs SET stop_asked_at = 1 WHERE run_id = ("
                "SELECT run_id FROM requests WHERE run_id IS NOT NULL ORDER BY request_id DESC LIMIT 1)"
            )
        self.is_stop_asked = life.is_stopping = True
        self.log("    etl stop")

    def _interrupt(self, program: Program, life: Life) -> None:
        program.stop.request("interrupted", 2)
        life.is_stopping = True
        self.tally["interrupted"] += 1
        self.log("    Ctrl-C")

    def _revoke(self) -> None:
        self.world.keys = (f"key-{self.dice.random()}", "rotated")
        self.tally["keys revoked"] += 1
        self.log("    keys revoked")
