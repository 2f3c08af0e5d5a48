"""deploy/compose.yaml, without Docker: its commands are commands that `etl` takes, and nothing in it gives a secret away."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from etl.settings import load_settings_without_account
from etl.settings.host import parse_host
from tests.cli.parsing import parse, words_of
from tests.docs.console import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"


@cache
def compose() -> dict[str, Any]:
    """The file, with its merges and anchors resolved."""
    loaded: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


OURS = [name for name, service in compose()["services"].items() if str(service["image"]).startswith("etl:")]


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_starts_a_command_that_etl_takes(name: str) -> None:
    """By the image's entry point, with the options that exist."""
    parse([str(word) for word in compose()["services"][name]["command"]])


def test_the_lines_that_explain_it_are_taken_too() -> None:
    """What stands behind `docker compose run` in the comments."""
    lines = re.findall(
        r"docker compose run --rm [a-z-]+ (.*?)(?:  +#.*)?$", COMPOSE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert len(lines) >= 3
    for line in lines:
        words = words_of(f"etl {line}")
        assert words is not None
        parse(words)


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_has_no_right_that_it_does_not_need(name: str) -> None:
    """A read-only image, no capability, and time to finish what is in the air."""
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "150s"
    assert "privileged" not in service
    assert "ports" not in service


@pytest.mark.parametrize("name", ["worker", "trial-worker"])
def test_a_worker_starts_when_the_database_is_well_and_is_asked_how_it_is(name: str) -> None:
    """It comes back by itself, and its health is asked where its numbers are served."""
    service = compose()["services"][name]
    port = service["command"][-1].rpartition(":")[2]

    assert service["depends_on"]["database"] == {"condition": "service_healthy"}
    assert service["restart"] == "unless-stopped"
    assert f"http://127.0.0.1:{port}/healthz" in service["healthcheck"]["test"][-1]
    assert "healthcheck" in compose()["services"]["database"]


def test_what_is_sent_without_tls_stays_on_one_loopback() -> None:
    """The simulator listens on loopback, so who sends to it shares its network."""
    for name in ("trial-worker", "trial-desk"):
        service = compose()["services"][name]
        assert service["network_mode"] == "service:simulator"
        assert parse_host(service["environment"]["LSQ_HOST"], "LSQ_HOST").endswith(
            compose()["services"]["simulator"]["command"][2]
        )


def test_the_memory_is_on_a_volume_and_no_password_is_in_a_variable() -> None:
    """The database alone keeps something; passwords and keys are files."""
    services = compose()["services"]
    text = COMPOSE.read_text(encoding="utf-8")

    assert services["database"]["volumes"] == ["ledger:/var/lib/postgresql"]
    assert "ledger" in compose()["volumes"]
    assert not re.search(r"PASSWORD: |PGPASSWORD", text)
    for name in OURS:
        assert "@" in services[name].get("environment", {}).get("ETL_LEDGER", "@")
        assert not re.search(r"://[^/@]*:[^/@]*@", services[name].get("environment", {}).get("ETL_LEDGER", ""))
    assert set(compose()["secrets"]) >= {one for service in services.values() for one in service.get("secrets", ())}
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_settings_of_the_fleet_can_be_read(tmp_path: Path) -> None:
    """Their key files are where the secrets are laid."""
    settings = DEPLOY / Path(compose()["configs"]["settings"]["file"]).name
    account = tomllib.loads(settings.read_text(encoding="utf-8"))["accounts"]["prod"]

    load_settings_without_account({"ETL_CONFIG": str(settings)}, tmp_path)
    for key in ("access_key", "secret_key"):
        assert account[key] == {"file": f"/run/secrets/{key}"}
        assert key in compose()["services"]["worker"]["secrets"]


def test_the_image_is_built_with_the_extras_of_a_fleet() -> None:
    """Those that pyproject knows; without them it is the small one as before."""
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    wanted = compose()["services"]["worker"]["build"]["args"]["EXTRAS"].split(",")
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")

    assert set(wanted) <= extras
    assert 'ARG EXTRAS=""' in dockerfile
    assert '".${EXTRAS:+[$EXTRAS]}"' in dockerfile
