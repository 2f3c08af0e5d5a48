"""A notice in plain words: its subject, and the text that reads the same in an e-mail, a chat and a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.exits import ExitCode
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.notify.notice import Ending, Notice
    from etl.reconciler.report.facts import Cause

_MOST_CAUSES = 8
_MOST_SUBJECT = 150


def subject(notice: Notice) -> str:
    """What happened, in one line: `visits.xlsx: 3 rows to correct`."""
    if len(notice.endings) == 1 and not notice.error:
        text = _headline(notice.endings[0])
    elif notice.endings:
        calling = sum(one.calls for one in notice.endings)
        many = len(notice.endings)
        text = f"{calling} of {many} files need a person" if calling else f"all {many} files are done"
    else:
        text = f"{notice.command}: {_meaning(notice.exit_code)}"
    line = " ".join(_printable(text).split())
    return line if len(line) <= _MOST_SUBJECT else f"{line[: _MOST_SUBJECT - 1]}…"


def text(notice: Notice) -> str:
    """The whole message: each input with counts, what to correct, where its files lie and what to do next."""
    return _printable("\n".join(_lines(notice)).strip() + "\n")


def message(notice: Notice) -> str:
    """The text with its subject on top, once."""
    first, whole = subject(notice), text(notice)
    return whole if whole.startswith(f"{first}\n") else f"{first}\n\n{whole}"


def shortened(whole: str, most: int, *, is_bytes: bool = False) -> str:
    """A text that fits: cut at the end of a line, which is said. most: signs, or bytes of UTF-8."""

    def size(part: str) -> int:
        return len(part.encode()) if is_bytes else len(part)

    if size(whole) <= most:
        return whole
    kept, rest = "", "\n… and more; the whole of it stands in the failed file and the results.\n"
    for line in whole.splitlines(keepends=True):
        if size(kept + line + rest) > most:
            break
        kept += line
    return kept.rstrip("\n") + rest


def _lines(notice: Notice) -> Iterator[str]:
    if notice.error:
        yield f"{notice.command} ended with exit code {notice.exit_code}: {_meaning(notice.exit_code)}."
        yield ""
        yield notice.error
        yield ""
    for ending in notice.endings:
        yield from _of_one(ending)
        yield ""
    if notice.is_masked and any(one.causes for one in notice.endings):
        yield "Values of cells are masked; the failed file shows them."
    yield f"{notice.command} on {notice.machine}, {notice.at:%Y-%m-%d %H:%M} UTC, exit code {notice.exit_code}."


def _of_one(ending: Ending) -> Iterator[str]:
    yield _headline(ending)
    known = [
        f"account {ending.account}" if ending.account else "",
        f"mapping {ending.mapping}" if ending.mapping else "",
    ]
    run = ", ".join(str(one) for one in ending.runs)
    named = [f"run{'s' if len(ending.runs) > 1 else ''} {run}" if run else "", *known]
    if any(named):
        yield ", ".join(filter(None, named))
    if ending.counts:
        yield ""
        yield from _counts(ending)
    if ending.reason and ending.reason != ending.headline:
        yield ""
        yield ending.reason if ending.reason[-1] in ".!?" else f"{ending.reason}."
    if ending.causes:
        yield ""
        yield "What to correct:" if ending.to_correct else "Why:"
        told: set[str] = set()
        for cause in ending.causes[:_MOST_CAUSES]:
            yield from _cause(cause, told)
        left_out = ending.causes_left_out + max(0, len(ending.causes) - _MOST_CAUSES)
        if left_out:
            yield f"  and {left_out:,} further {'kinds' if left_out > 1 else 'kind'}, in the failed file"
    yield from _where(ending)


def _where(ending: Ending) -> Iterator[str]:
    """The files, and what to do now."""
    lines = (
        ("File", ending.place),
        ("To correct", ending.failed),
        ("Results", ending.results),
        ("Next", ending.next_step),
        ("Command", ending.next_command),
    )
    if any(value for _, value in lines):
        yield ""
    for name, value in lines:
        if value:
            yield f"{name + ':':<12}{value}"


def _counts(ending: Ending) -> Iterator[str]:
    there = {outcome: ending.counts[outcome] for outcome in Outcome if ending.counts.get(outcome)}
    width = max((len(f"{count:,}") for count in (*there.values(), ending.data_rows)), default=1)
    for outcome, count in there.items():
        yield f"  {count:>{width},} {_words(outcome)}"
    yield f"  {ending.data_rows:>{width},} data row{'' if ending.data_rows == 1 else 's'} in all"


def _cause(cause: Cause, told: set[str]) -> Iterator[str]:
    """A cause with its examples. told: those of earlier causes; a row may have several, and its text names them all."""
    kind = _words(cause.outcome) + (f" ({cause.code})" if cause.code else "")
    yield f"  {_rows(cause.rows)} {kind}: {cause.title}."
    for example in cause.examples:
        place = "" if example.has_cell else f"row {example.row_number}: "
        yield f"    row {example.row_number}: as above" if example.text in told else f"    {place}{example.text}"
        told.add(example.text)


def _headline(ending: Ending) -> str:
    """How one input ended, in a few words."""
    if ending.headline:
        return ending.headline
    return f"{ending.input}: {_in_short(ending)}"


def _in_short(ending: Ending) -> str:  # one return a kind of end
    unconfirmed, waiting = ending.counts.get(Outcome.UNCONFIRMED, 0), ending.counts.get(Outcome.WAITING, 0)
    match ending.exit_code:
        case ExitCode.DONE if ending.stored:
            return f"done, {_rows(ending.stored)} sent"
        case ExitCode.DONE if ending.to_correct:
            return f"done, {_rows(ending.to_correct)} left to correct"
        case ExitCode.DONE:
            return "done, nothing to send"
        case ExitCode.NEEDS_A_PERSON:
            return f"{_rows(ending.to_correct)} to correct"
        case ExitCode.UNCONFIRMED:
            return f"{_rows(unconfirmed)} unconfirmed"
        case ExitCode.STOPPED | ExitCode.INTERRUPTED | ExitCode.TERMINATED:
            return f"stopped before the end, {_rows(waiting)} {'waits' if waiting == 1 else 'wait'}"
    return _meaning(ending.exit_code)


def _meaning(code: int) -> str:
    return next((one.meaning for one in ExitCode if one == code), f"exit code {code}")


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _words(outcome: Outcome) -> str:
    return outcome.replace("_", " ")


def _printable(whole: str) -> str:
    """Without signs that steer a terminal, a mail's head or a chat: what LeadSquared or a cell says is not to be trusted."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in whole)
