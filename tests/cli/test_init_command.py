"""`etl init` writes a mapping that loads, asks only on a terminal, and destroys nothing; `etl explain` says what it does."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import xlsxwriter

from etl.cli import init_questions, local_zone
from etl.cli.init_questions import answer
from etl.exits import ExitCode
from etl.mapping.load import load_mapping
from etl.mapping.suggest.proposal import Choice, Question
from tests.cli.conftest import Shell

ROWS = [("SV-1", "a@example.com", "25/01/2026 10:00", "x"), ("SV-2", "b@example.com", "26/01/2026 11:00", "y")]
HEADERS = ("Visit ID", "Email", "Visited On", "Remarks")


def write_csv(path: Path, rows: list[tuple[str, ...]], headers: tuple[str, ...] = HEADERS) -> None:
    path.write_text("\n".join(map(",".join, [headers, *rows])), encoding="utf-8")


def write_workbook(path: Path, *sheets: str, top: int = 0, total: bool = False, hides: bool = False) -> None:
    """Sheets with the same table, some rows below a title; further ones named "About" hold a text alone."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        for name in sheets:
            sheet = workbook.add_worksheet(name)
            if name == "About":
                sheet.write_string(0, 0, "Made by the field team")
                continue
            if top:
                sheet.write_string(0, 0, "Visits of June")
            for number, row in enumerate((HEADERS, *ROWS), top):
                for position, text in enumerate(row):
                    sheet.write_string(number, position, text)
            if total:
                sheet.write_row(top + 3, 0, ["Total", None, 2])
            if hides:
                sheet.set_row(top + 1, None, None, {"hidden": True})


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine stands in India, whatever machine this is."""
    monkeypatch.setattr("etl.cli.init.local_zone", lambda _environ: "Asia/Kolkata")
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.fixture
def cwd(shell: Shell) -> Path:
    (shell.world.cwd / "visits.yaml").unlink()
    write_csv(shell.world.cwd / "visits.csv", ROWS)
    return shell.world.cwd


def test_the_mapping_lies_beside_the_file_and_loads(
    shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first line names the schema, which lies beside it; what was taken without being said is told."""
    code = shell.type("init", "visits.csv", "--event", "320")

    text = (cwd / "visits.yaml").read_text(encoding="utf-8")
    assert code == ExitCode.DONE
    assert text.startswith("# yaml-language-server: $schema=mapping.schema.json\n")
    assert json.loads((cwd / "mapping.schema.json").read_text(encoding="utf-8"))["$defs"]
    assert load_mapping(cwd / "visits.yaml").event == 320
    assert "Check it: time_zone Asia/Kolkata: the time zone of this machine" in capsys.readouterr().out


