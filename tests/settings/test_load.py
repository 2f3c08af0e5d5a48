"""Settings that are right are loaded, and each value knows where it came from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError
from etl.records import Limit
from etl.settings import Account, Secret, Settings, known_accounts, load_settings_without_account, user_directories

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.settings.conftest import Home

PAIR = {"LSQ_ACCESS_KEY": "u$rA1", "LSQ_SECRET_KEY": "s3cret"}
PROD = '[accounts.prod]\naccess_key = "u$rA1"\nsecret_key = "s3cret"\n'
posix_only = pytest.mark.skipif(os.name != "posix", reason="the system has no such permissions")


def only_account(settings: Settings) -> Account:
    """The account of the settings, which must be there."""
    assert settings.account is not None
    return settings.account


def test_the_variables_form_an_account_called_env(home: Home) -> None:
    """All LSQ_* variables together are one account, each value with its variable as origin."""
    environ = PAIR | {
        "LSQ_HOST": "api-in21.leadsquared.com",
        "LSQ_BULK_LIMIT": "10/5",
        "LSQ_LIMIT": "200/60",
        "LSQ_SHARE": "0.5",
        "LSQ_DAILY_REQUESTS": "80000",
        "LSQ_VISIBILITY_WAIT": "0",
        "LSQ_LATE_WAIT": "12.5",
        "LSQ_LEAD_LINK": "https://app.example.com/LeadManagement/LeadDetails?LeadID={id}",
    }

    account = only_account(home.load(environ))

    assert account == Account(
        name="env",
        base_url="https://api-in21.leadsquared.com",
        access_key=Secret("u$rA1"),
        secret_key=Secret("s3cret"),
        bulk_limit=Limit(10, 5),
        limit=Limit(200, 60),
        share=0.5,
        daily_requests=80_000,
        visibility_wait_seconds=0,
        late_wait_seconds=12.5,
        lead_link="https://app.example.com/LeadManagement/LeadDetails?LeadID={id}",
        origins={
            "host": "LSQ_HOST",
            "access_key": "LSQ_ACCESS_KEY",
            "secret_key": "LSQ_SECRET_KEY",
            "bulk_limit": "LSQ_BULK_LIMIT",
            "limit": "LSQ_LIMIT",
            "share": "LSQ_SHARE",
            "daily_requests": "LSQ_DAILY_REQUESTS",
            "visibility_wait": "LSQ_VISIBILITY_WAIT",
            "late_wait": "LSQ_LATE_WAIT",
            "lead_link": "LSQ_LEAD_LINK",
        },
    )


def test_defaults_are_those_of_the_settings_table(home: Home) -> None:
    """With the keys alone everything else is at its default, and says so."""
    settings = home.load(PAIR)
    account = only_account(settings)

    assert (account.base_url, account.bulk_limit, account.limit) == (None, Limit(25, 5), Limit(25, 5))
    assert (account.share, account.daily_requests) == (1.0, None)
    assert (account.visibility_wait_seconds, account.late_wait_seconds) == (90, 300)
    assert account.origins["host"] == account.origins["limit"] == "default"
    assert settings.ledger_url == f"sqlite:///{home.directories.state}/ledger.db"
    assert settings.ledger_files == home.directories.state / "ledger_files"
    assert settings.config_path is None
    assert settings.origins == {"ledger": "default", "config": "default"}


def test_an_account_of_the_file_is_loaded_with_its_origins(home: Home, secret_file: Callable[..., Path]) -> None:
    """Values and keys of a settings file name file and setting; a key file loses the line end an editor put there."""
    path = secret_file("s3cret\r\n")
    home.here.write_text(
        'ledger = "imports/ledger.db"\n[accounts.prod]\nhost = "api-in21.leadsquared.com"\n'
        f'access_key = {{env = "PROD_ACCESS_KEY"}}\nsecret_key = {{file = "{path}"}}\n'
        'bulk_limit = "10/5"\ndaily_requests = 80000\nshare = 1\n',
        encoding="utf-8",
    )

    settings = home.load({"PROD_ACCESS_KEY": "u$rA1"})
    account = only_account(settings)

    place = f"{home.here}: accounts.prod"
    assert (account.name, account.base_url) == ("prod", "https://api-in21.leadsquared.com")
    assert (account.access_key.reveal(), account.secret_key.reveal()) == ("u$rA1", "s3cret")
    assert (account.bulk_limit, account.daily_requests, account.share) == (Limit(10, 5), 80_000, 1.0)
    assert account.origins["access_key"] == f"variable PROD_ACCESS_KEY, named in {place}.access_key"
    assert account.origins["secret_key"] == f"file {path}, named in {place}.secret_key"
    assert account.origins["bulk_limit"] == f"{place}.bulk_limit"
    assert account.origins["limit"] == "default"
    assert settings.ledger_url == f"sqlite:///{home.cwd}/imports/ledger.db"
    assert settings.ledger_files == home.cwd / "imports" / "ledger_files"
    assert settings.config_path == home.here
    assert settings.origins == {"ledger": f"{home.here}: ledger", "config": "default"}


def test_the_settings_file_here_goes_before_the_users_own(home: Home) -> None:
    """etl.toml in the working folder is the one that counts; without it the user's own; ETL_CONFIG beats both."""
    named = home.cwd / "named.toml"
    for path, name in ((home.here, "here"), (home.own, "own"), (named, "named")):
        path.write_text(PROD.replace("prod", name), encoding="utf-8")

    by_folder = only_account(home.load()).name
    by_variable = home.load({"ETL_CONFIG": "named.toml"})
    home.here.unlink()
    by_user = only_account(home.load()).name

    assert (by_folder, by_user) == ("here", "own")
    assert only_account(by_variable).name == "named"
    assert by_variable.origins["config"] == "ETL_CONFIG"


