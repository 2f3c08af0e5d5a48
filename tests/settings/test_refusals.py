"""What is wrong with settings is refused in one message that names the place and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from etl.errors import UsageError

if TYPE_CHECKING:
    from tests.settings.conftest import Home

PAIR = {"LSQ_ACCESS_KEY": "u$rA1", "LSQ_SECRET_KEY": "s3cret"}
PROD = '[accounts.prod]\naccess_key = "u$rA1"\nsecret_key = "s3cret"\n'
TEST = '[accounts.test]\naccess_key = "u$rB2"\nsecret_key = "s3cret"\n'
HOST = 'Write the API host alone, for example "api-in21.leadsquared.com".'
WAYS = 'Write a text, {env = "…"}, {file = "…"} or {command = "…"}.'
LIMIT = 'Write requests/seconds as a text, for example "25/5" for 25 requests in 5 seconds.'
SHARE = "Write a number above 0 and up to 1; 0.5 uses half."
DAILY = "Write a whole number from 1, without separators; leave the setting out for no budget."
WAIT = "Write a number of seconds from 0 to 86400."
LINK = (
    "is no address of a lead's page. Open a lead in LeadSquared, copy the address, and write {id} in the place of its id: "
    "https://app.example.com/LeadManagement/LeadDetails?LeadID={id}. It must begin with https://, and hold no name or password."
)
ACCOUNT_NAMES = (
    "host, access_key, secret_key, bulk_limit, limit, share, daily_requests, visibility_wait, late_wait, lead_link"
)

VARIABLES = {
    "no-account": (
        {},
        "No LeadSquared account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or describe an account in "
        "{own} below a line [accounts.NAME]. To try an import without an account, add --rehearse.",
    ),
    "access-key-alone": (
        {"LSQ_ACCESS_KEY": "u$rA1"},
        "LSQ_SECRET_KEY is not set (or empty), while LSQ_ACCESS_KEY is set, which means the account of the LSQ_* "
        "variables. Set LSQ_SECRET_KEY, or unset LSQ_ACCESS_KEY to use the settings file.",
    ),
    "secret-key-alone": (
        {"LSQ_SECRET_KEY": "s3cret"},
        "LSQ_ACCESS_KEY is not set (or empty), while LSQ_SECRET_KEY is set, which means the account of the LSQ_* "
        "variables. Set LSQ_ACCESS_KEY, or unset LSQ_SECRET_KEY to use the settings file.",
    ),
    "host-without-keys": (
        {"LSQ_HOST": "api.leadsquared.com"},
        "LSQ_ACCESS_KEY and LSQ_SECRET_KEY are not set (or empty), while LSQ_HOST is set, which means the account of "
        "the LSQ_* variables. Set LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or unset LSQ_HOST to use the settings file.",
    ),
    "both-keys-empty": (
        {"LSQ_ACCESS_KEY": "", "LSQ_SECRET_KEY": ""},
        "LSQ_ACCESS_KEY is set, but empty. Set it to the key, unset it, or name an account with -a.",
    ),
    "misspelled-key": (
        {"LSQ_ACESS_KEY": "u$rA1", "LSQ_SECRET_KEY": "s3cret"},
        "LSQ_ACESS_KEY: this variable is not known. Did you mean LSQ_ACCESS_KEY? Rename it, or unset it.",
    ),
    "misspelled-limit": (
        PAIR | {"LSQ_BULK_LIMT": "1/5"},
        "LSQ_BULK_LIMT: this variable is not known. Did you mean LSQ_BULK_LIMIT? Rename it, or unset it.",
    ),
    "misspelled-ledger": (
        PAIR | {"ETL_LEDGR": "/x/ledger.db"},
        "ETL_LEDGR: this variable is not known. Did you mean ETL_LEDGER? Rename it, or unset it.",
    ),
    "key-with-line-break-in-it": (
        PAIR | {"LSQ_ACCESS_KEY": "u$r\nA1"},
        "LSQ_ACCESS_KEY: character 4 of the key is a space, a line break or a sign that no key has. "
        "Copy the key from LeadSquared again.",
    ),
    "key-with-control-character": (
        PAIR | {"LSQ_SECRET_KEY": "s3\x00cret"},
        "LSQ_SECRET_KEY: character 3 of the key is a space, a line break or a sign that no key has. "
        "Copy the key from LeadSquared again.",
    ),
    "key-outside-ascii": (
        PAIR | {"LSQ_SECRET_KEY": "s3crét"},
        "LSQ_SECRET_KEY: character 5 of the key is a space, a line break or a sign that no key has. "
        "Copy the key from LeadSquared again.",
    ),
    "key-pasted-with-space": (
        PAIR | {"LSQ_SECRET_KEY": "s3cret "},
        "LSQ_SECRET_KEY: there is white space before or after the key. Take it out.",
    ),
    "key-with-line-end": (
        PAIR | {"LSQ_ACCESS_KEY": "u$rA1\r\n"},
        "LSQ_ACCESS_KEY: there is white space before or after the key. Take it out.",
    ),
    "key-in-quotes": (
        PAIR | {"LSQ_ACCESS_KEY": '"u$rA1"'},
        "LSQ_ACCESS_KEY: the key stands in quotes that belong to it. Take them out.",
    ),
    "key-too-long": (
        PAIR | {"LSQ_ACCESS_KEY": "k" * 600},
        "LSQ_ACCESS_KEY: 600 characters are too many for a key. Is this the right text?",
    ),
    "limit-in-words": (PAIR | {"LSQ_LIMIT": "25 per 5"}, f'LSQ_LIMIT: "25 per 5" is no limit. {LIMIT}'),
    "limit-of-zero": (PAIR | {"LSQ_LIMIT": "0/5"}, f'LSQ_LIMIT: "0/5" is no limit. {LIMIT}'),
    "limit-in-no-time": (PAIR | {"LSQ_BULK_LIMIT": "5/0"}, f'LSQ_BULK_LIMIT: "5/0" is no limit. {LIMIT}'),
    "share-above-one": (PAIR | {"LSQ_SHARE": "1.5"}, f'LSQ_SHARE: "1.5" is no share. {SHARE}'),
    "share-of-nothing": (PAIR | {"LSQ_SHARE": "0"}, f'LSQ_SHARE: "0" is no share. {SHARE}'),
    "share-in-percent": (PAIR | {"LSQ_SHARE": "50%"}, f'LSQ_SHARE: "50%" is no share. {SHARE}'),
    "share-not-a-number": (PAIR | {"LSQ_SHARE": "nan"}, f'LSQ_SHARE: "nan" is no share. {SHARE}'),
    "daily-with-separator": (
        PAIR | {"LSQ_DAILY_REQUESTS": "80,000"},
        f'LSQ_DAILY_REQUESTS: "80,000" is no number of requests. {DAILY}',
    ),
    "daily-of-zero": (
        PAIR | {"LSQ_DAILY_REQUESTS": "0"},
        f'LSQ_DAILY_REQUESTS: "0" is no number of requests. {DAILY}',
    ),
    "daily-fraction": (
        PAIR | {"LSQ_DAILY_REQUESTS": "1.5"},
        f'LSQ_DAILY_REQUESTS: "1.5" is no number of requests. {DAILY}',
    ),
    "wait-below-zero": (PAIR | {"LSQ_LATE_WAIT": "-1"}, f'LSQ_LATE_WAIT: "-1" is no wait. {WAIT}'),
    "wait-with-unit": (PAIR | {"LSQ_VISIBILITY_WAIT": "90s"}, f'LSQ_VISIBILITY_WAIT: "90s" is no wait. {WAIT}'),
    "link-without-id": (
        PAIR | {"LSQ_LEAD_LINK": "https://app.example.com/LeadDetails"},
        f'LSQ_LEAD_LINK: "https://app.example.com/LeadDetails" {LINK}',
    ),
    "link-in-the-clear": (
        PAIR | {"LSQ_LEAD_LINK": "http://app.example.com/{id}"},
        f'LSQ_LEAD_LINK: "http://app.example.com/{{id}}" {LINK}',
    ),
    "link-with-a-password": (
        PAIR | {"LSQ_LEAD_LINK": "https://me:pw@app.example.com/{id}"},
        f'LSQ_LEAD_LINK: "https://me:pw@app.example.com/{{id}}" {LINK}',
    ),
    "settings-file-missing": (
        PAIR | {"ETL_CONFIG": "other.toml"},
        "ETL_CONFIG: there is no file {cwd}/other.toml. Correct the path, or unset ETL_CONFIG.",
    ),
    "account-env-without-variables": (
        {"ETL_ACCOUNT": "env"},
        "ETL_ACCOUNT=env: the account env is that of the LSQ_* variables, and none is set. "
        "Set LSQ_ACCESS_KEY and LSQ_SECRET_KEY.",
    ),
    "account-and-variables": (
        PAIR | {"ETL_ACCOUNT": "prod"},
        "ETL_ACCOUNT=prod and LSQ_ACCESS_KEY: two accounts are named at once, and it is not clear which is meant. "
        "Unset LSQ_ACCESS_KEY, LSQ_SECRET_KEY to use prod, or leave the name out to use the variables.",
    ),
    "ledger-in-memory": (
        PAIR | {"ETL_LEDGER": "sqlite:///:memory:"},
        "ETL_LEDGER: a ledger in memory would forget what was sent. "
        "Write the path of the ledger file, for example /srv/imports/ledger.db.",
    ),
    "ledger-in-another-database": (
        PAIR | {"ETL_LEDGER": "mysql://me:pw@db.example.com/etl"},
        'ETL_LEDGER: a ledger in "mysql" is not possible, only in SQLite and in PostgreSQL. '
        "Write the path of the ledger file, for example /srv/imports/ledger.db, or postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-half-a-password": (
        PAIR | {"ETL_LEDGER": "postgresql://me:p@w@db.example.com/etl"},
        "ETL_LEDGER: a user or password that holds @, / or # must be written as URLs write it: %40, %2F, %23. "
        "Or leave the password out: PGPASSWORD or the file .pgpass may hold it.",
    ),
    "ledger-with-a-slash-in-its-password": (
        PAIR | {"ETL_LEDGER": "postgresql://me:p/w@db.example.com/etl"},
        "ETL_LEDGER: the port, or the address of the machine, is none. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-a-shown-password": (
        PAIR | {"ETL_LEDGER": "postgresql://db.example.com/etl?password=pw"},
        "ETL_LEDGER: password does not belong behind the question mark, where it would be shown. "
        "Put the password before the @, into PGPASSWORD or into the file .pgpass.",
    ),
    "ledger-without-a-database": (
        PAIR | {"ETL_LEDGER": "postgresql://me:pw@db.example.com"},
        "ETL_LEDGER: no database is named. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-a-port-that-is-none": (
        PAIR | {"ETL_LEDGER": "postgresql://me@db.example.com:54x32/etl"},
        "ETL_LEDGER: the port, or the address of the machine, is none. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-one-slash": (
        PAIR | {"ETL_LEDGER": "postgresql+psycopg:/me:pw@db.example.com/etl"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-in-words-of-libpq": (
        PAIR | {"ETL_LEDGER": "host=db.example.com dbname=etl password=pw"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-its-password-first": (
        PAIR | {"ETL_LEDGER": "password=s3cret host=db.example.com"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-a-file-of-passwords-first": (
        PAIR | {"ETL_LEDGER": "passfile=/srv/pg/pass dbname=etl password = s3cret"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-in-words-of-libpq-with-a-url": (
        PAIR | {"ETL_LEDGER": "application_name=etl password=s3cret sslrootcert=file:///srv/ca"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-in-words-with-semicolons": (
        PAIR | {"ETL_LEDGER": "Pooling=true;Password=s3cret"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-path-with-a-password-behind": (
        PAIR | {"ETL_LEDGER": "etl.db?password=s3cret"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-with-a-secret-before-a-scheme": (
        PAIR | {"ETL_LEDGER": "me:s3cret@postgresql://db.example.com/etl"},
        "ETL_LEDGER: this is no path, and not how a database is named here. Write postgresql+psycopg://USER@HOST/DATABASE.",
    ),
    "ledger-is-a-folder": (
        PAIR | {"ETL_LEDGER": "."},
        "ETL_LEDGER: {cwd} is a folder. Name a file in it, for example {cwd}/ledger.db.",
    ),
    "ledger-path-with-question-mark": (
        PAIR | {"ETL_LEDGER": "what?.db"},
        "ETL_LEDGER: the path {cwd}/what?.db holds a question mark. Choose a path without one.",
    ),
}


@pytest.mark.parametrize(("environ", "message"), VARIABLES.values(), ids=VARIABLES.keys())
def test_variables_that_are_wrong_are_refused(home: Home, environ: dict[str, str], message: str) -> None:
    """A wrong variable is named in the message, with what was expected and what to do."""
    with pytest.raises(UsageError) as caught:
        home.load(environ)

    assert caught.value.message == message.replace("{own}", str(home.own)).replace("{cwd}", str(home.cwd))


FILES = {
    "no-toml": (
        "[accounts.prod\n",
        "{here}: this is no valid TOML: Expected ']' at the end of a table declaration (at line 1, column 15). "
        "Texts stand in quotes, one setting a line.",
    ),
    "unknown-setting": (
        "legder = 'x.db'\n",
        "{here}: legder is no setting. Did you mean ledger? Known here: ledger, accounts, notify.",
    ),
    "account-setting-at-the-top": (
        'host = "api.leadsquared.com"\n',
        "{here}: host is no setting. It belongs to an account: move it below a line [accounts.NAME].",
    ),
    "unknown-account-setting": (
        PROD + 'bulklimit = "10/5"\n',
        "{here}: accounts.prod.bulklimit is no setting. Did you mean bulk_limit? Known here: " + ACCOUNT_NAMES + ".",
    ),
    "setting-like-no-other": (
        PROD + 'colour = "red"\n',
        "{here}: accounts.prod.colour is no setting. Known here: " + ACCOUNT_NAMES + ".",
    ),
    "accounts-no-table": (
        'accounts = "prod"\n',
        "{here}: accounts is no table. Write each account below a line [accounts.NAME].",
    ),
    "account-no-table": (
        '[accounts]\nprod = "u$rA1"\n',
        "{here}: accounts.prod is no table. Write its settings below a line [accounts.prod].",
    ),
    "account-called-env": (
        PROD.replace("prod", "env"),
        "{here}: accounts.env may not be in a settings file: this name belongs to the account of the LSQ_* variables. "
        "Choose another name.",
    ),
    "several-accounts": (PROD + TEST, "Several accounts are set up: prod, test. Say which one with -a NAME."),
    "no-accounts-in-file": (
        'ledger = "l.db"\n',
        "No LeadSquared account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or describe an account in "
        "{here} below a line [accounts.NAME]. To try an import without an account, add --rehearse.",
    ),
    "no-secret-key": (
        '[accounts.prod]\naccess_key = "u$rA1"\n',
        "{here}: accounts.prod: secret_key is missing. LeadSquared gives keys in pairs; "
        'write secret_key = {env = "…"} or {file = "…"} there.',
    ),
    "no-keys": (
        '[accounts.prod]\nhost = "api.leadsquared.com"\n',
        "{here}: accounts.prod: access_key and secret_key are missing. LeadSquared gives keys in pairs; "
        'write access_key = {env = "…"} or {file = "…"} there.',
    ),
    "key-is-a-number": (
        PROD.replace('"s3cret"', "12345"),
        "{here}: accounts.prod.secret_key: this is no key. " + WAYS,
    ),
    "key-of-two-sources": (
        PROD.replace('"s3cret"', '{env = "A", file = "b"}'),
        "{here}: accounts.prod.secret_key: this is no key. " + WAYS,
    ),
    "key-of-unknown-source": (
        PROD.replace('"s3cret"', '{vault = "s3cret"}'),
        "{here}: accounts.prod.secret_key: this is no key. " + WAYS,
    ),
    "key-empty": (
        PROD.replace('"s3cret"', '""'),
        "{here}: accounts.prod.secret_key: the key is empty. Copy it from LeadSquared again.",
    ),
    "key-variable-not-set": (
        PROD.replace('"s3cret"', '{env = "PROD_SECRET"}'),
        "{here}: accounts.prod.secret_key: the environment variable PROD_SECRET is not set. Set it to the key.",
    ),
    "key-file-missing": (
        PROD.replace('"s3cret"', '{file = "prod.secret"}'),
        "{here}: accounts.prod.secret_key: there is no file {cwd}/prod.secret. Correct the path.",
    ),
    "key-file-is-a-folder": (
        PROD.replace('"s3cret"', '{file = "."}'),
        "{here}: accounts.prod.secret_key: {cwd} is no file. Name the file that holds the key.",
    ),
    "command-in-a-shared-file": (
        PROD.replace('"s3cret"', '{command = "pass show lsq"}'),
        "{here}: accounts.prod.secret_key: a command may be named in your own settings file only, because whoever can "
        "write this one could run programs as you. Use {env = …} or {file = …} here.",
    ),
    "limit-is-a-number": (PROD + "limit = 25\n", '{here}: accounts.prod.limit: "25" is no limit. ' + LIMIT),
    "share-is-a-boolean": (PROD + "share = true\n", '{here}: accounts.prod.share: "True" is no share. ' + SHARE),
    "share-is-infinite": (PROD + "share = inf\n", '{here}: accounts.prod.share: "inf" is no share. ' + SHARE),
    "daily-is-huge": (
        PROD + f"daily_requests = {10**400}\n",
        '{here}: accounts.prod.daily_requests: "1' + "0" * 58 + '…" is no number of requests. ' + DAILY,
    ),
    "host-is-a-number": (PROD + "host = 5\n", '{here}: accounts.prod.host: "5" is no text. ' + HOST),
    "ledger-is-a-number": (
        "ledger = 5\n",
        '{here}: ledger: "5" is no path. Write the path of the ledger file, for example /srv/imports/ledger.db.',
    ),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES.keys())
def test_settings_files_that_are_wrong_are_refused(home: Home, text: str, message: str) -> None:
    """A wrong settings file is named with the setting, with what was expected and what to do."""
    home.here.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        home.load()

    assert caught.value.message == message.replace("{here}", str(home.here)).replace("{cwd}", str(home.cwd))


NAMES = {
    "misspelled": (
        "prdo",
        {},
        "-a prdo: there is no account of that name. Did you mean prod? Known: prod, test.",
    ),
    "like-no-other": ("zzz", {}, "-a zzz: there is no account of that name. Known: prod, test."),
    "empty": (
        "",
        {},
        "-a: the name of the account is empty. Say which account is meant, or leave -a out.",
    ),
    "mixed-with-a-variable": (
        "prod",
        {"LSQ_LIMIT": "1/5"},
        "-a prod and LSQ_LIMIT: two accounts are named at once, and it is not clear which is meant. "
        "Unset LSQ_LIMIT to use prod, or leave the name out to use the variables.",
    ),
}


@pytest.mark.parametrize(("name", "environ", "message"), NAMES.values(), ids=NAMES.keys())
def test_account_names_that_are_wrong_are_refused(home: Home, name: str, environ: dict[str, str], message: str) -> None:
    """A name that is no account is refused with the nearest one; one mixed with variables is refused with both."""
    home.here.write_text(PROD + TEST, encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        home.load(environ, name)

    assert caught.value.message == message


def test_a_settings_file_in_another_encoding_is_refused(home: Home) -> None:
    """A settings file that is not UTF-8 is named as such, not called broken TOML."""
    home.here.write_bytes("# Käufe\n".encode("cp1252"))

    with pytest.raises(UsageError, match=r"etl\.toml: the settings file is not written in UTF-8\. Save it as UTF-8\."):
        home.load()
