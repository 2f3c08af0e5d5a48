"""The end of one file: judged, moved to where it belongs with all that lies beside it, and told as a `Filed`."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.exits import ExitCode
from etl.inbox.folders import Bundle, file_away, write_whole
from etl.inbox.judge import Verdict, totals
from etl.inbox.words import Filed, What
from etl.places import place_of
from etl.records import NEEDS_A_PERSON, Outcome
from etl.stages.past_runs import past_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.events import Summary
    from etl.findings import Finding
    from etl.inbox.folders import Folders
    from etl.inbox.ways import Way
    from etl.ledger.store import Ledger

_STAYS = (What.GOES_ON, What.UNKNOWN)
_OPEN = (*NEEDS_A_PERSON, Outcome.WAITING, Outcome.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Filing:
    """Puts files where they belong. again: the words behind `etl` that serve this inbox once more."""

    folders: Folders
    ledger: Ledger
    again: tuple[str, ...]

    def file(
        self,
        bundle: Bundle,
        way: Way | None,
        verdict: Verdict,
        summary: Summary | None = None,
        findings: Sequence[Finding] = (),
    ) -> Filed:
        """Move a file that was taken where its end says, and tell of it."""
        runs = tuple(one.run for one in summary.inputs if one.run is not None) if summary else bundle.slip.runs
        if runs != bundle.slip.runs:
            bundle = bundle.noting(runs)
        lay = bundle.folder
        verdict = replace(verdict, reason=_without(verdict.reason, self.folders.inbox, lay))
        if verdict.what not in _STAYS:
            into = self.folders.attention if verdict.what is What.NEEDS_A_PERSON else self.folders.done
            try:
                bundle = self._move(bundle, into, verdict)
            except UsageError as error:
                reason = f"{verdict.reason}. {error.message}"
                verdict = replace(verdict, what=What.GOES_ON, exit_code=ExitCode.USAGE, reason=reason)
        told = self._told(bundle, way, verdict, summary, runs)
        said = [_placed(one, lay) for one in told.findings or findings]
        return replace(told, findings=tuple(said))

    def settle(self) -> list[Filed]:
        """Move what lies in attention, and whose rows were all corrected since, to done."""
        found = []
        for bundle in self.folders.in_attention(self.ledger.moves.note_folder):
            runs = [self.ledger.listing.run(number) for number in bundle.slip.runs]
            counts = [run.counts for run in runs if run is not None]
            if not any(counts) or any(one.get(outcome) for one in counts for outcome in _OPEN):
                continue  # it lies there for another reason, or still for this one
            moved = file_away(bundle, self.folders.done, self.ledger.moves.note_folder)
            rows = sum(run.data_rows for run in runs if run is not None)
            together: dict[Outcome, int] = {}
            for one in counts:
                for outcome, number in one.items():
                    together[outcome] = together.get(outcome, 0) + number
            filed = Filed(
                What.SETTLED,
                self.folders.root,
                bundle.slip.file,
                int(ExitCode.DONE),
                "its rows have been corrected, and all are in LeadSquared now",
                route=bundle.slip.route,
                account=next((name for run in runs if run is not None for name in run.accounts), None),
                runs=bundle.slip.runs,
                counts=together,
                data_rows=rows,
                place=moved.file,
                results=self._beside(moved.slip.runs[0], "results"),
            )
            found.append(filed)
        return found

    def _move(self, bundle: Bundle, into: Path, verdict: Verdict) -> Bundle:
        """Moved, with a note beside it where its results do not tell why it lies there."""
        if verdict.what is What.REPEAT or (verdict.what is What.NEEDS_A_PERSON and not bundle.slip.runs):
            note = bundle.folder / f"{Path(bundle.slip.name).stem}.note.txt"
            write_whole(note, f"{bundle.slip.file}: {verdict.reason}.\n".replace("..", "."))
        return file_away(bundle, into, self.ledger.moves.note_folder)

    def _told(
        self, bundle: Bundle, way: Way | None, verdict: Verdict, summary: Summary | None, runs: tuple[int, ...]
    ) -> Filed:
        data_rows, counts = totals(summary) if summary else (0, {})
        finding_counts: dict[str, int] = {}
        for one in summary.inputs if summary else ():
            for code, number in one.finding_counts.items():
                finding_counts[code] = finding_counts.get(code, 0) + number
        failed = next((place for number in runs if (place := self._beside(number, "failed"))), None)
        failed = failed or self._unsent_failed(bundle, summary)
        step, command = self._next(verdict, bundle, way, failed, runs)
        return Filed(
            verdict.what,
            self.folders.root,
            bundle.slip.file,
            int(verdict.exit_code),
            verdict.reason,
            route=way.route.name if way else None,
            account=way.account.name if way else None,
            submitter=way.route.rules.submitter if way else None,
            mapping=way.route.mapping if way else None,
            runs=runs,
            counts=counts,
            data_rows=data_rows,
            place=bundle.file,
            results=self._beside(runs[0], "results") if runs else None,
            failed=failed,
            next_step=step,
            next_command=command,
            is_within_bounds=verdict.is_within_bounds,
            findings=tuple(finding for one in summary.inputs for finding in one.findings) if summary else (),
            finding_counts=finding_counts,
        )

    def _next(
        self, verdict: Verdict, bundle: Bundle, way: Way | None, failed: Path | None, runs: tuple[int, ...]
    ) -> tuple[str, tuple[str, ...]]:
        """What to do now, and the one command for it."""
        if verdict.what is What.GOES_ON:
            return "The next etl inbox continues it.", self._unconfirmed(verdict, runs) or self.again
        if verdict.what is What.NEEDS_A_PERSON and failed is not None:
            words = ("run", str(failed), "-m", str(way.route.mapping), *_account(way)) if way else self.again
            if not runs:  # nothing was sent of it, so its lines come from no run yet
                return f"Correct {bundle.slip.file} and put it into {self.folders.inbox}.", self.again
            return f"Correct {failed.name} and put it into {self.folders.inbox}, or run it by hand.", words
        if verdict.what is What.NEEDS_A_PERSON:
            return f"Put a corrected file into {self.folders.inbox}.", self.again
        if verdict.is_within_bounds and failed is not None:
            return f"Nothing has to be done; these rows are in {failed}.", ()
        return "", ()

    def _unconfirmed(self, verdict: Verdict, runs: tuple[int, ...]) -> tuple[str, ...]:
        if verdict.exit_code is not ExitCode.UNCONFIRMED:
            return ()
        for number in runs:
            run = self.ledger.listing.run(number)
            following = past_run(run, self.ledger).next_command if run is not None else None
            if following is not None:
                return following.words
        return ()

    def _beside(self, run: int, which: str) -> Path | None:
        """Where results or failed file of a run lie now, if they are there."""
        record = self.ledger.runs.get(run)
        path = (record.results_path if which == "results" else record.failed_path) if record else None
        found = place_of(path) if path else None
        return found if found is not None and found.is_file() else None

    @staticmethod
    def _unsent_failed(bundle: Bundle, summary: Summary | None) -> Path | None:
        """The failed file of an input of which nothing was sent: it moved along."""
        named = next((one.failed for one in summary.inputs if one.failed), None) if summary else None
        place = bundle.folder / named.name if named else None
        return place if place is not None and place.is_file() else None


def _without(text: str, *folders: Path) -> str:
    """Words about a file without the folders in which it does not lie any more."""
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def _placed(finding: Finding, lay: Path) -> Finding:
    """A finding in a file by its name alone: it was moved since."""
    place = finding.place
    return replace(finding, place=replace(place, file=_without(place.file, lay)))


def _account(way: Way) -> tuple[str, ...]:
    """An account of the LSQ_* variables cannot be typed."""
    return ("-a", way.account.name) if way.is_certain else ()