def test_a_name_chooses_among_accounts_and_the_flag_goes_before_the_variable(home: Home) -> None:
    """-a beats ETL_ACCOUNT, which chooses where no flag does."""
    home.here.write_text(PROD + PROD.replace("prod", "test"), encoding="utf-8")

    by_variable = only_account(home.load({"ETL_ACCOUNT": "test"})).name
    by_flag = only_account(home.load({"ETL_ACCOUNT": "test"}, "prod")).name

    assert (by_variable, by_flag) == ("test", "prod")


@pytest.mark.parametrize("name", [None, "env"])
def test_variables_go_before_the_accounts_of_a_file(home: Home, name: str | None) -> None:
    """Set LSQ_* variables mean their account, whether it is named or not, whatever the file holds."""
    home.here.write_text(PROD + PROD.replace("prod", "test"), encoding="utf-8")

    assert only_account(home.load(PAIR, name)).name == "env"


def test_an_emptied_variable_is_not_set_for_a_named_account(home: Home) -> None:
    """`LSQ_ACCESS_KEY= etl run -a prod` names one account, not two."""
    home.here.write_text(PROD, encoding="utf-8")

    assert only_account(home.load({"LSQ_ACCESS_KEY": ""}, "prod")).name == "prod"


def test_an_emptied_key_lets_no_other_account_step_in(home: Home) -> None:
    """A key variable that came out empty must not send the import to the account of a file."""
    home.here.write_text(PROD, encoding="utf-8")

    with pytest.raises(UsageError, match="LSQ_ACCESS_KEY is set, but empty"):
        home.load({"LSQ_ACCESS_KEY": ""})


def test_variables_of_other_programs_are_left_alone(home: Home) -> None:
    """A variable that only shares our prefix is nobody's slip."""
    assert only_account(home.load(PAIR | {"LSQ_API_HOST": "x", "ETL_STAGE": "prod"})).name == "env"


