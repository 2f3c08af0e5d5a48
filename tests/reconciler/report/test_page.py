"""The page of a run: whole in itself, safe whatever stands in it, readable by everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from etl.ledger.listing import SentAt
from etl.reconciler.report.facts import Cause, Example, KeptFile, Pace, RunPage
from etl.reconciler.report.page import page, share_in_words
from etl.reconciler.report.stretches import stretches
from etl.reconciler.story import Told
from etl.records import Limit, Outcome, Window

EVIL = '<script>alert("x")</script>'
BEGAN = 1_780_479_000.0
SENT = [SentAt(BEGAN + second / 5, Window.BULK, second == 7, True, 25) for second in range(60)]


def facts(**other: object) -> RunPage:
    """A run of 1,200 rows, of which 12 need a person."""
    base = RunPage(
        run=41,
        state="finished",
        stop_reason=None,
        began=BEGAN,
        ended=BEGAN + 12,
        made=BEGAN + 60,
        by=("ravi on desk-3, on behalf of Priya",),
        accounts=("prod",),
        organisation="77",
        input=KeptFile("visits.xlsx", "/desk/visits.xlsx", "ab" * 32),
        sheet="Visits",
        mapping=KeptFile("visits.yaml", "/desk/visits.yaml", "cd" * 32),
        mapping_name="visits",
        operation="add-by-lead-field",
        event=320,
        etl_version="0.1.0",
        ledger="/state/ledger.db",
        data_rows=1200,
        counts={Outcome.CREATED: 1188, Outcome.INVALID: 12},
        causes=(Cause(Outcome.INVALID, "date_format", "no date", 12, (Example(18, 'B18: "••/••" is no date.'),)),),
        causes_left_out=0,
        pace=Pace(stretches(SENT, 5.0), Limit(25, 5), "settings", 25, 60, 1),
        story=(Told(BEGAN, "Begun", "ravi on desk-3"),),
        next_purpose="send the rows that you have corrected in visits.failed.xlsx",
        next_command="etl run visits.failed.xlsx -m visits.yaml",
        results="/desk/visits.results.xlsx",
        failed="/desk/visits.failed.xlsx",
        zone="Asia/Kolkata",
        is_masked=True,
    )
    return replace(base, **other)  # type: ignore[arg-type] # each test names fields of the page


class Outline(HTMLParser):
    """What a page is made of: its elements with their attributes, and whether they were closed in order."""

    VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_it_tells_outcomes_causes_pace_and_what_to_do_next() -> None:
    """Counts with shares, the equation, causes with examples, the limit, the one command, who, when, and the hashes."""
    told = " ".join(" ".join(Outline(page(facts())).words).split())

    for words in (
        "1,188 of 1,200 data rows are in LeadSquared. 12 need a person.",
        "etl run visits.failed.xlsx -m visits.yaml",
        "created 1,188 99 %",
        "1200 data rows = 1188 created + 0 updated + 0 already imported + 0 changed + 12 invalid",
        'B18: "••/••" is no date.',
        "The account's limit is 25 requests in 5 s (settings): at most 125 rows a second.",
        "1 request was refused for the rate.",
        "ravi on desk-3, on behalf of Priya",
        "ab" * 32,
        "cd" * 32,
        "2026-06-03 09:30:00 UTC (15:00 Asia/Kolkata)",
    ):
        assert words in told


EVERYWHERE = {
    "input": {"input": KeptFile(EVIL, EVIL, EVIL)},
    "mapping": {"mapping": KeptFile(EVIL, EVIL, EVIL), "mapping_name": EVIL, "operation": EVIL},
    "cell": {"causes": (Cause(Outcome.REFUSED, EVIL, EVIL, 1, (Example(2, EVIL),)),)},
    "story": {"story": (Told(BEGAN, EVIL, EVIL),), "stop_reason": EVIL, "state": EVIL},
    "names": {"accounts": (EVIL,), "organisation": EVIL, "by": (EVIL,), "sheet": EVIL, "ledger": EVIL},
    "command": {"next_command": EVIL, "next_purpose": EVIL, "results": EVIL, "failed": EVIL},
    "limit": {"pace": Pace(stretches(SENT, 5.0), Limit(25, 5), EVIL, 25, 60, 1)},
}


@pytest.mark.parametrize("other", EVERYWHERE.values(), ids=EVERYWHERE.keys())
def test_nothing_that_came_from_outside_becomes_markup(other: dict[str, object]) -> None:
    """A script in a cell, a name, a path or an answer is shown as it stands, and is no element."""
    text = page(facts(**other))

    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert Outline(text).open == []


def test_it_needs_and_allows_no_network() -> None:
    """No address, no script, no foreign style; and a policy that would forbid them, with the hash of the one style."""
    text = page(facts())
    outline = Outline(text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    (policy,) = [meta["content"] for meta in outline.all("meta") if meta.get("http-equiv")]

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    names = {name for _, attributes in outline.elements for name in attributes}
    assert names & {"src", "href", "style", "onclick", "onload"} == set()
    assert {tag for tag, _ in outline.elements} & {"script", "link", "img", "iframe", "form"} == set()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_it_is_made_for_every_reader() -> None:
    """A language, one h1, table headers with scopes, and a picture that says in words what it shows, and in numbers below."""
    outline = Outline(page(facts()))

    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1
    assert all(header.get("scope") in {"row", "col"} for header in outline.all("th"))
    (chart,) = [one for one in outline.all("svg") if one.get("role") == "img"]
    assert chart["aria-label"] is not None
    assert "1,475 rows" in chart["aria-label"]
    assert "the limit allows 125.0" in chart["aria-label"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in outline.all("meta")


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_each_colour_of_a_text_can_be_read(scheme: int) -> None:
    """Every text colour stands out from page and panel by 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    style = resources.files("etl.reconciler.report").joinpath("templates", "style.css").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]))

    for text in ("ink", "soft", "good", "bad", "open", "quiet", "limit"):
        for ground in ("page", "panel"):
            light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_a_run_that_sent_nothing_has_a_page() -> None:
    """No rows, no picture, no cause, no command: every part says so in words."""
    text = page(
        facts(data_rows=0, counts={}, causes=(), pace=None, next_command=None, next_purpose=None, by=(), zone=None)
    )

    assert "This run has sent no rows." in text
    assert "The input has no data rows." in text
    assert "Nothing: no row of this run is left" in text
    assert "not recorded" in text


SHARES = {
    "half": (0.5, "50 %"),
    "third": (1 / 3, "33.3 %"),
    "nearly none": (1 / 5000, "< 0.1 %"),
    "all": (1.0, "100 %"),
}
SHARES["nearly all"] = (4999 / 5000, "> 99.9 %")


@pytest.mark.parametrize(("share", "words"), SHARES.values(), ids=SHARES.keys())
def test_a_share_never_looks_like_all_or_nothing_when_it_is_not(share: float, words: str) -> None:
    """One row of five thousand is more than 0.0 %."""
    assert share_in_words(share) == words


def test_pauses_part_the_sending_and_refused_requests_carry_nothing() -> None:
    """A run continued the next day has two stretches; rows of refused requests count in neither."""
    later = [replace(one, at=one.at + 86_400) for one in SENT]

    found = stretches([*SENT, *later], 5.0)

    assert [(one.rows, one.refused, len(one.columns)) for one in found] == [(59 * 25, 1, 3)] * 2
    assert sum(column.rows_per_second * found[0].column_seconds for column in found[0].columns) == 59 * 25
