"""What a command came to in numbers: rows, requests and refusals for each account and mapping."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.errors import EtlError
from etl.events import Planned, Progress, RequestSent
from etl.exits import worst
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.cli.wishes import Wishes
    from etl.cli.world import World
    from etl.events import Event
    from etl.notify.notice import Ending
    from etl.settings import Settings
    from etl.signs.metrics import Sample


@dataclass(frozen=True, slots=True)
class Named:
    """The account and mapping of a command by name, as far as they can be told where it never came to an import."""

    world: World
    wishes: Wishes
    settings: Settings | None

    @property
    def account(self) -> str:
        """Of the settings, as the command says, or the only one there is; "" where that is not known."""
        if self.settings is not None and self.settings.account is not None:
            return self.settings.account.name
        if self.wishes.account:
            return self.wishes.account
        from etl.settings import known_accounts  # noqa: PLC0415 — only where a command failed early

        with suppress(EtlError):
            known = [one.name for one in known_accounts(self.world.environ, self.world.cwd, self.world.directories)]
            if ENVIRONMENT_ACCOUNT in known or len(known) == 1:
                return known[0]
        return ""

    @property
    def mapping(self) -> str:
        """The only mapping's name; a file that is none goes by its own."""
        from etl.mapping.load import load_mapping  # noqa: PLC0415 — loads slowly

        if len(self.wishes.mappings) != 1:
            return ""
        try:
            return load_mapping(self.world.cwd / self.wishes.mappings[0]).name
        except (EtlError, OSError):
            return self.wishes.mappings[0].stem


@dataclass
class Tally:
    """Counts what events tell of requests. runs: of the inputs, by their names; accounts: of the runs."""

    runs: dict[str, int] = field(default_factory=dict)
    accounts: dict[int, str | None] = field(default_factory=dict)
    _requests: Counter[int] = field(default_factory=Counter)
    _refusals: dict[int, int] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Something happened."""
        match event:
            case Planned(run=int() as run):
                self.runs[event.input] = run
                self.accounts[run] = event.account
            case RequestSent() if event.input in self.runs:
                self._requests[self.runs[event.input]] += 1
            case Progress() if event.input in self.runs:
                self._refusals[self.runs[event.input]] = event.refusals

    def samples(
        self, endings: Sequence[Ending], exit_code: int, times: tuple[float, float], named: Named
    ) -> Iterator[Sample]:
        """One for each account and mapping; one for the command as a whole where it had no input, or is an inbox."""
        from etl.signs.metrics import Sample  # noqa: PLC0415 — only for who asks

        is_inbox = named.wishes.routes is not None
        groups: dict[tuple[str, str], list[Ending]] = {}
        for one in endings:
            if one.runs or not is_inbox:
                groups.setdefault((one.account or named.account, one.mapping or named.mapping), []).append(one)
        for (account, mapping), own in groups.items():
            rows = {outcome: sum(one.counts.get(outcome, 0) for one in own) for one in own for outcome in one.counts}
            runs = [run for one in own for run in one.runs]
            requests, refusals = (sum(noted.get(run, 0) for run in runs) for noted in (self._requests, self._refusals))
            code = int(worst(one.exit_code for one in own))
            yield Sample(account, mapping, code, *times, rows, requests, refusals)
        if is_inbox:
            yield Sample("", "", exit_code, *times, None)
        elif not groups:
            yield Sample(named.account, named.mapping, exit_code, *times)
