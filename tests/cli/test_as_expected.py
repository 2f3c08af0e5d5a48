"""The command line as people expect it: examples that work, the same options everywhere, completion, and what is near."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from etl.cli.bars import BarDisplay
from etl.cli.main import etl as group
from etl.events import Progress
from etl.records import Outcome
from tests.cli.conftest import Shell, StillClock
from tests.cli.parsing import commands, examples, parse, words_of
from tests.past import open_past

ALL = {" ".join(path): command for path, command in commands()}


def _does_something(command: click.Command) -> bool:
    """Whether it can be called by itself, which a group of commands alone cannot."""
    return not isinstance(command, click.Group) or command.invoke_without_command


TALKERS = {
    name: command
    for name, command in ALL.items()
    if name not in {"simulator", "completion"} and _does_something(command)
}
"""All commands but the server, which serves until Ctrl-C, and the printer of a script."""


@pytest.fixture
def settings(shell: Shell) -> None:
    """Two accounts in the settings file of the folder."""
    text = "".join(f'[accounts.{name}]\nhost = "api-in21.leadsquared.com"\n' for name in ("prod", "practice"))
    (shell.world.cwd / "etl.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def past_run(shell: Shell) -> Iterator[None]:
    """A run in the ledger."""
    with open_past(shell.world.directories.state) as past:
        past.run(Outcome.CREATED)
        yield


@pytest.mark.parametrize("name", ALL)
def test_every_help_has_examples_and_each_is_taken(name: str) -> None:
    """What stands below "Examples:" is a command line that etl takes, and calls this command at least once."""
    lines = examples(ALL[name])
    called = [words_of(line) for line in lines]

    assert len(lines) > 1
    assert any(words is not None and words[: len(name.split())] == name.split() for words in called)
    for words in called:
        assert words is not None
        parse(words)


@pytest.mark.parametrize("name", TALKERS)
def test_every_command_has_the_same_options(name: str) -> None:
    """-q, -v and --json are there in every command, under these letters and for nothing else."""
    with click.Context(TALKERS[name]) as ctx:
        options = {opt: one.name for one in TALKERS[name].get_params(ctx) for opt in one.opts}

    expected = {"-q": "quiet", "-v": "verbose", "--json": "is_json"}
    assert {opt: options.get(opt) for opt in expected} == expected


NEAR = {
    "command": (("rnu",), 'Did you mean "etl run"?'),
    "command in capitals": (("RUN",), 'Did you mean "etl run"?'),
    "part of a command": (("accounts", "chekc"), 'Did you mean "etl accounts check"?'),
    "option": (("run", "visits.xlsx", "-m", "visits.yaml", "--rehears"), "--rehearse"),
    "option of fetch": (("fetch", "--collumn", "x"), "--column"),
    "account": (("run", "visits.xlsx", "-m", "visits.yaml", "-a", "prdo"), "Did you mean prod?"),
    "file": (("run", "vists.xlsx", "-m", "visits.yaml"), "Did you mean visits.xlsx?"),
    "mapping": (("run", "visits.xlsx", "-m", "visit.yaml"), "Did you mean visits.yaml?"),
    "mapping in a folder": (("check", "visits.xlsx", "-m", "cals.yaml"), "Did you mean mappings/calls.yaml?"),
    "mapping without its ending": (("explain", "mappings/calls"), "Did you mean mappings/calls.yaml?"),
    "mapping by name alone": (("explain", "calls"), "Did you mean mappings/calls.yaml?"),
    "fault": (("simulator", "--fault", "oops:0.1"), "expected one of refuse"),
}


@pytest.mark.parametrize(("arguments", "says"), NEAR.values(), ids=NEAR.keys())
@pytest.mark.usefixtures("settings")
def test_what_is_misspelled_is_answered_with_what_is_near(
    shell: Shell, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    """Exit code 2 and a suggestion that can be typed."""
    (shell.world.cwd / "mappings").mkdir()
    (shell.world.cwd / "mappings" / "calls.yaml").touch()
    without_keys = replace(shell.world, environ={})

    code = replace(shell, world=without_keys).type(*arguments)

    assert code == 2
    assert says in capsys.readouterr().err


COMPLETED = {
    "commands": ([], "r", {"run", "runs", "report", "results"}),
    "commands of a group": (["ledger"], "p", {"prune"}),
    "options": (["run"], "--re", {"--rehearse", "--results"}),
    "accounts": (["run", "x.csv", "-m", "m.yaml", "-a"], "pr", {"prod", "practice"}),
    "runs": (["verify"], "", {"1"}),
    "mappings": (["run", "x.csv", "-m"], "", {"visits.yaml", "mappings/calls.yaml"}),
    "mappings in a folder": (["check", "x.csv", "-m"], "mappings/", {"mappings/calls.yaml"}),
    "choices": (["verify", "1", "--assume"], "", {"stored", "absent"}),
    "behind what does not exist": (["rnu"], "x", set()),
}


@pytest.mark.parametrize(("typed", "incomplete", "offered"), COMPLETED.values(), ids=COMPLETED.keys())
@pytest.mark.usefixtures("settings", "past_run")
def test_tab_offers_what_is_there(shell: Shell, typed: list[str], incomplete: str, offered: set[str]) -> None:
    """Commands, options, account names, run numbers and mapping files."""
    (shell.world.cwd / "mappings").mkdir()
    (shell.world.cwd / "mappings" / "calls.yaml").touch()
    world = replace(shell.world, environ={})

    found = ShellComplete(group, {"obj": world}, "etl", "_ETL_COMPLETE").get_completions(typed, incomplete)

    assert {one.value for one in found} == offered


def test_tab_is_silent_where_settings_and_ledger_are_broken(shell: Shell, capfd: pytest.CaptureFixture[str]) -> None:
    """Completing is no place for messages: there is just nothing to offer."""
    (shell.world.cwd / "etl.toml").write_text("this is no TOML", encoding="utf-8")
    complete = ShellComplete(group, {"obj": replace(shell.world, environ={})}, "etl", "_ETL_COMPLETE")

    assert complete.get_completions(["runs", "-a"], "") == []
    assert complete.get_completions(["verify"], "") == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_works_in_a_real_shell(tmp_path: Path) -> None:
    """`etl completion bash`, taken in by bash, completes `etl ru` by the real command."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    script = (
        'source <(etl completion bash); COMP_WORDS=(etl ru); COMP_CWORD=1; _etl_completion etl; echo "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("run runs\n", "")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: Shell, capsys: pytest.CaptureFixture[str], shell_name: str) -> None:
    """The script names the variable by which the shell asks."""
    assert shell.type("completion", shell_name) == 0

    assert f"_ETL_COMPLETE={shell_name}_complete" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["run", "check"])
