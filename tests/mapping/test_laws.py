"""What must hold for any cell, any row and any way of cutting a file into blocks."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.findings import Problem
from etl.mapping.apply import Applier
from etl.mapping.convert.typed_format import TypedFormat
from etl.mapping.reading import MEMO_CELLS, Memo, Memos
from etl.mapping.templates import Template
from etl.records import BrokenCell
from tests.mapping.build import a_block, a_mapping, a_table, convert

if TYPE_CHECKING:
    from etl.mapping.apply import AppliedRow
    from etl.records import Cell

ZONES = st.sampled_from(
    ["Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)
MOMENTS = st.datetimes(datetime(1905, 1, 1), datetime(2090, 1, 1)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001
CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "-", "Total", "Done", "Open", "03/02/2026 14:30", "13/02/2026 14:30", "1,500", "asha@example.com"]
    ),
    st.text(max_size=8),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2090, 1, 1)),
    MOMENTS,
    st.times(),
    st.just(BrokenCell("#N/A")),
)
HEADERS = ("No", "Email", "At", "Status", "Budget", "Remarks")


def everything() -> object:
    """A mapping in which all parts are at work."""
    return a_mapping(
        input={
            "time_zone": "Europe/Berlin",
            "empty_values": ["", "-"],
            "only": {"Status": ["Done", ""]},
            "stop_at": "Total",
        },
        columns={
            "Email": "SearchByValue",
            "At": {"to": "ActivityDateTime", "format": "%d/%m/%Y %H:%M"},
            "Budget": [{"to": "mx_Custom_1", "type": "number"}, {"to": "mx_Custom_2", "when_empty": "clear"}],
            "Remarks": {"to": "ActivityNote", "max_length": 5, "when_too_long": "cut"},
        },
        values={"mx_Custom_3": {"text": "{Status}/{row}"}, "mx_Custom_4": {"first_of": ["Remarks", "No"]}},
        unique_by=["No"],
    )


def outcome(rows: list[list[Cell]], cuts: list[int]) -> tuple[list[AppliedRow], tuple[object, ...], object]:
    """The rows in blocks that end at the cuts."""
    applier = Applier(everything(), a_table(*HEADERS))  # type: ignore[arg-type] # what a_mapping gives
    edges = [0, *sorted({cut % (len(rows) + 1) for cut in cuts}), len(rows)]
    done: list[AppliedRow] = []
    for start, end in pairwise(edges):
        if end > start:
            done += applier.apply(a_block(rows[start:end], first_row=2 + start))
    return done, applier.finish(), applier.cut


ROWS = st.lists(st.lists(CELLS, min_size=len(HEADERS), max_size=len(HEADERS)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.lists(st.integers(0, 100), max_size=3))
def test_blocks_change_nothing(rows: list[list[Cell]], cuts: list[int]) -> None:
    """A file cut into blocks in any way gives the same rows and the same findings about columns."""
    assert outcome(rows, cuts) == outcome(rows, [])


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_every_row_comes_out_once_and_in_one_way(rows: list[list[Cell]]) -> None:
    """Each row of a block comes out once, in order, with its cells, and is sent, invalid or ignored."""
    done, _, _ = outcome(rows, [])

    assert [row.row_number for row in done] == list(range(2, 2 + len(rows)))
    assert [row.cells for row in done] == [tuple(row) for row in rows]
    for row in done:
        assert [row.values is not None, bool(row.findings), row.ignored is not None].count(True) == 1
        assert all(type(text) is str for text in (row.values or {}).values())


@given(st.text())
@example("00417")
@example("\ud800")
@example("९.१E+11")
def test_a_text_stays_as_it_is(text: str) -> None:
    """Text conversion changes no text at all."""
    sent = convert(text, "text")

    assert isinstance(sent, Problem) or sent == text


@given(st.datetimes(datetime(1905, 1, 1), datetime(2090, 1, 1)), ZONES)  # noqa: DTZ001
def test_utc_tells_the_same_instant(moment: datetime, zone: str) -> None:
    """What is sent for a local time that exists once shows, in the zone again, the local time of the cell."""
    local = moment.replace(microsecond=0)
    there = local.replace(tzinfo=ZoneInfo(zone))
    again = there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    twice = there.utcoffset() != there.replace(fold=1).utcoffset()

    sent = convert(local, "datetime", zone=ZoneInfo(zone))

    if isinstance(sent, Problem):
        assert twice
        assert sent.code == ("time_twice" if again == local else "time_skipped")
    else:
        assert not twice
        assert datetime.fromisoformat(sent).replace(tzinfo=UTC) == there.astimezone(UTC)


FORMATS = st.sampled_from(
    [
        "%d/%m/%Y %H:%M:%S",
        "%m-%d-%Y %I:%M:%S %p",
        "%d %B %Y, %H:%M:%S",
        "%Y%m%d%H%M%S",
        "%a %d-%b-%Y %H.%M.%S",
        "%S:%M:%H %d.%m.%Y",
    ]
)


@given(MOMENTS, FORMATS)
def test_a_text_is_read_as_it_was_written(moment: datetime, form: str) -> None:
    """A format reads what strftime writes with it, and so does a workbook's true date-time."""
    typed = moment.strftime(form)

    assert TypedFormat.of(form).read(typed) == moment
    assert convert(typed, "datetime", format=form) == convert(moment, "datetime")