def test_a_mapping_that_is_there_stays(shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only --force overwrites it; a schema of somebody else's stays in any case."""
    (cwd / "visits.yaml").write_text("mine", encoding="utf-8")
    (cwd / "mapping.schema.json").write_text("{}", encoding="utf-8")

    refused = shell.type("init", "visits.csv")
    kept = (cwd / "visits.yaml").read_text(encoding="utf-8")
    forced = shell.type("init", "visits.csv", "--force")

    assert (refused, kept, forced) == (ExitCode.USAGE, "mine", ExitCode.DONE)
    assert "write it anew with --force" in capsys.readouterr().err
    assert (cwd / "mapping.schema.json").read_text(encoding="utf-8") == "{}"


def test_without_a_terminal_nothing_is_asked_and_nothing_guessed(
    shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A date that can be read both ways ends the command, with both readings and the option that decides."""
    write_csv(cwd / "visits.csv", [(*row[:2], f"0{n}/02/2026", "x") for n, row in enumerate(ROWS, 5)])

    refused = shell.type("init", "visits.csv", "--yes")
    err = capsys.readouterr().err
    nothing = (cwd / "visits.yaml").exists()
    said = shell.type("init", "visits.csv", "--month-first")

    assert (refused, nothing, said) == (ExitCode.USAGE, False, ExitCode.DONE)
    assert '"05/02/2026" is 5 February 2026' in err
    assert "--day-first or --month-first" in err
    assert 'format: "%m/%d/%Y"' in (cwd / "visits.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--time-zone", "Asia/Kolkatta"), 'Did you mean "Asia/Kolkata"?'),
        (("--find-lead", "Code"), "is not COLUMN=FIELD"),
        (("-o", "nowhere/x.yaml"), "there is no folder"),
        (("--sheet", "June"), "has no sheet"),
        (("--event", "Site Visit"), "This host has not been reached before"),
    ],
    ids=["time zone", "find lead", "folder", "sheet", "an account that cannot be reached"],
)
def test_what_is_typed_wrongly_is_said(
    shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Before anything is written."""
    code = shell.type("init", "visits.csv", *arguments, LSQ_HOST="http://127.0.0.1:9")

    assert code == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert not (cwd / "visits.yaml").exists()


def test_the_table_is_found_in_the_sheet(shell: Shell, cwd: Path) -> None:
    """Sheet, header and end are written down, and hidden rows are left for a person to decide."""
    write_workbook(cwd / "june.xlsx", "About", "June", top=2, total=True, hides=True)

    code = shell.type("init", "june.xlsx")

    said = load_mapping(cwd / "june.yaml").input
    assert code == ExitCode.DONE
    assert (said.sheet, said.header_row, said.stop_at, said.hidden) == (("June",), "auto", "Total", None)
    assert "  # hidden: skip" in (cwd / "june.yaml").read_text(encoding="utf-8")


def test_of_several_tables_one_is_named(shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody picks one in silence; "all" makes each an input of its own."""
    write_workbook(cwd / "year.xlsx", "June", "July")

    refused = shell.type("init", "year.xlsx")
    named = shell.type("init", "year.xlsx", "--sheet", "July", "-o", "july.yaml")
    every = shell.type("init", "year.xlsx", "--sheet", "all")

    assert (refused, named, every) == (ExitCode.USAGE, ExitCode.DONE, ExitCode.DONE)
    assert '"June", "July". Say which one is meant with --sheet NAME' in capsys.readouterr().err
    assert load_mapping(cwd / "july.yaml").input.sheet == ("July",)
    assert load_mapping(cwd / "year.yaml").all_sheets


def test_on_a_terminal_each_doubt_is_a_question(
    shell: Shell, cwd: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answers stand in the mapping; with --yes only what cannot be proposed is asked."""
    write_csv(cwd / "visits.csv", [(*row[:2], f"0{n}/02/2026", "x") for n, row in enumerate(ROWS, 5)])
    monkeypatch.setattr("etl.cli.init.can_ask", lambda _world: True)
    typed = iter(["d", "Asia/Dubai", "350", "n"])
    monkeypatch.setattr(init_questions.click, "prompt", lambda *_a, **_k: next(typed))

    asked = shell.type("init", "visits.csv")
    first = load_mapping(cwd / "visits.yaml")
    typed = iter(["day"])
    quick = shell.type("init", "visits.csv", "--yes", "--force")

    assert (asked, quick) == (ExitCode.DONE, ExitCode.DONE)
    assert (first.input.time_zone, first.event, first.unique_by) == ("Asia/Dubai", 350, ())
    assert load_mapping(cwd / "visits.yaml").unique_by == ("Visit ID",)


def test_an_answer_that_cannot_be_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what may be typed."""
    typed = iter(["perhaps", "", "mon", "Mars/Olympus", "Asia/Kolkata"])
    monkeypatch.setattr(init_questions.click, "prompt", lambda *_a, **_k: next(typed))

    order = answer(Question("order:B", "Which?", (Choice("day", "day first"), Choice("month", "month first"))))
    zone_said = answer(Question("time_zone", "Which clock?"))

    assert (order, zone_said) == ("month", "Asia/Kolkata")
    assert "Mars/Olympus is no time zone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environ", "zone_found"),
    [({"TZ": ":Europe/Berlin"}, "Europe/Berlin"), ({"TZ": "Etc/UTC"}, None), ({"TZ": "Mars/Olympus"}, None)],
)
def test_the_zone_of_this_machine_is_a_place_or_nothing(environ: dict[str, str], zone_found: str | None) -> None:
    """A server that runs on UTC says nothing about where a sheet was typed."""
    assert local_zone.local_zone(environ) == zone_found


def test_explain_says_the_same_in_words_and_as_json(
    shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first rows as they would go out, or what keeps them back; JSON for programs."""
    others = [(f"SV-{n}", f"c{n}@example.com", ROWS[1][2], "y") for n in range(3, 7)]
    write_csv(cwd / "visits.csv", [ROWS[0], ("SV-2", "b(at)example.com", ROWS[1][2], "y"), *others])
    shell.type("init", "visits.csv", "--event", "320", "--time-zone", "Asia/Kolkata", "-q")

    code = shell.type("explain", "visits.yaml", "visits.csv")
    words = capsys.readouterr().out
    shell.type("explain", "visits.yaml", "visits.csv", "--json")
    told = json.loads(capsys.readouterr().out)

    assert code == ExitCode.DONE
    for sentence in (
        "Each row becomes a new activity (type 320) of a lead",
        "The lead is the one whose EmailAddress is what Email holds.",
        "dd/mm/yyyy hh:mm (31/01/2026 18:30)",
        "The same Visit ID is the same row",
        "ActivityDateTime   2026-01-25 04:30:00",
        'Row 3 would not be sent:\n    B3: "b(at)example.com" is no e-mail address',
    ):
        assert sentence in words
    assert [(row["row"], row["is_sent"]) for row in told["rows"]] == [(2, True), (3, False), (4, True)]
    assert (told["schema_version"], told["operation"]) == (1, "add-by-lead-field")


@pytest.mark.parametrize("name", sorted(path.name for path in (Path(__file__).parents[2] / "mappings").glob("*.yaml")))
def test_every_example_mapping_can_be_explained(
    shell: Shell, cwd: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Each of its targets, in whole sentences."""
    path = Path(__file__).parents[2] / "mappings" / name

    code = shell.type("explain", str(path))

    out = capsys.readouterr().out
    assert code == ExitCode.DONE
    assert all(f"→ {mapped.target}" in out for mapped in load_mapping(path).targets())
    assert "None" not in out
