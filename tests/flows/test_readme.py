"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from etl.exits import ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the README assumes it: the example mapping and sample, and a sheet called visits.xlsx."""
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "sample_data" / "site_visits.xlsx", tmp_path / "visits.xlsx")
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's settings; `etl` and `python` as this environment has them."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    return {"PATH": path, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "LANG": "C.UTF-8"}


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def as_pattern(shown: str) -> re.Pattern[str]:
    """The output as it is shown; … stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in shown.strip().split("…")), re.DOTALL)


@pytest.mark.parametrize("block", blocks("console"), ids=["first screen", "accounts"])
def test_what_the_console_shows_is_what_happens(block: str, folder: Path) -> None:
    """Each command of a console block, typed in a shell, prints what stands below it."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    shown = "\n".join(line for line in block.splitlines() if not line.startswith("$ "))
    script = "\n".join([*commands, "kill %1 2>/dev/null || true"])
    script = script.replace("8765 &", "8765 & while ! (echo >/dev/tcp/127.0.0.1/8765) 2>/dev/null; do :; done")

    ran = subprocess.run(
        ["bash", "-m", "-c", f"exec 2>&1\n{script}"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert as_pattern(shown).search(ran.stdout), ran.stdout


def test_the_python_example_runs(folder: Path) -> None:
    """The Python example imports the sheet and prints the equation."""
    (code,) = blocks("python")
    serve = (
        "from etl.simulator import SimulatorOptions\nfrom etl.simulator.server import EmbeddedSimulator\nimport os\n"
    )
    serve += "with EmbeddedSimulator(SimulatorOptions()) as simulator:\n"
    serve += "    os.environ |= {'LSQ_HOST': simulator.url, 'LSQ_ACCESS_KEY': 'simulator-access-key',\n"
    serve += "                   'LSQ_SECRET_KEY': 'simulator-secret-key'}\n"
    script = serve + "\n".join(f"    {line}" for line in code.splitlines())

    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ran.stderr == ""
    assert "visits.xlsx 240 data rows = 214 created" in ran.stdout


def test_the_exit_codes_are_those_of_the_code() -> None:
    """Each exit code stands in the README with its meaning and its next step."""
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", README, flags=re.MULTILINE))
    for code in ExitCode:
        if code not in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
            assert rows[str(int(code))].strip() == f"{code.meaning} | {code.next_step}".strip()


def test_the_mapping_shown_is_a_mapping(folder: Path) -> None:
    """The mapping that the README explains is accepted as it stands."""
    (shown,) = blocks("yaml")
    (folder / "shown.yaml").write_text(shown, encoding="utf-8")

    ran = subprocess.run(
        [str(Path(sys.executable).with_name("etl")), "check", "visits.xlsx", "-m", "shown.yaml"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ran.returncode == ExitCode.NEEDS_A_PERSON, ran.stderr
    assert "240 data rows" in ran.stdout


def test_links_lead_somewhere() -> None:
    """Each relative link of the README names a file that is there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
