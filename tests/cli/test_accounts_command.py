"""`etl accounts` shows where each value came from, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import KEYS

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Shell


def test_every_account_is_shown_masked(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Ledger and settings file first, then each account; one that cannot be used says why, and the exit code is 2."""
    here = shell.world.cwd / "etl.toml"
    here.write_text('[accounts.prod]\naccess_key = "u$r-file-secret"\n', encoding="utf-8")

    code = shell.type("accounts", LSQ_HOST="api-in21.leadsquared.com")

    out = capsys.readouterr().out
    assert code == 2
    assert "account env\n  host             https://api-in21.leadsquared.com  LSQ_HOST\n" in out
    assert "  access_key       ••••                              LSQ_ACCESS_KEY\n" in out
    assert f"account prod\n  cannot be used: {here}: accounts.prod: secret_key is missing." in out
    assert not any(key in out for key in (*KEYS.values(), "u$r-file-secret"))


def test_one_account_is_shown_by_name(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """-a shows that account alone, with the ledger."""
    code = shell.type("accounts", "-a", "env")

    out = capsys.readouterr().out
    assert code == 0
    assert out.splitlines()[0].split() == ["ledger", f"{shell.world.directories.state}/ledger.db", "default"]
    assert "account prod" not in out


def test_without_accounts_it_says_how_to_set_one_up(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list is an answer, not an error."""
    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict

    assert shell.type("accounts") == 0
    assert "No account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY" in capsys.readouterr().out
