"""The questions that a sheet leaves open, each with what may be proposed for it; pure: the terminal is elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from etl.findings import listed, shown
from etl.mapping.convert.typed_format import TypedFormat
from etl.mapping.suggest.proposal import Choice, Line, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.proposal import ProposedColumn
    from etl.mapping.suggest.sample import AccountView, Sample, SampleColumn, Wishes

_YES_NO = (Choice("yes", "yes"), Choice("no", "no"))


def about_order(key: str, one: ProposedColumn, form: str, other: str, example: str) -> Question:
    """Which of day and month comes first. Never proposed: a guess would move every visit by months."""
    orders = []
    for text in sorted((form, other), key=lambda text: text.index("%d") > text.index("%m")):
        moment = TypedFormat.of(text).read(example) if example else None
        means = f", so that {shown(example)} is {moment:%d %B %Y}".replace(" 0", " ") if moment else ""
        word = "day" if text.index("%d") < text.index("%m") else "month"
        orders.append(Choice(word, f"the {word} comes first{means}"))
    words = f"Column {one.column.letter} ({one.column.header}): every date in it can be read with the day or the month first."
    return Question(key, words, tuple(orders), None, True, "--day-first or --month-first")


def about_zone(proposal: str | None, source: str) -> Question:
    """The clock of the sheet."""
    words = "Which clock were the sheet's times read from?" + (f" ({source})" if source and proposal else "")
    return Question("time_zone", words, (), proposal, True, "--time-zone Asia/Kolkata")


def zone_proposed(account: AccountView | None, wishes: Wishes) -> tuple[str | None, str]:
    """A zone and where it is from: what the account says, else a country with one clock, else this machine."""
    if account is not None and account.time_zone:
        return account.time_zone, f"the time zone of the account {account.name}"
    if wishes.region and (zone := zone_of_country(wishes.region)):
        return zone, f"the only time zone of {wishes.region}"
    if wishes.machine_zone:
        return wishes.machine_zone, "the time zone of this machine"
    return None, ""


@cache
def _zones() -> dict[str, list[str]]:
    """Country → its zones, by the table that comes with the time zones."""
    from importlib.resources import files  # noqa: PLC0415 — only proposals need it

    found: dict[str, list[str]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return found


def zone_of_country(country: str) -> str | None:
    """The zone of a country that has one alone."""
    zones = _zones().get(country, [])
    return zones[0] if len(zones) == 1 else None


def country_of(wishes: Wishes) -> str | None:
    """The country of a time zone, for phone numbers without +."""
    zone = wishes.time_zone or wishes.answers.get("time_zone") or wishes.machine_zone
    return next((country for country, zones in _zones().items() if zone in zones), None) if zone else None


def about_event() -> Question:
    """The activity type, where no account can be asked."""
    words = "Number of the activity type in LeadSquared (empty: fill it in later)"
    return Question("event", words, (), "", False, "--event 320")


def which_lead(judged: Sequence[tuple[SampleColumn, Guess]], account: AccountView | None) -> Question:
    """By which column the lead of a row is found, where no address, number or id tells it."""
    headers = [column.header for column, told in judged if told.fit.filled]
    fields = listed([name for name in (account.lead_fields if account else {}) if name.startswith("mx_")], 6)
    words = (
        "No column holds an e-mail address, a phone number or a LeadSquared id. Which one tells the lead, and which unique "
        f"lead field holds it? Write it as COLUMN=FIELD, like {headers[0] if headers else 'Code'}=mx_Customer_Code."
        f"{f' Lead fields: {fields}.' if fields else ''} Columns: {listed(headers, 12)}"
    )
    return Question("find_lead", words, (), None, True, '--find-lead "COLUMN=FIELD"')


def lead_column(wishes: Wishes, judged: Sequence[tuple[SampleColumn, Guess]]) -> tuple[str, str] | None:
    """What was said of it, where there is such a column."""
    said = wishes.find_lead
    if said is None and "=" in wishes.answers.get("find_lead", ""):
        header, _, lead_field = wishes.answers["find_lead"].partition("=")
        said = (header.strip(), lead_field.strip())
    return said if said and any(column.header == said[0] for column, _ in judged) else None


def about_target(key: str, one: ProposedColumn) -> Question:
    """Whether a doubtful field is the right one. Proposed is no: it stays a comment."""
    words = f"Column {one.column.letter} ({one.column.header}) → {one.target}? {one.why[0]}"
    return Question(key, words, _YES_NO, "no")


def about_unique(again: Line) -> Question:
    """Whether rows are known again by that column."""
    header = again.value[0] if isinstance(again.value, list) else again.value
    why = again.why.rpartition(": ")[2]
    return Question(
        "unique_by", f"Does {shown(header)} name a row, so that it is never sent twice? ({why})", _YES_NO, "yes"
    )


def about_key_field(field: Line) -> Question:
    """Whether the spare field may carry the row key."""
    words = f"May the field {field.value} carry a key of each row? ({field.why.partition(';')[0]})"
    return Question("row_key_field", words, _YES_NO, "yes")


def about_shape(sample: Sample, wishes: Wishes) -> list[Question]:
    """What hidden rows and merged cells mean: `etl check` asks the same, so nothing is taken for it."""
    questions = []
    if sample.hidden_rows:
        choices = (
            Choice("include", "import them as well"),
            Choice("skip", "leave them out"),
            Choice("error", "a finding each"),
        )
        words = f"{sample.hidden_rows:,} rows are hidden or filtered away. What shall become of them?"
        questions.append(Question("hidden", words, choices, "", False))
    if sample.merged:
        kept = (Choice("fill", "each has the value of the first one"), Choice("empty", "the others are empty"))
        words = f"Cells are merged ({listed(sample.merged, 4)}). What do they hold?"
        questions.append(Question("merged", words, kept, "", False))
    return [one for one in questions if one.key not in wishes.answers]


def hidden(sample: Sample, wishes: Wishes) -> Line | None:
    """The setting for hidden rows, or what has to be chosen."""
    if not sample.hidden_rows:
        return None
    said = wishes.answers.get("hidden") or None
    return Line(said, f"{sample.hidden_rows:,} rows are hidden or filtered away: include, skip or error", "skip")


def merged(sample: Sample, wishes: Wishes) -> Line | None:
    """The same for merged cells."""
    if not sample.merged:
        return None
    said = wishes.answers.get("merged") or None
    return Line(said, f"cells are merged ({listed(sample.merged, 4)}): fill or empty", "fill")
