"""What the README and the pages of docs/ show is what happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from etl.errors import UsageError
from etl.exits import ExitCode
from tests.cli.parsing import commands, parse, words_of
from tests.docs.console import PAGES, ROOT, Console, as_pattern, blocks, furnish, typed_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.warm import WarmStart

README, JSON_PAGE = ROOT / "README.md", ROOT / "docs" / "json.md"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TYPED = {page: list(typed_on(page)) for page in PAGES}
SHOWN_ALONE = ("make", "source", "pip", "py", ".venv\\Scripts\\activate")
"""What sets the command up; whoever runs these tests has done so. `make demo` and `make test` run by themselves."""


def names(pages: list[Path]) -> list[str]:
    return [page.name for page in pages]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the pages assume it."""
    furnish(tmp_path)
    return tmp_path


@pytest.fixture
def console(folder: Path, warm: WarmStart) -> Iterator[Console]:
    """A shell in it."""
    console = Console(folder, warm)
    yield console
    console.close()


WITH_CONSOLE = [page for page, typed in TYPED.items() if typed]


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=names(WITH_CONSOLE))
def test_what_the_console_shows_is_what_happens(page: Path, console: Console) -> None:
    """Each command of a page's console blocks, typed in order in one folder, prints what stands below it; no escape codes."""
    for typed in TYPED[page]:
        console.type(typed.command)

        assert as_pattern(typed.shown or "").search(console.said), f"$ {typed.command}\n{console.said}"
        assert "\x1b" not in console.said
        assert typed.shown is not None or console.code == 0, console.said


def shown_commands(page: Path) -> Iterator[str]:
    """The command lines of a page outside its console blocks: in other blocks, and in sentences."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page, "sh", "bat"):
        yield from (line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#"))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(line.split()) for line in re.findall(r"`(etl [^`]+)`", prose))


@pytest.mark.parametrize("page", PAGES, ids=names(list(PAGES)))
def test_every_other_command_is_one_that_etl_takes(page: Path) -> None:
    """In sentences and in blocks without output: a name of a command, or a whole command line that parses."""
    known = {" ".join(path) for path, _ in commands()}
    for line in shown_commands(page):
        filled = re.sub(r"\b(RUN|N|CODE)\b", "1", line).replace("COMMAND", "run").replace("…", "x")
        words = words_of(filled) if filled.startswith(("etl ", "ETL_")) else None
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in MAKEFILE, f"{page.name}: {line}"
        elif words is None:
            assert page.name == "exit-codes.md" or line.startswith(SHOWN_ALONE), f"{page.name}: {line}"
        elif " ".join(words) not in known and not words[0].startswith("-"):
            try:
                parse(words)
            except (click.exceptions.Exit, UsageError):  # --help; a submission, which only a fleet's ledger knows
                continue
            except click.UsageError as error:
                # a sentence may name a command and one of its options, without all that belongs to it
                assert isinstance(error, click.MissingParameter), f"{page.name}: {line}: {error.format_message()}"


@pytest.mark.parametrize("page", PAGES, ids=names(list(PAGES)))
def test_every_option_named_is_one_of_a_command(page: Path) -> None:
    """An option that a sentence names alone is an option of some command."""
    known = {option for _, command in commands() for parameter in command.params for option in parameter.opts}
    known |= {"--help", "--version", "--month-first"}

    assert set(re.findall(r"`(--[a-z][a-z-]+)", page.read_text(encoding="utf-8"))) <= known


def test_the_python_example_runs(folder: Path) -> None:
    """The Python example imports the sheet and prints the equation."""
    (code,) = blocks(README, "python")
    serve = (
        "from etl.simulator import SimulatorOptions\nfrom etl.simulator.server import EmbeddedSimulator\nimport os\n"
    )
    serve += "with EmbeddedSimulator(SimulatorOptions()) as simulator:\n"
    serve += "    os.environ |= {'LSQ_HOST': simulator.url, 'LSQ_ACCESS_KEY': 'simulator-access-key',\n"
    serve += "                   'LSQ_SECRET_KEY': 'simulator-secret-key'}\n"
    script = serve + "\n".join(f"    {line}" for line in code.splitlines())
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])

    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ran.stderr == ""
    assert "visits.xlsx 240 data rows = 214 created" in ran.stdout


def test_the_exit_codes_are_those_of_the_code() -> None:
    """Each exit code stands in the README with its meaning and its next step."""
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", README.read_text(encoding="utf-8"), flags=re.MULTILINE))
    for code in ExitCode:
        if code not in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
            assert rows[str(int(code))].strip() == f"{code.meaning} | {code.next_step}".strip()


def test_the_mapping_shown_is_a_mapping(folder: Path, console: Console) -> None:
    """The mapping that the README explains is accepted as it stands."""
    (shown,) = blocks(README, "yaml")
    (folder / "shown.yaml").write_text(shown, encoding="utf-8")

    console.type("etl check visits.xlsx -m shown.yaml")

    assert console.code == ExitCode.NEEDS_A_PERSON, console.said
    assert "240 data rows" in console.said


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and most others make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=names(list(PAGES)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link of a page that is no address names a file that is there, and a heading in it."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        place = page.parent / name if name else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def test_no_page_is_left_out() -> None:
    """The index leads to every page."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES if page.parent.name == "docs" and f"({page.name})" not in index] == ["index.md"]


def test_the_members_of_json_are_those_of_the_page(console: Console) -> None:
    """After an import, each command's object has exactly the members that docs/json.md lists."""
    listed = {
        command: set(re.findall(r"`(\w+)`", members))
        for command, members in re.findall(r"^\| `(etl [^`]+)` \| (.+) \|$", JSON_PAGE.read_text("utf-8"), re.MULTILINE)
    }
    console.type(
        "export LSQ_HOST=http://127.0.0.1:8765 LSQ_ACCESS_KEY=simulator-access-key LSQ_SECRET_KEY=simulator-secret-key"
    )
    sheet = (console.folder / "sample_data" / "site_visits.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (console.folder / "few.csv").write_text("".join(sheet[:4]), encoding="utf-8")
    asked = {
        "etl run": "etl run few.csv -m mappings/site_visits.yaml --json",
        "etl check": "etl check few.csv -m mappings/site_visits.yaml --json",
        "etl verify": "etl verify 1 --json",
        "etl undo": "etl undo 1 --preview --json",
        "etl init": "etl init few.csv --yes --day-first --time-zone Asia/Kolkata --json",
        "etl explain": "etl explain mappings/site_visits.yaml few.csv --json",
        "etl runs": "etl runs --json",
        "etl status": "etl status few.csv --json",
        "etl report": "etl report 1 --json",
        "etl results": "etl results 1 --json",
        "etl results RUN --for update": "etl results 1 --for update --json",
        "etl audit": "etl audit --from 2020-01-01 --to 2120-01-01 -o all.xlsx --json",
        "etl accounts": "etl accounts --json",
        "etl accounts check": "etl accounts check --json",
        "etl ledger": "etl ledger --json",
        "etl ledger prune": "etl ledger prune --before 2020-01-01 --json",
        "etl ledger rebuild": "etl ledger rebuild --event 320 --since 2026-01-01 --json",
        "etl fetch": "etl fetch --event 320 --since 2020-01-01 -o all.csv --json",
    }
    for command, line in asked.items():
        console.type(line)
        shown = json.loads((console.folder / "config" / "said").read_text(encoding="utf-8"))

        assert shown.pop("schema_version") == 1
        assert set(shown) == listed[command], command
