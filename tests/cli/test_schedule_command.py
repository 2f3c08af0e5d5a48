"""`etl schedule print`: what it prints starts the very same import where nothing of this terminal is there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.schedule.test_forms import NASTY, as_cron_reads

ACCOUNT = '[accounts.prod]\nhost = "api-in21.leadsquared.com"\naccess_key = {file = "a"}\nsecret_key = {file = "b"}\n'


@pytest.fixture
def inbox(shell: Shell) -> Path:
    """A settings file with keys in files, and a folder with a name that needs quoting everywhere."""
    shell.world.environ.clear()  # type: ignore[attr-defined]
    (shell.world.cwd / "etl.toml").write_text(f'ledger = "led ger.db"\n{ACCOUNT}', encoding="utf-8")
    folder = shell.world.cwd / NASTY.replace("/", "")
    folder.mkdir()
    return folder


def test_the_crontab_line_works_from_an_empty_environment(
    shell: Shell, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real command, started as cron does, finds this settings file, this ledger and the folder, and logs there."""
    assert shell.type("schedule", "print", "--inbox", inbox.name, "--at", "21:30") == 0
    line = capsys.readouterr().out.splitlines()[-1]

    told = subprocess.run(
        ["env", "-i", "/bin/sh", "-c", as_cron_reads(line)], capture_output=True, text=True, check=False
    )

    assert line.startswith(f"30 21 * * * cd {shell.world.cwd} && ETL_CONFIG=")
    assert told.returncode == 2
    assert str(inbox / "routes.yaml") in told.stderr
    log = (
        shell.world.directories.state / next(word for word in line.split() if word.endswith(".log")).rpartition("/")[2]
    )
    assert f"Error: {inbox / 'routes.yaml'}" in log.read_text("utf-8")


def test_what_is_printed_for_a_command(shell: Shell, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its words as typed, silence and a log added where they are not there; two files for systemd."""
    words = ("run", "visits.xlsx", "-m", "visits.yaml", "-a", "prod", "-q", "--log-file", "x.log")
    code = shell.type("schedule", "print", "--every", "15m", "--as", "systemd", "-o", "units", "--json", "--", *words)

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["command"][-len(words) :] == list(words)
    assert told["environ"] == {
        "ETL_CONFIG": str(shell.world.cwd / "etl.toml"),
        "ETL_LEDGER": str(shell.world.cwd / "led ger.db"),
    }
    for name, text in told["files"].items():
        assert (shell.world.cwd / "units" / name).read_text("utf-8") == text
    assert list(told["files"]) == ["etl-run.service", "etl-run.timer"]


def test_of_each_command_it_is_said_what_a_second_one_does(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker beside another one ends with no exit code 8; `etl run` on the same input does."""
    said = {}
    for words in (("worker", "--until-empty"), ("run", "visits.xlsx", "-m", "visits.yaml")):
        assert shell.type("schedule", "print", "--every", "15m", "--as", "crontab", "--", *words) == 0
        said[words[0]] = capsys.readouterr().out

    assert "Workers share the queue: no flock is needed" in said["worker"]
    assert "etl locks each input: no flock is needed, and a second one ends at once (exit code 8)" in said["run"]


REFUSED = {
    "no time": (("--inbox", "."), "Say when, in one way"),
    "two times": (("--inbox", ".", "--at", "1:00", "--every", "1h"), "Say when, in one way"),
    "nothing": (("--at", "1:00"), "Say what to start"),
    "both": (("--at", "1:00", "--inbox", ".", "--", "run", "x"), "Say what to start"),
    "no folder": (("--at", "1:00", "--inbox", "gone"), "there is no such folder"),
    "no command": (("--at", "1:00", "--", "rnu", "x"), "no command that can be started alone"),
    "wrong option": (("--at", "1:00", "--", "run", "x.xlsx", "-m", "y", "--rehears"), "--rehearse"),
    "a server": (("--at", "1:00", "--", "simulator"), "no command that can be started alone"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_show_now_and_not_at_night(
    shell: Shell, inbox: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A command that would not be taken is not scheduled."""
    words, why = REFUSED[name]

    assert shell.type("schedule", "print", *words) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "environ", "why"),
    [
        (ACCOUNT, {}, ""),
        (ACCOUNT.replace("{file", "{env", 1), {}, "reads something from variables"),
        (ACCOUNT, {"PGPASSWORD": "very-secret"}, ""),
        (
            ACCOUNT,
            {"PGPASSWORD": "very-secret", "ETL_LEDGER": "postgresql+psycopg://etl@db.example.com/etl"},
            "the database is reached with PGPASSWORD, which the job will not have",
        ),
        (
            ACCOUNT,
            {"LSQ_ACCESS_KEY": "u$r-very-secret", "LSQ_SECRET_KEY": "x"},
            "LSQ_ACCESS_KEY, LSQ_SECRET_KEY, which the job",
        ),
    ],
    ids=["keys in files", "a key in a variable", "no database", "the database's password", "the account in variables"],
)
def test_what_the_job_will_miss_is_said(
    shell: Shell, inbox: Path, capsys: pytest.CaptureFixture[str], settings: str, environ: dict[str, str], why: str
) -> None:
    """Variables of this terminal are not there at night; no secret is printed for them."""
    (shell.world.cwd / "etl.toml").write_text(settings, encoding="utf-8")

    assert shell.type("schedule", "print", "--inbox", ".", "--at", "21:30", **environ) == 0

    told = capsys.readouterr()
    assert ("Mind: " in told.err) == bool(why)
    assert why in told.err
    assert "very-secret" not in told.out + told.err