@pytest.mark.parametrize(
    ("environ", "text"),
    [({}, ""), ({}, PROD + PROD.replace("prod", "test"))],
    ids=["none", "several"],
)
def test_a_command_that_can_do_without_an_account_gets_none(home: Home, environ: dict[str, str], text: str) -> None:
    """Where no account is named and none is the only one, such a command gets none instead of an error."""
    home.here.write_text(text, encoding="utf-8")

    assert home.load(environ, needs_account=False).account is None


def test_a_command_that_can_do_without_still_gets_the_only_account(home: Home) -> None:
    """`etl check` knows the only account's memory without being told its name."""
    home.here.write_text(PROD, encoding="utf-8")

    assert only_account(home.load(needs_account=False)).name == "prod"


def test_a_rehearsal_does_not_care_for_broken_accounts(home: Home) -> None:
    """Settings without an account need no account to be right, and know the ledger all the same."""
    settings = load_settings_without_account(
        {"LSQ_ACCESS_KEY": "alone", "ETL_LEDGER": "l.db"}, home.cwd, home.directories
    )

    assert settings.account is None
    assert settings.ledger_url == f"sqlite:///{home.cwd}/l.db"
    assert settings.origins["ledger"] == "ETL_LEDGER"


@pytest.mark.parametrize("written", ["{home}/x/l.db", "sqlite:///{home}/x/l.db", "x/l.db"])
def test_a_ledger_is_named_by_path_or_url(home: Home, written: str) -> None:
    """Path, URL and relative path of one file are one ledger."""
    settings = home.load(PAIR | {"ETL_LEDGER": written.replace("{home}", str(home.cwd))})

    assert settings.ledger_url == f"sqlite:///{home.cwd}/x/l.db"
    assert settings.ledger_shown == f"{home.cwd}/x/l.db"
    assert settings.ledger_files == home.cwd / "x" / "ledger_files"


