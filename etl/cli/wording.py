"""Numbers and events as sentences for people; nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.events import Auditing, Fetching, FindingLeads, LookUps, Planned, Progress, ReadingBack, Started
    from etl.records import Outcome

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """A duration in at most two units: `16 s`, `5 min`, `2 h 5 min`, `3 d 4 h`."""
    whole = max(1, round(seconds)) if seconds > 0 else 0
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{round(whole / _MINUTE)} min"
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    count, rest = divmod(round(whole / small), large // small)
    return f"{count} {large_name} {rest} {small_name}" if rest else f"{count} {large_name}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def outcome_counts(counts: Mapping[Outcome, int], between: str = ", ") -> str:
    """`12 invalid, 3 already imported`: the outcomes that occur, in the order given."""
    return between.join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in counts.items() if count)


def started_line(event: Started) -> str:
    """The first line of every run: account, organisation and ledger."""
    return f"Account {event.account} · organisation {event.organisation} · ledger {event.ledger}"


def planned_lines(event: Planned, *, is_forecast: bool) -> tuple[str, ...]:
    """What goes out, how long that takes, what does not go out, and the columns nobody asked for."""
    lines = [f"{event.input}: {counted(event.data_rows, 'data row')}. {_going_out(event, is_forecast=is_forecast)}"]
    if event.look_ups is not None and event.look_ups.leads:
        lines.append(f"  {look_ups_figures(event.look_ups)}")
    staying = {outcome: count for outcome, count in event.counts.items() if outcome != "waiting"}
    if words := outcome_counts(staying):
        lines.append(f"  Not sent: {words}.")
    if event.unmapped:
        lines.append(f"  Columns that the mapping does not use: {', '.join(event.unmapped)}.")
    return tuple(lines)


def _going_out(event: Planned, *, is_forecast: bool) -> str:
    if not event.rows_to_send:
        return "Nothing would be sent." if is_forecast else "Nothing to send."
    verb = "would go" if is_forecast else ("goes" if event.rows_to_send == 1 else "go")
    return (
        f"{counted(event.rows_to_send, 'row')} {verb} out in {counted(event.requests, 'request')}, "
        f"about {duration(event.seconds_at_limit)} at the account's limit."
    )


def look_ups_figures(ahead: LookUps) -> str:
    """`Before that 120 leads are looked up: at most 480 requests, about 2 min at the account's limit.`"""
    return (
        f"Before that {counted(ahead.leads, 'lead')} {'is' if ahead.leads == 1 else 'are'} looked up: at most "
        f"{counted(ahead.requests, 'request')}, about {duration(ahead.seconds)} at the account's limit."
    )


def finding_figures(event: FindingLeads) -> str:
    """`120 of 4,000 leads looked up · at most 12 min left`."""
    figures = f"{event.done:,} of {counted(event.total, 'lead')} looked up"
    return figures + (
        f" · at most {duration(event.seconds)} left" if event.seconds and event.done < event.total else ""
    )


def progress_figures(event: Progress) -> str:
    """`1,250 of 2,000 rows · 48 rows/s · 16 s left · 1,240 created · 10 refused`."""
    figures = [f"{event.done:,} of {counted(event.total, 'row')}", f"{event.rows_per_second:.0f} rows/s"]
    if event.eta_seconds is not None:
        figures.append(f"{duration(event.eta_seconds)} left")
    if words := outcome_counts(event.counts, between=" · "):
        figures.append(words)
    return " · ".join(figures)


def reading_back_figures(event: ReadingBack) -> str:
    """`reading back 50 rows · 12 found · next look in 6 s · at most 74 s until a missing row counts as absent`."""
    figures = [f"reading back {counted(event.rows, 'row')}" if event.rows else "reading back"]
    if event.found:
        figures.append(f"{event.found:,} found")
    figures.append(f"next look in {duration(event.seconds)}")
    if event.at_most:
        figures.append(f"at most {duration(event.at_most)} until a missing row counts as absent")
    return " · ".join(figures)


def auditing_figures(event: Auditing) -> str:
    """`2,000 of 40,000 created rows compared with LeadSquared`."""
    return f"{event.done:,} of {counted(event.total, 'created row')} compared with LeadSquared"


def fetching_figures(event: Fetching) -> str:
    """`120 of 400 leads · 3,005 activities`, or `3,005 of 10,000 activities`."""
    if event.is_by_lead:
        return (
            f"{event.done:,} of {counted(event.total, 'lead')} · {counted(event.activities, 'activity', 'activities')}"
        )
    return f"{event.done:,} of {counted(event.total, 'activity', 'activities')}"


def printable(text: str) -> str:
    """A text without control characters: a cell or an answer must not steer the terminal it is shown on."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)
