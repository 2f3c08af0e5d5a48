"""`etl accounts check | add | probe`, typed against a simulator behind a real address."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.clock import SystemClock
from etl.settings import load_settings
from etl.simulator import Read, SimulatorOptions, Switches
from etl.simulator.metadata import User
from etl.simulator.server import EmbeddedSimulator

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

LEAD = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEYS = ("simulator-access-key", "simulator-secret-key")


class HastyClock(SystemClock):
    """Right about the time, and never waits."""

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture
def simulator() -> Iterator[EmbeddedSimulator]:
    options = SimulatorOptions(activity_types={320: "Test"}, users=(User("asha@example.com"),), lead_fields=())
    with EmbeddedSimulator(options) as started:
        yield started


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal at which somebody types these texts, hidden ones and answers."""
    typed: list[str] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: typed.pop(0))
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: typed.pop(0))
    return typed


def without_variables(shell: Shell) -> None:
    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict


def settings_file(shell: Shell) -> Path:
    return shell.world.directories.user_settings


def describe(shell: Shell, host: str, access: str = KEYS[0]) -> None:
    """The account prod, in the user's own settings."""
    without_variables(shell)
    text = f'# mine\n[accounts.prod]\nhost = "{host}"\naccess_key = "{access}"\nsecret_key = "{KEYS[1]}"\n'
    settings_file(shell).write_text(text, encoding="utf-8")


def test_an_account_is_added_from_its_keys(
    shell: Shell, simulator: EmbeddedSimulator, terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys are typed hidden, land in files that only their owner reads, and the account can be used at once."""
    without_variables(shell)
    terminal += KEYS

    code = shell.type("accounts", "add", "prod", "--host", simulator.url)

    said = "".join(capsys.readouterr())
    path = settings_file(shell)
    keys = path.parent / "keys" / "prod.access", path.parent / "keys" / "prod.secret"
    assert code == 0
    assert "organisation SIM90001 (90001), user importer@example.com" in said
    assert "time zone is Asia/Kolkata" in said
    assert "country code is +91" in said
    assert "Next: etl accounts check -a prod" in said
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, *keys)] == [0o600] * 3
    assert not any(key in said + path.read_text() for key in KEYS)
    account = load_settings({}, shell.world.cwd, "prod", directories=shell.world.directories).account
    assert account is not None
    assert (account.base_url, account.access_key.reveal(), account.secret_key.reveal()) == (simulator.url, *KEYS)


def test_keys_may_stay_in_variables(shell: Shell, simulator: EmbeddedSimulator) -> None:
    """Then no terminal is needed, and no key is written anywhere."""
    without_variables(shell)
    environ = {"PROD_A": KEYS[0], "PROD_S": KEYS[1]}

    code = shell.type("accounts", "add", "prod", "--host", simulator.url, "--env", "PROD_A", "PROD_S", **environ)

    assert code == 0
    assert 'access_key = {env = "PROD_A"}' in settings_file(shell).read_text()
    assert not (settings_file(shell).parent / "keys").exists()


def test_without_a_terminal_it_says_what_to_do(
    shell: Shell, simulator: EmbeddedSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is asked into the void, and nothing is written."""
    code = shell.type("accounts", "add", "field-team", "--host", simulator.url)

    assert code == 2
    assert "etl accounts add field-team --env FIELD_TEAM_ACCESS_KEY FIELD_TEAM_SECRET_KEY" in capsys.readouterr().err
    assert not settings_file(shell).exists()


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (("wrong-access-key", KEYS[1]), 5, "refused the account"),
        ((" spaced", KEYS[1]), 2, "white space before or after the key"),
    ],
    ids=["refused", "pasted carelessly"],
)
def test_keys_that_cannot_be_right_are_not_kept(
    shell: Shell,
    simulator: EmbeddedSimulator,
    terminal: list[str],
    capsys: pytest.CaptureFixture[str],
    typed: tuple[str, str],
    code: int,
    said: str,
) -> None:
    """Neither in the settings nor in files of their own."""
    terminal += typed

    assert shell.type("accounts", "add", "prod", "--host", simulator.url) == code
    assert said in capsys.readouterr().err
    assert list(settings_file(shell).parent.iterdir()) == []


