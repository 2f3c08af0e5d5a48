"""`etl undo`: what became of a wrong import, and taking it back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.pilot import can_ask
from etl.cli.signals import stop_on_signals
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.events import StopSignal
from etl.exits import ExitCode
from etl.records import Outcome
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.cli.world import World
    from etl.repair import Look, Undone, Wish

_MEANINGS = {
    "only ours": "on their leads nothing else of this type lies near: LeadSquared can delete these",
    "would take others along": "others lie too near in time on their leads, and a deletion could take those; never deleted",
    "changed since": "somebody has changed them since they were created; never deleted",
    "being deleted": "LeadSquared was asked to delete them, and has not done it yet",
    "cannot be told": "LeadSquared does not show what lies beside them; never deleted",
    "gone already": "not in LeadSquared any more",
}

_EXIT_CODES = (
    (ExitCode.DONE, "looked only; or every activity of the run is deleted or marked, and read back"),
    (ExitCode.USAGE, "no such run, a field that cannot be marked, or another number than the one to confirm"),
    (ExitCode.NEEDS_A_PERSON, "done as far as it goes; activities of the run stay as they are"),
    (ExitCode.REFUSED, "LeadSquared refused the account, or refused to delete"),
    (ExitCode.STOPPED, "broken off or not confirmed; the same command goes on"),
    (
        ExitCode.UNCONFIRMED,
        "asked for and not seen yet: deletions are queued at LeadSquared; run the same command later",
    ),
    (ExitCode.BUSY, "another process is at work on this run"),
)


@click.command("undo")
@options.run_argument
@options.account_option
@click.option("--preview", is_flag=True, help="Look only; this is also what happens without any option.")
@click.option("--delete", "is_delete", is_flag=True, help="Let LeadSquared delete those activities that are only ours.")
@click.option(
    "--confirm", metavar="N", type=click.IntRange(min=1), help="With --delete, where nobody can be asked: their number."
)
@click.option("--mark", metavar="FIELD=VALUE", help="Write VALUE into FIELD of every activity of the run instead.")
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def undo(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    run: int,
    account: str | None,
    preview: bool,
    is_delete: bool,
    confirm: int | None,
    mark: str | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Take back what a run has created: delete it where nothing else goes along, or mark it as wrong.

    LeadSquared cannot delete an activity by its id, only all of a type on a lead in a span of time. So each activity is looked
    at first, and what lies beside it. Deletion is queued at LeadSquared: it happens some time later, cannot be called back,
    and nobody is told; etl reads back until it sees it. Rows that are gone or marked are forgotten, so that the right import is
    not called already imported. Leads that an import created stay.

    \b
    Examples:
      etl undo 41 --preview
      etl undo 41 --delete
      etl undo 41 --delete --confirm 800
      etl undo 41 --mark mx_Custom_19=wrong-import
      etl undo 41 --preview --json
    """
    wish = _wish(world, preview=preview, is_delete=is_delete, confirm=confirm, mark=mark)
    options.keep_log(world, log)
    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        ended = world.repair().undo(settings, run, wish, events=talk, stop=stop)
    if not quiet or ended.exit_code:
        for line in _lines(ended):
            write_line(printable(line), to_stderr=is_json, has_colour=world.has_colour)
    if is_json:
        print_object(_as_object(ended))
    return ended.exit_code


def _wish(world: World, *, preview: bool, is_delete: bool, confirm: int | None, mark: str | None) -> Wish:
    from etl.repair import Delete, MarkAll, Preview  # noqa: PLC0415 — slow to load: not for --help

    if preview + is_delete + (mark is not None) > 1:
        raise UsageError("--preview, --delete and --mark: look, delete or mark? Leave the others out.")
    if confirm is not None and not is_delete:
        raise UsageError("--confirm N says how many activities --delete may delete. Type it with --delete.")
    if mark is not None:
        target, is_named, value = mark.partition("=")
        if not is_named:
            raise UsageError(
                f"--mark {mark}: type the field and what to write into it, like --mark mx_Custom_19=wrong-import."
            )
        return MarkAll(target.strip(), value.strip())
    return Delete(lambda look: _agrees(world, look, confirm)) if is_delete else Preview()


