"""What orchestrators start is a command that `etl` takes, and by its exit code they do the right thing: docs, deploy."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from etl.exits import ExitCode
from tests.cli.parsing import parse, words_of
from tests.docs.console import ROOT, blocks

PAGE = ROOT / "docs" / "orchestrators.md"
TRY_AGAIN = {6, 7, 8, 130, 143}
FAIL = {1, 2, 3, 5}


@dataclass
class Dag:
    """Stands for Airflow's."""

    settings: dict[str, Any] = field(default_factory=dict)

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def __enter__(self) -> Dag:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Task:
    """Stands for an operator: what it was given, and what comes after it."""

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.after: list[Task] = []

    def __rshift__(self, other: Task) -> Task:
        self.after.append(other)
        return other


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the example of the page has when Airflow has read it."""
    (code,) = blocks(PAGE, "python")
    for name in ("airflow", "airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, what in {
        "airflow.sdk": {"DAG": Dag},
        "airflow.providers.standard.operators.bash": {"BashOperator": Task},
    }.items():
        module = ModuleType(name)
        vars(module).update(what)
        monkeypatch.setitem(sys.modules, name, module)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names


def commands_in(script: str) -> list[str]:
    """The lines of a shell script that call etl."""
    return [line for line in script.splitlines() if line.startswith("etl ")]


def ended(script: str, code: int, folder: Path) -> int:
    """How a task's script ends where the command in it ends with this code."""
    program = folder / "etl"
    program.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    return subprocess.run(["bash", "-c", script], env={"PATH": f"{folder}:/bin:/usr/bin"}, check=False).returncode


def test_the_tasks_of_airflow_call_commands_that_etl_takes(example: dict[str, Any]) -> None:
    """The example is Python, and its two tasks, one after the other, name options that exist."""
    check, send = example["check"], example["send"]

    assert check.after == [send]
    for task in (check, send):
        (line,) = commands_in(task.given["bash_command"])
        words = words_of(line)
        assert words is not None
        parse(words)


def test_airflow_is_told_by_the_exit_code_what_to_do(example: dict[str, Any], tmp_path: Path) -> None:
    """Done is done, rows to correct are skipped, and all else fails; no exit code is forgotten."""
    send, check = (example[name].given for name in ("send", "check"))
    skipped = send["skip_on_exit_code"]

    came = {int(code): ended(send["bash_command"], code, tmp_path) for code in ExitCode}

    assert came == {0: 0, 4: skipped} | {code: code for code in TRY_AGAIN | FAIL}
    assert {ended(check["bash_command"], code, tmp_path) for code in (0, 4)} == {0}
    assert ended(check["bash_command"], 3, tmp_path) == 3
    assert check["retries"] == 0


def test_a_task_stops_by_itself_before_airflow_ends_it(example: dict[str, Any]) -> None:
    """Between --max-runtime and the time-out is more than an answer may take."""
    send = example["send"].given
    hours, minutes = re.search(r"--max-runtime (\d+)h(\d+)m", send["bash_command"]).groups()  # type: ignore[union-attr]

    left = send["execution_timeout"] - timedelta(hours=int(hours), minutes=int(minutes))

    assert left >= timedelta(minutes=10)
    assert send["retries"] * send["retry_delay"] >= timedelta(hours=9)


def test_the_table_of_exit_codes_knows_each_one() -> None:
    """Success, rows to correct, try again, fail: each code in one line."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \| (\w+)", text, flags=re.MULTILINE)
    found = {int(code): word for codes, word in rows for code in codes.split(",")}

    assert set(found) == {int(code) for code in ExitCode}
    assert {code for code, word in found.items() if word == "try"} == TRY_AGAIN
    assert {code for code, word in found.items() if word == "fail"} == FAIL


def test_kubernetes_fails_on_the_codes_that_need_a_person() -> None:
    """And starts a command that etl takes, with time to finish what is in the air."""
    (text,) = blocks(PAGE, "yml")
    job = YAML(typ="safe").load(text)["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]

    assert rule["action"] == "FailJob"
    assert set(rule["onExitCodes"]["values"]) == FAIL | {4}
    assert pod["terminationGracePeriodSeconds"] >= 150
    parse(pod["containers"][0]["args"])


def test_the_line_for_cron_is_one_that_etl_takes() -> None:
    """With a ledger that two machines reach."""
    (line,) = [line for block in blocks(PAGE, "text") for line in block.splitlines() if "/bin/etl " in line]
    words = words_of("etl " + line.partition("/bin/etl ")[2])

    assert "ETL_LEDGER=postgresql+psycopg://" in line
    assert words is not None
    parse(words)