def test_an_account_that_is_there_is_not_overwritten(
    shell: Shell, simulator: EmbeddedSimulator, terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before anything is typed."""
    describe(shell, simulator.url)
    before = settings_file(shell).read_text()

    assert shell.type("accounts", "add", "prod") == 2
    assert "is not overwritten" in capsys.readouterr().err
    assert settings_file(shell).read_text() == before
    assert terminal == []


def test_settings_that_are_not_read_here_are_told(
    shell: Shell, simulator: EmbeddedSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the working folder goes before the user's own."""
    without_variables(shell)
    here = shell.world.cwd / "etl.toml"
    here.write_text("")

    shell.type("accounts", "add", "prod", "--host", simulator.url, "--env", "A", "S", A=KEYS[0], S=KEYS[1])

    assert f"Here, however, {here} is read instead of it" in capsys.readouterr().out


def test_an_account_that_is_all_right(
    shell: Shell, simulator: EmbeddedSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, all of them ok."""
    describe(shell, simulator.url)

    code = shell.type("accounts", "check", "-a", "prod")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert {line[:2] for line in lines} == {"ok"}
    subjects = [line[4:].partition("  ")[0].strip() for line in lines]
    assert subjects == [
        *("keys", "host", "organisation", "region", "clock", "activity types", "fields of an activity type", "users"),
        *("lead fields", "activities by type and time", "activities of a lead", "leads by id", "leads by a field"),
        *("limits", "today"),
    ]
    assert not any(key in "".join(lines) for key in KEYS)


def test_what_a_user_may_not_read_is_told_with_what_it_is_for(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Imports work without it, so the exit code is 0."""
    switches = Switches(reads_forbidden=frozenset({Read.BY_EVENT}))
    options = SimulatorOptions(activity_types={320: "Test"}, switches=switches, clock_skew_seconds=-300)
    with EmbeddedSimulator(options) as simulator:
        describe(shell, simulator.url)
        code = shell.type("accounts", "check")

    out = capsys.readouterr().out
    assert code == 0
    assert (
        "\n!   activities by type and time  not offered to this user; needed for finding rows whose answer was lost"
        in out
    )
    assert re.search(r"\n!   clock +This machine's clock is 30[01] s ahead of LeadSquared's. Set it", out)
    assert "\n!   users " in out


@pytest.mark.parametrize(
    ("options", "access", "said"),
    [
        (SimulatorOptions(), "wrong-access-key", "x   account  "),
        (SimulatorOptions(home_host="api-in21.leadsquared.com"), KEYS[0], 'Set host = "api-in21.leadsquared.com"'),
    ],
    ids=["wrong keys", "wrong region"],
)
def test_an_account_that_cannot_work_is_exit_code_5(
    shell: Shell, capsys: pytest.CaptureFixture[str], options: SimulatorOptions, access: str, said: str
) -> None:
    """With what to do."""
    with EmbeddedSimulator(options) as simulator:
        describe(shell, simulator.url, access)
        code = shell.type("accounts", "check")

    assert code == 5
    assert said in capsys.readouterr().out


def test_keys_of_another_organisation_are_noticed(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Under the name of one account lives one organisation."""
    with EmbeddedSimulator(SimulatorOptions()) as simulator:
        describe(shell, simulator.url)
        shell.type("accounts", "check")
        port = int(simulator.url.rpartition(":")[2])
    capsys.readouterr()
    with EmbeddedSimulator(SimulatorOptions(organisation_id="555"), port):
        code = shell.type("accounts", "check")

    assert code == 5
    assert "belong to the organisation 555 (SIM555); until now they belonged to 90001" in capsys.readouterr().out


def probing(shell: Shell, *more: str, **environ: str) -> int:
    return shell.type("accounts", "probe", "--lead", LEAD, "--event", "320", *more, **environ)


def test_a_trial_writes_only_after_consent(
    shell: Shell, simulator: EmbeddedSimulator, terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It names what it would write; a no writes nothing, and so does a command without a terminal or --yes."""
    describe(shell, simulator.url)
    terminal.append("n")

    assert probing(shell) == 2
    assert "Up to 7 activities of type 320 on the lead" in capsys.readouterr().err
    assert simulator.activities() == []


def test_without_a_terminal_a_trial_needs_yes(
    shell: Shell, simulator: EmbeddedSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script has to say it in so many words."""
    describe(shell, simulator.url)

    assert probing(shell) == 2
    assert "Add --yes" in capsys.readouterr().err
    assert simulator.activities() == []


def test_a_trial_tells_its_answers_and_keeps_the_wait(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the settings file, whose comments stay, as long as the setting is another one."""
    monkeypatch.setattr("etl.accounts.SystemClock", HastyClock)
    with EmbeddedSimulator(SimulatorOptions(activity_types={320: "Test"})) as simulator:
        describe(shell, simulator.url)
        settings_file(shell).write_text(settings_file(shell).read_text() + "visibility_wait = 45 # short\n")
        code = probing(shell, "-a", "prod", "--yes")
        written = len(simulator.activities())

    out = capsys.readouterr().out
    assert code == 0
    assert "Rows of an answer are numbered from 1." in out
    assert f"Written and seen: {written} test activities." in out
    assert f"visibility_wait = 90 written into {settings_file(shell)}." in out
    assert settings_file(shell).read_text().endswith("visibility_wait = 90 # short\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lead", "asha", "--event", "320"), "is no lead's id"),
        (("--lead", LEAD, "--event", "99"), "no activity type 99. Choose a test type; it has: 320 Test."),
    ],
    ids=["no id", "no such type"],
)
def test_a_trial_that_cannot_be_is_refused_beforehand(
    shell: Shell,
    simulator: EmbeddedSimulator,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    """Before anything is written."""
    describe(shell, simulator.url)

    assert shell.type("accounts", "probe", "--yes", *arguments) == 2
    assert said in capsys.readouterr().err


def test_the_account_goes_behind_the_command(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """In front of it, it would be passed over, and another account be meant."""
    assert shell.type("accounts", "-a", "prod", "check") == 2
    assert "etl accounts check -a prod" in capsys.readouterr().err


def test_keys_that_no_settings_name_are_taken_away_again(
    shell: Shell, simulator: EmbeddedSimulator, terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A settings file that cannot be added to stays, and no key is left lying about."""
    without_variables(shell)
    written = f'accounts = {{test = {{access_key = "a", secret_key = "b", host = "{simulator.url}"}}}}\n'
    settings_file(shell).write_text(written)
    terminal += KEYS

    assert shell.type("accounts", "add", "prod", "--host", simulator.url) == 2
    assert "Write into it by hand:\n[accounts.prod]" in capsys.readouterr().err
    assert settings_file(shell).read_text() == written
    assert list((settings_file(shell).parent / "keys").iterdir()) == []
