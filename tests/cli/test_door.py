"""The real command in a real process: quick to help, and exact about what was typed wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import etl
from etl.cli.main import COMMANDS, LazyGroup
from etl.cli.main import etl as group
from tests.flows.conftest import warm
from tests.flows.warm import WarmStart

__all__ = ["warm"]  # a fixture for these tests, too

HEAVY = (
    "pandas",
    "psutil",
    "sqlalchemy",
    "requests",
    "rich",
    "aiohttp",
    "openpyxl",
    "ruamel",
    "pydantic",
    "etl.events",
)
SLOW = tuple(name for name in HEAVY if name not in {"rich", "etl.events"})
"""What a command may not load either before it is carried out; a tenth of a second of bars and events it may."""

REPOSITORY = Path(etl.__file__).parent.parent


PATIENCE_SECONDS = 60


def places_in(folder: Path) -> dict[str, str]:
    """Where `etl` has its own things, as variables."""
    return dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder))


def typed(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `etl` with these arguments does in a process of its own, without any account."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LSQ_", "ETL_"))}
    return subprocess.run(
        [sys.executable, "-m", "etl.cli", *arguments],
        cwd=cwd,
        env=environ | places_in(cwd) | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_version_is_one_line_on_stdout(tmp_path: Path) -> None:
    """`etl --version` names the version and nothing else."""
    done = typed("--version", cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"etl {etl.__version__}\n", "")


def test_help_lists_every_command(tmp_path: Path) -> None:
    """`etl --help` goes to stdout and names each command."""
    done = typed("--help", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines() if line[2] != " "]
    assert listed == [one.name for one in COMMANDS]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_door_opens_without_heavy_libraries(tmp_path: Path, option: str) -> None:
    """Help and version import nothing that takes long to import."""
    program = (
        "import sys; from etl.cli.main import main; main(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, option],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == "[]\n"


@pytest.mark.parametrize("words", ["", "run --live", "verify "])
def test_completing_loads_no_heavy_library(tmp_path: Path, words: str) -> None:
    """Whoever presses Tab waits for it."""
    program = (
        "import sys, atexit; "
        f"atexit.register(lambda: print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)); "
        "from etl.cli.main import main; main()"
    )
    asked = {"_ETL_COMPLETE": "bash_complete", "COMP_WORDS": f"etl {words}", "COMP_CWORD": str(len(words.split(" ")))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path), **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == "[]\n"


@pytest.mark.parametrize("name", [listed.name for listed in COMMANDS])
def test_the_list_says_of_a_command_what_its_help_says(name: str) -> None:
    """The sentence in `etl --help` is the first one of `etl COMMAND --help`."""
    sentences = {listed.name: listed.sentence for listed in COMMANDS}
    assert isinstance(group, LazyGroup)
    command = group.get_command(None, name)  # type: ignore[arg-type] # no context is needed to load a command

    assert command is not None
    assert command.help is not None
    assert command.help.partition("\n\n")[0] == sentences[name]
    assert "Examples:" in command.help


WRONG = {
    "nothing": ((), "Usage: etl [OPTIONS] COMMAND"),
    "misspelled-command": (("rnu",), 'There is no command "rnu". Did you mean "etl run"?'),
    "unknown-command": (
        ("zzz",),
        'There is no command "zzz". Known: ',
    ),
    "misspelled-option": (("run", "x.csv", "--maping", "m.yaml"), "--mapping"),
    "no-file": (("run", "-m", "m.yaml"), "Missing argument 'FILE...'"),
    "no-mapping": (("run", "x.csv"), "Missing option '-m' / '--mapping'"),
    "no-such-file": (("run", "x.csv", "-m", "m.yaml"), "x.csv: there is no such input file. Check the path."),
    "duplicate-of-none": (("run", "x.csv", "-m", "m", "--duplicate", "0"), "'--duplicate': 0 is not in the range x>=1"),
    "bad-limit": (("simulator", "--limit", "25"), '"25" is no limit: expected requests/seconds, as in 25/5.'),
    "bad-fault": (("simulator", "--fault", "oops:0.1"), '"oops" is no fault that is known; expected one of refuse'),
    "bad-latency": (("simulator", "--latency", "20"), '"20" is no latency'),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG.keys())
def test_bad_usage_is_exit_code_2_and_one_message(
    tmp_path: Path, warm: WarmStart, arguments: tuple[str, ...], message: str
) -> None:
    """What was typed wrongly is told on stderr, without a traceback, and stdout stays empty."""
    home = tmp_path / "home"
    home.mkdir()
    out, err = tmp_path / "out", tmp_path / "err"

    code = warm.run(["etl", *arguments], home, places_in(home), (out, err), PATIENCE_SECONDS)

    assert (code, out.read_text("utf-8")) == (2, "")
    assert message in err.read_text("utf-8")
    assert "Traceback" not in err.read_text("utf-8")
    assert not list(home.rglob("etl.log"))


def test_a_missing_account_is_told_before_anything_else(tmp_path: Path) -> None:
    """Without an account `etl run` ends with exit code 2 and says how to set one up."""
    (tmp_path / "visits.csv").write_text("Email\n", encoding="utf-8")
    (tmp_path / "visits.yaml").write_text("version: 1\n", encoding="utf-8")

    done = typed("run", "visits.csv", "-m", "visits.yaml", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "Error: No LeadSquared account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET"
    )


IMPORTED_4 = """
import sys
import etl.cli.world
from etl.events import InputSummary, Note, Summary
from etl.reconciler.counts import Equation

class Pipeline:
    @staticmethod
    def run(*_arguments, events, **_options):
        events(Note("said on the way"))
        return Summary((InputSummary("v.csv", 1, Equation(0, {}), 4, None, None),), 4)

etl.cli.world.load_pipeline = lambda: Pipeline
from etl.cli.main import main
sys.exit(main())
"""

CLOSED = {
    "list": (["-m", "etl.cli", "accounts"], 141),
    "import": (["-c", IMPORTED_4, "run", "v.csv", "-m", "v.csv", "--rehearse"], 4),
    "error": (["-m", "etl.cli", "run", "x.csv", "-m", "v.csv"], 2),
    "bad-usage": (["-m", "etl.cli", "rnu"], 2),
}


@pytest.mark.skipif(os.name != "posix", reason="the system has no such pipes")
@pytest.mark.parametrize(("arguments", "code"), CLOSED.values(), ids=CLOSED.keys())
def test_a_closed_pipe_changes_nothing(tmp_path: Path, arguments: list[str], code: int) -> None:
    """Where nobody reads stdout and stderr any more, a command ends as it would have ended, and quietly."""
    (tmp_path / "v.csv").touch()
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=writing,
        stderr=writing,
        env={**buffered, "PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert done.returncode == code