@given(MOMENTS, FORMATS)
def test_a_true_date_and_time_are_written_as_the_format_says(moment: datetime, form: str) -> None:
    """The date and the time of a moment, each written by the format, can be read back by that part of it."""
    typed = TypedFormat.of(form)

    for part in (moment.date(), moment.time()):
        written = typed.write(part)
        assert written is not None
        assert written in moment.strftime(form)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**11), max_value=10**11))
def test_a_number_means_the_same_from_a_csv_and_a_workbook(number: object) -> None:
    """A number is sent equally whether it was read as text or as a number cell."""
    written = convert(f"{number:f}", "number")

    assert written == convert(float(str(number)), "number")
    assert float(str(written)) == float(str(number))


@given(st.integers(0, 10**14))
def test_grouping_commas_do_not_change_a_number(number: int) -> None:
    """Western and Indian groups are read as the digits that they group."""
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]

    assert convert(f"{number:,}", "number") == digits
    assert convert(",".join([*pairs, tail]), "number") == digits


LOCAL = st.text(string.ascii_letters + string.digits + "_+-.", min_size=1, max_size=12)
LABEL = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=8)
TOP = st.one_of(st.sampled_from(["com", "local", "test", "onion", "in", "localhost"]), LABEL)


@settings(max_examples=150)
@given(LOCAL, LABEL, TOP)
@example("0.", "0", "com")
@example("a", "0-", "com")
def test_the_quick_way_agrees_with_email_validator(local: str, label: str, top: str) -> None:
    """An address is taken or refused exactly as email-validator does."""
    address = f"{local}@{label}.{top}"
    try:
        expected = validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        expected = None

    sent = convert(address, "email")

    assert (None if isinstance(sent, Problem) else sent) == expected


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="{}")), min_size=2, max_size=4))
def test_a_template_keeps_what_stands_between_its_columns(literals: list[str]) -> None:
    """Filled with the names themselves, a template is its own text but for white space at the ends."""
    text = "{A}".join(literals)

    assert Template.of(text).filled(tuple("{A}" for _ in literals[1:])) == text.strip()


def test_a_memo_is_emptied_before_it_grows_without_bound() -> None:
    """A column of different cells is not remembered for ever, and reads the same afterwards."""
    memos = Memos({str: Memo(lambda text: text)})

    for start in range(0, 3 * MEMO_CELLS, 5_000):
        cells = [str(number) for number in range(start, start + 5_000)]
        assert memos.read(cells) == cells

    assert len(memos[str]) <= MEMO_CELLS + 5_000


def test_reading_excels_clock_does_not_depend_on_binary_noise() -> None:
    """Any second of a day comes back whole from a cell's fraction of a day, as a workbook keeps it."""
    start = datetime(2026, 2, 3)  # noqa: DTZ001
    for second in range(0, 86_400, 97):
        exact = start + timedelta(seconds=second)
        noisy = start + timedelta(days=round(second / 86_400, 10))
        assert convert(noisy, "datetime") == convert(exact, "datetime")
    assert convert(time(23, 59, 59), "time") == "23:59:59"
