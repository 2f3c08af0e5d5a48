"""Numbers and events as sentences for people; nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from etl.events import Auditing, Budget, Fetching, FindingLeads, LookUps, Planned, Progress, ReadingBack, Started
    from etl.records import Outcome

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # in English anywhere
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


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


def day_in_words(day: date) -> str:
    """`3 June 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


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


def together_lines(forecast: Sequence[Planned]) -> tuple[str, ...]:
    """What all inputs come to, where there are several; and the day on which the last request goes out, under a budget.

    Look-ups of leads count with what they take at most.
    """
    requests = sum(one.requests + (one.look_ups.requests if one.look_ups else 0) for one in forecast)
    seconds = sum(one.seconds_at_limit + (one.look_ups.seconds if one.look_ups else 0.0) for one in forecast)
    lines = []
    if len(forecast) > 1 and requests:
        rows = counted(sum(one.rows_to_send for one in forecast), "row")
        lines.append(
            f"Together: {rows} in {counted(requests, 'request')}, about {duration(seconds)} at the account's limit."
        )
    budget = next((one.budget for one in forecast if one.budget), None)
    if budget is not None and requests:
        lines.append(budget_line(budget, requests, seconds))
    elif requests >= _MANY_REQUESTS:
        lines.append(no_budget_line(requests))
    return tuple(lines)


def quota_lines(planned: Planned) -> tuple[str, ...]:
    """What the day's quota means for one input; where none is set and much goes out, that plans have one."""
    requests = planned.requests + (planned.look_ups.requests if planned.look_ups else 0)
    seconds = planned.seconds_at_limit + (planned.look_ups.seconds if planned.look_ups else 0.0)
    if planned.budget is not None and requests:
        return (f"  {budget_line(planned.budget, requests, seconds)}",)
    return (f"  {no_budget_line(requests)}",) if planned.budget is None and requests >= _MANY_REQUESTS else ()


_MANY_REQUESTS = 100
"""One in a hundred of a day's calls on the smallest plan (LeadSquared API, rate limits): from here on the quota matters."""


def no_budget_line(requests: int) -> str:
    """That plans have a quota, and how it is set."""
    return (
        f"No daily_requests is set. LeadSquared's plans allow so many calls a day (10,000 and more, by plan and users), which "
        f"all programs on the account share; these are {counted(requests, 'request')}. Set daily_requests for the account "
        "in the settings file (LSQ_DAILY_REQUESTS), and a run stops before the quota is used up."
    )


def budget_line(budget: Budget, requests: int, seconds: float) -> str:
    """`With 500 requests a day (UTC), 20 of them kept for reading back, 120 left today, the last goes out on Friday, …`"""
    last, today = budget.last_day(requests, seconds), budget.now.date()
    day = (
        "today"
        if last == today
        else f"on {_WEEKDAYS[last.weekday()]}, {last.day} {_MONTHS[last.month - 1]} {last.year}"
    )
    kept = f", {budget.left_today:,} of them"
    if budget.reserve:
        kept = f", {budget.reserve:,} of them kept for reading back, {budget.left_today:,}"
    again = "" if last == today else ", if the same command is run again on each day"
    return f"With {counted(budget.daily_requests, 'request')} a day (UTC){kept} left today, the last goes out {day}{again}."


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
    """`1,250 of 2,000 rows · 50 rows/s, 48 on average · 97 % of the limit · 16 s left at the limit · 1,240 created`.

    Then requests in flight, refusals for the rate and what is left of the day's quota, where there is any of it.
    """
    figures = [f"{event.done:,} of {counted(event.total, 'row')}", _speed(event)]
    if event.limit_used is not None:
        figures.append(f"{event.limit_used:.0%} of the limit".replace("%", " %"))
    if event.eta_seconds is not None:
        figures.append(f"{duration(event.eta_seconds)} {_LEFT[event.eta_basis]}")
    if event.in_flight:
        figures.append(f"{counted(event.in_flight, 'request')} in flight")
    if event.refusals:
        figures.append(counted(event.refusals, "refusal"))
    if event.quota_left is not None:
        figures.append(f"{counted(event.quota_left, 'request')} left today")
    if words := outcome_counts(event.counts, between=" · "):
        figures.append(words)
    return " · ".join(figures)


_LEFT = {  # by what it is reckoned from (events.EtaBasis, which loads too slowly for --help)
    "limit": "left at the limit",
    "rate": "left at this rate",
    "quota": "left until the day's quota is spent",
}


def _speed(event: Progress) -> str:
    if event.rows_per_second_now is None:
        return f"{event.rows_per_second:.0f} rows/s"
    return f"{event.rows_per_second_now:.0f} rows/s, {event.rows_per_second:.0f} on average"


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