def test_a_tilde_is_the_users_home(home: Home) -> None:
    """`~/ledger.db` lies in the user's home."""
    settings = home.load(PAIR | {"ETL_LEDGER": "~/ledger.db"})

    assert settings.ledger_url == f"sqlite:///{Path.home()}/ledger.db"


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_key_file_that_others_may_use_is_refused(home: Home, secret_file: Callable[..., Path], mode: int) -> None:
    """Permissions wider than 0600 are refused with the command that mends them."""
    path = secret_file("s3cret", mode)
    home.here.write_text(PROD.replace('"s3cret"', f'{{file = "{path}"}}'), encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        home.load()

    assert caught.value.message == (
        f"{home.here}: accounts.prod.secret_key: {path} has the permissions {mode:04o}, so other users of this machine "
        f"may use the key. Run: chmod 600 {path}"
    )


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_file_is_read(home: Home, secret_file: Callable[..., Path], mode: int) -> None:
    """Permissions of 0600 and narrower are fine."""
    path = secret_file("s3cret\n", mode)
    home.here.write_text(PROD.replace('"s3cret"', f'{{file = "{path}"}}'), encoding="utf-8")

    assert only_account(home.load()).secret_key.reveal() == "s3cret"


def test_a_key_file_with_two_lines_is_refused_without_showing_it(home: Home, secret_file: Callable[..., Path]) -> None:
    """Only one line end is taken off; what is left must be a key."""
    path = secret_file("first\nsecond\n")
    home.here.write_text(PROD.replace('"s3cret"', f'{{file = "{path}"}}'), encoding="utf-8")

    with pytest.raises(UsageError, match=f"file {path}: character 6 of the key is a space, a line break") as caught:
        home.load()
    assert "first" not in str(caught.value)


@pytest.mark.parametrize("text", ["s3cret \n", " s3cret", "s3cret\n\n", "s3cret\t"])
def test_white_space_in_a_key_file_is_refused(home: Home, secret_file: Callable[..., Path], text: str) -> None:
    """Only the line end that every editor writes is taken off; anything more was pasted along."""
    path = secret_file(text)
    home.here.write_text(PROD.replace('"s3cret"', f'{{file = "{path}"}}'), encoding="utf-8")

    with pytest.raises(UsageError, match=f"file {path}: there is white space before or after the key"):
        home.load()


def own_command(home: Home, program: str) -> str:
    """A user's own settings file whose secret key is printed by a Python program."""
    home.own.write_text(
        PROD.replace('"s3cret"', f"{{command = '''{sys.executable} -c \"{program}\"'''}}"), encoding="utf-8"
    )
    return f"{home.own}: accounts.prod.secret_key"


def test_a_command_in_the_users_own_file_prints_the_key(home: Home) -> None:
    """The output without its line end is the key, and the origin names the program alone."""
    place = own_command(home, "print('from-the-safe')")

    account = only_account(home.load())

    assert account.secret_key.reveal() == "from-the-safe"
    assert account.origins["secret_key"] == f"printed by {sys.executable}, named in {place}"


COMMANDS = {
    "fails": ("raise SystemExit(3)", "{python} failed with exit code 3. Try it in a terminal."),
    "says-nothing": ("pass", "the key is empty. Copy it from LeadSquared again."),
}


@pytest.mark.parametrize(("program", "message"), COMMANDS.values(), ids=COMMANDS.keys())
def test_a_command_that_gives_no_key_is_told(home: Home, program: str, message: str) -> None:
    """A command that fails or prints nothing is named, with what to do."""
    place = own_command(home, program)

    with pytest.raises(UsageError) as caught:
        home.load()

    assert caught.value.message.startswith(place)
    assert caught.value.message.endswith(message.replace("{python}", sys.executable))


@pytest.mark.parametrize(
    ("command", "message"),
    [("no-such-program-here show", "no-such-program-here cannot be started"), ('pass "show', "a quote is open")],
    ids=["missing", "open-quote"],
)
def test_a_command_that_cannot_be_started_is_told(home: Home, command: str, message: str) -> None:
    """A program that is not installed, or a command that cannot be read, is named."""
    home.own.write_text(PROD.replace('"s3cret"', f"{{command = '{command}'}}"), encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        home.load()


def test_all_accounts_are_listed_even_those_that_cannot_be_used(home: Home) -> None:
    """A list shows each account or its problem, and runs no command that prints a key."""
    home.own.write_text(
        PROD.replace('"s3cret"', '{command = "no-such-program-here"}') + '[accounts.broken]\naccess_key = "u$rB2"\n',
        encoding="utf-8",
    )

    listed = known_accounts(PAIR, home.cwd, home.directories)

    assert [(known.name, known.account is not None) for known in listed] == [
        ("env", True),
        ("prod", True),
        ("broken", False),
    ]
    assert listed[1].account is not None
    assert "printed by no-such-program-here" in listed[1].account.origins["secret_key"]
    assert listed[2].problem is not None
    assert "accounts.broken: secret_key is missing" in listed[2].problem


@posix_only
def test_a_key_written_into_a_file_that_others_may_read_is_told_of(home: Home) -> None:
    """The origin of such a key says that others may read it."""
    home.here.write_text(PROD, encoding="utf-8")
    home.here.chmod(0o644)
    open_to_all = only_account(home.load()).origins["access_key"]
    home.here.chmod(0o600)
    private = only_account(home.load()).origins["access_key"]

    place = f"written in {home.here}: accounts.prod.access_key"
    assert open_to_all == f"{place} (other users of this machine may read that file)"
    assert private == place


def test_a_settings_file_saved_by_notepad_is_read(home: Home) -> None:
    """A byte order mark and Windows line ends are no part of the settings."""
    home.here.write_bytes(b"\xef\xbb\xbf" + PROD.replace("\n", "\r\n").encode())

    assert only_account(home.load()).name == "prod"


def test_the_users_directories_are_those_of_the_operating_system() -> None:
    """Settings, ledger and log lie in directories called etl."""
    directories = user_directories()

    assert directories.user_settings.name == "etl.toml"
    assert directories.config.name == directories.state.name == "etl"
    assert directories.log == directories.state / "etl.log"