def _agrees(world: World, look: Look, confirm: int | None) -> bool:
    """Whether the number of what is to be deleted was typed.

    Raises: UsageError — it was another one, or nobody can be asked.
    """
    number = look.to_confirm
    what = counted(number, "activity", "activities")
    if not number:
        return True
    if confirm is None and not can_ask(world):
        raise UsageError(
            f"{what} of run {look.run} would be deleted from {look.account} ({look.organisation}), on "
            f"{counted(look.leads, 'lead')}. Nothing was deleted. To delete them: --delete --confirm {number}."
        )
    if confirm is None:
        for line in _look_lines(look):
            click.echo(printable(line), err=True)
        question = (
            f"LeadSquared will delete {what} from {look.account} ({look.organisation}). This cannot be undone. "
            f"Type their number to go on"
        )
        confirm = _typed(question)
        if confirm is None:
            return False
    if confirm != number:
        raise UsageError(
            f"{confirm:,} was typed, and {what} of run {look.run} would be deleted. Nothing was deleted. Look again: etl undo "
            f"{look.run} --preview."
        )
    return True


def _typed(question: str) -> int | None:
    """The number that a person types; None where they type nothing or leave."""
    try:
        typed = click.prompt(question, default="", show_default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return None
    digits = typed.strip().replace(",", "")
    if not digits:
        return None
    return int(digits) if digits.isdecimal() else -1


def _as_object(ended: Undone) -> dict[str, object]:
    look = ended.look
    return {
        "exit_code": int(ended.exit_code),
        "run": look.run,
        "account": look.account,
        "organisation": look.organisation,
        "buckets": {bucket.value: count for bucket, count in look.counts.items()},
        "to_confirm": look.to_confirm,
        "leads": look.leads,
        "deleted_before": look.deleted,
        "without_id": look.without_id,
        "deleted": ended.deleted,
        "marked": ended.marked,
        "gone": ended.gone,
        "left": ended.left,
        "rows": {one.value: count for one, count in ended.equation.outcomes.items() if count}
        if ended.equation
        else None,
        "results": ended.results,
        "stop_reason": ended.stop_reason,
        "next_step": ended.next_step or None,
    }


def _lines(ended: Undone) -> Iterator[str]:
    look = ended.look
    yield from _look_lines(look)
    if ended.equation is None:
        if ended.stop_reason:
            yield f"  Stopped:    {ended.stop_reason}. {ended.next_step}"
        elif look.to_confirm or look.counts:
            yield from _next_steps(look)
        return
    for count, words in (
        (ended.deleted, "deleted, and read back"),
        (ended.marked, "marked, and read back"),
        (ended.gone, "gone already"),
    ):
        if count:
            yield f"  {count:,} {words}."
    yield f"  {ended.equation}"
    if ended.results:
        yield f"  Results:    {ended.results}"
    if ended.stop_reason:
        yield f"  Stopped:    {ended.stop_reason}"
    if ended.next_step:
        yield f"  Next:       {ended.next_step}"


def _look_lines(look: Look) -> Iterator[str]:
    there = sum(look.counts.values())
    yield f"{look.shown} (run {look.run}): {counted(there, 'activity', 'activities')} of its making, in {look.account}"
    for bucket, count in sorted(look.counts.items(), key=lambda pair: list(_MEANINGS).index(pair[0].value)):
        yield f"  {count:>7,} {bucket.value}: {_MEANINGS[bucket.value]}"
        for one in look.examples.get(bucket, ()):
            if one.why:
                yield f"            row {one.row_number}: {one.why}"
    if look.deleted:
        yield f"  {look.deleted:>7,} deleted by etl undo before"
    if look.without_id:
        yield f"  {look.without_id:>7,} more are called created by a person's decision, under no id: nobody can find them"
    if doubtful := look.others.get(Outcome.UNCONFIRMED):
        yield f"  {doubtful:>7,} more are in doubt: etl verify {look.run} first"


def _next_steps(look: Look) -> Iterator[str]:
    if look.to_confirm - look.deleted:
        number = look.to_confirm
        yield f"  Delete:     etl undo {look.run} --delete --confirm {number}"
        yield "              It is queued at LeadSquared, happens later, and cannot be called back."
    yield f"  Mark:       etl undo {look.run} --mark FIELD=wrong-import"


undo.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