def test_an_import_ends_in_one_object(shell: Shell, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """stdout is the object alone; what a person reads stands on stderr."""
    assert shell.type(name, "visits.xlsx", "-m", "visits.yaml", "--json", LSQ_HOST="api.leadsquared.com") == 0

    said = capsys.readouterr()
    ended = json.loads(said.out)
    assert (ended["schema_version"], ended["exit_code"]) == (1, 0)
    assert ended["inputs"][0] | {"results": None} == {
        "input": "visits.xlsx",
        "run": 41,
        "exit_code": 0,
        "data_rows": 240,
        "rows": {"created": 240},
        "finding_counts": {},
        "findings": [],
        "results": None,
        "failed": None,
        "stop_reason": None,
        "next_step": None,
    }
    assert "240 data rows = 240 created" in said.err


def test_json_and_requests_do_not_share_stdout(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run has stdout for its requests."""
    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", "--json", "--dry-run") == 2

    assert "both write to stdout" in capsys.readouterr().err


FAILED = {
    "a file that is not there": (("run", "none.csv", "-m", "visits.yaml", "--json"), 2, "usage"),
    "an option that does not exist": (("runs", "--oops", "--json"), 2, "usage"),
    "a ledger that is not there": (("results", "9", "--json"), 2, "ledger"),
}


@pytest.mark.parametrize(("arguments", "code", "kind"), FAILED.values(), ids=FAILED.keys())
def test_a_failure_is_an_object_too(
    shell: Shell, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, kind: str
) -> None:
    """Who reads stdout always finds one object; the words are on stderr as ever."""
    assert shell.type(*arguments) == code

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["schema_version"], told["exit_code"], told["error"]["kind"]) == (1, code, kind)
    assert told["error"]["message"].split(".")[0] in said.err


def test_a_defect_is_an_object_with_the_place_of_its_log(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The traceback is not in it."""

    def acts(*_: object) -> None:
        raise ZeroDivisionError("ours")

    shell.pipeline.acts = acts
    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", "--json", LSQ_HOST="api.leadsquared.com") == 1

    told = json.loads(capsys.readouterr().out)
    assert told["error"] == {"kind": "defect", "message": "ZeroDivisionError", "log": str(shell.world.log.path)}


def test_without_json_a_failure_leaves_stdout_empty(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """And behind `--` the word is a file's name."""
    assert shell.type("run", "-m", "visits.yaml", "--", "--json") == 2

    assert capsys.readouterr().out == ""


def test_json_is_ascii_where_stdout_is_no_unicode(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe on Windows has a code page of its own; what is written into it is JSON all the same."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="replace")
    monkeypatch.setattr(sys, "stdout", stdout)

    shell.type("run", "टिप्पणी.xlsx", "-m", "visits.yaml", "--json")
    stdout.flush()

    assert isinstance(stdout.buffer, io.BytesIO)
    assert "टिप्पणी.xlsx" in json.loads(stdout.buffer.getvalue())["error"]["message"]


@pytest.mark.usefixtures("past_run")
def test_verbose_says_what_is_used_and_quiet_says_nothing_beside(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result on stdout is the same either way."""
    shell.type("runs")
    plain = capsys.readouterr()
    shell.type("runs", "-v")
    verbose = capsys.readouterr()
    shell.type("runs", "-q")
    quiet = capsys.readouterr()

    assert plain.out == verbose.out == quiet.out != ""
    assert (plain.err, quiet.err) == ("", "")
    assert verbose.err == f"Ledger:   {shell.world.directories.state / 'ledger.db'} (default)\nSettings: none\n"


@pytest.mark.parametrize(("has_colour", "is_coloured"), [(True, True), (False, False)])
def test_no_color_means_no_colour_and_nothing_bold(
    has_colour: bool, is_coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal with NO_COLOR the bar moves the cursor, and that is all."""
    monkeypatch.setenv("TERM", "xterm-256color")
    drawn = io.StringIO()
    display = BarDisplay(drawn, StillClock(), has_colour=has_colour)

    display.line("a line")
    display.progress(Progress("v.csv", 5, 10, {}, 1.0, None, 0))
    display.close()

    assert ("m" in {text[-1] for text in _escapes(drawn.getvalue())}) is is_coloured


def _escapes(text: str) -> set[str]:
    """The escape sequences in a text."""
    return {
        part[: next((at for at, sign in enumerate(part[1:], 2) if sign.isalpha()), 1)]
        for part in text.split("\x1b")[1:]
    }
