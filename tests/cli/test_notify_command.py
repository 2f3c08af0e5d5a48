"""Who is told of what: by `etl notify` as a trial, and by commands that come to no ordinary end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import BusyError, UsageError
from etl.events import RunOptions
from tests.cli.conftest import Shell
from tests.notify.listeners import HttpListener, closed_port, http_listener


@pytest.fixture
def http(shell: Shell) -> Iterator[HttpListener]:
    """A ping and a webhook in the settings file, both listening."""
    with http_listener() as listener:
        parts = (
            f'[notify.watch]\nping = "{listener.at("/p")}"\n',
            f'[notify.hook]\nwebhook = "{listener.at("/hook")}"\n',
        )
        (shell.world.cwd / "etl.toml").write_text("".join(parts), encoding="utf-8")
        yield listener


def fail(shell: Shell, error: BaseException) -> None:
    """Let the import end with this."""

    def act(*_: object) -> None:
        raise error

    shell.pipeline.acts = act


def test_a_trial(shell: Shell, http: HttpListener, capsys: pytest.CaptureFixture[str]) -> None:
    """Everybody is told at once, whatever they want to be told of; who cannot be is named with the reason."""
    with (shell.world.cwd / "etl.toml").open("a") as stream:
        stream.write(f'[notify.gone]\nslack = "http://127.0.0.1:{closed_port()}/x"\n')

    codes = [shell.type("notify"), shell.type("notify", "watch", "-q"), shell.type("notify", "nobody")]

    assert codes == [4, 0, 2]
    assert sorted(http.paths) == ["/hook", "/p/0", "/p/0", "/p/start", "/p/start"]
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "watch: ping, told",
        "hook: webhook, told",
        "notify.gone (slack) could not be told: 127.0.0.1: connection refused.",
        "watch: ping, told",
    ]
    assert "Known here: watch, hook, gone." in told.err


def test_the_list(shell: Shell, http: HttpListener, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is told of what, and where the address comes from; nobody is told for it, and no address shown."""
    assert shell.type("notify", "--list", "--json") == 0

    told = json.loads(capsys.readouterr().out)["notifiers"]
    assert [(one["name"], one["kind"], one["when"]) for one in told] == [
        ("watch", "ping", "attention"),
        ("hook", "webhook", "attention"),
    ]
    assert "127.0.0.1" not in str(told)
    assert http.paths == []


def test_an_error_is_told(shell: Shell, http: HttpListener) -> None:
    """With its exit code, its words, and values that are no words of the mapping masked."""
    Path("visits.yaml").write_text('columns: {"Email": SearchByValue}\n', encoding="utf-8")
    fail(shell, UsageError('There is no column "Email"; the nearest is "anita@example.com".'))

    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", "-q") == 2

    assert sorted(http.paths) == ["/hook", "/p/2", "/p/start"]
    hook = json.loads(http.body_of("/hook"))
    assert hook["error"] == 'There is no column "Email"; the nearest is "a•••@e•••.com".'
    assert (hook["exit_code"], hook["needs_attention"]) == (2, True)


def test_a_defect_is_told_without_its_text(shell: Shell, http: HttpListener) -> None:
    """Nobody knows what stands in the text of a mistake of ours."""
    fail(shell, ValueError("9876543210 is odd"))

    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", "-q") == 1

    assert "/p/1" in http.paths
    assert json.loads(http.body_of("/hook"))["error"] == "A defect of etl (ValueError). The details are in its log."


@pytest.mark.parametrize("option", ["--rehearse", "--dry-run", "--no-notify"])
def test_nobody_is_told_of_what_is_not_real(shell: Shell, http: HttpListener, option: str) -> None:
    """A rehearsal, a dry run, and who says so."""
    fail(shell, UsageError("No."))

    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", option) == 2
    assert http.paths == []


def test_nobody_is_called_for_an_import_that_is_under_way(shell: Shell, http: HttpListener) -> None:
    """Exit code 8: the other process tells its end itself."""
    fail(shell, BusyError("Another process imports visits.xlsx."))

    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml") == 8
    assert [path for path in http.paths if path != "/p/start"] == []


def test_telling_that_breaks_changes_no_exit_code(
    shell: Shell, http: HttpListener, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in the telling itself is said in a line."""

    def broken(*_: object, **__: object) -> RunOptions:
        raise RuntimeError("9876543210")

    monkeypatch.setattr("etl.notices.completed", broken)

    assert shell.type("run", "visits.xlsx", "-m", "visits.yaml", "-q") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "A defect of etl (RuntimeError) while others were told; the import itself is over.\n",
    )
