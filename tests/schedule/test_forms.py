"""What is printed to start an import by itself means exactly the command that was meant, whoever reads it."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.schedule.crontab import crontab
from etl.schedule.job import Daily, Every, Job, parse_at, parse_every
from etl.schedule.systemd import service, timer
from etl.schedule.windows import task

SIGNS = st.characters(blacklist_categories=["Cc", "Cs"])
TEXTS = st.text(SIGNS, min_size=1, max_size=12)
NASTY = 'a b\'s "100%" $HOME `x` \\ ; # & ~ ! é ’'
NIGHT = Daily(21, 30)


def job(*words: str, folder: str = "/", when: Daily | Every = NIGHT, **environ: str) -> Job:
    return Job("etl-test", words, folder, environ, when)


def as_cron_reads(line: str) -> str:
    """The command that cron hands to /bin/sh: up to the first percent sign without a backslash (crontab(5))."""
    command, before = "", ""
    for sign in line.split(" ", 5)[5]:
        if sign == "%":
            if before != "\\":
                break
            command = command[:-1]
        command += sign
        before = sign
    return command


@settings(max_examples=25, deadline=None)
@given(words=st.lists(TEXTS, min_size=1, max_size=4), value=TEXTS)
def test_a_crontab_line_is_the_command(words: list[str], value: str) -> None:
    """Whatever signs a path has, cron and sh in an empty environment hand over the same words, folder and variables."""
    (line,) = [
        one for one in crontab(job("/usr/bin/printf", "%s\\0", *words, ETL_LEDGER=value)).splitlines() if one[0] != "#"
    ]

    shell = subprocess.run(["env", "-i", "/bin/sh", "-c", as_cron_reads(line)], capture_output=True, check=True)

    assert shell.stdout.decode().split("\0")[:-1] == words


def test_variables_and_folder_of_a_crontab_line(tmp_path: Path) -> None:
    """The folder may have any name, and so may what a variable holds."""
    folder = tmp_path / NASTY
    folder.mkdir()
    line = crontab(job("/bin/sh", "-c", 'pwd; echo "$ETL_LEDGER"', folder=str(folder), ETL_LEDGER=NASTY)).splitlines()[
        -1
    ]

    shell = subprocess.run(
        ["env", "-i", "/bin/sh", "-c", as_cron_reads(line)], capture_output=True, check=True, text=True
    )

    assert shell.stdout.splitlines() == [str(folder), NASTY]


@pytest.mark.parametrize(
    ("when", "times", "calendar"),
    [
        (parse_at("21:30"), "30 21 * * *", "*-*-* 21:30:00"),
        (parse_at("6:05"), "5 6 * * *", "*-*-* 06:05:00"),
        (parse_every("15m"), "*/15 * * * *", "*-*-* *:0/15:00"),
        (parse_every("1m"), "* * * * *", "*-*-* *:0/1:00"),
        (parse_every("60 min"), "0 * * * *", "*-*-* 0/1:00:00"),
        (parse_every("4h"), "0 */4 * * *", "*-*-* 0/4:00:00"),
    ],
    ids=str,
)
def test_the_same_time_in_each_form(when: Daily | Every, times: str, calendar: str) -> None:
    """A time of day, or a length of time, as each form has it."""
    made = job("/bin/true", when=when)

    assert crontab(made).splitlines()[-1].startswith(f"{times} cd ")
    assert f"OnCalendar={calendar}\n" in timer(made)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("--at 25:00", "no time of day"),
        ("--at 9pm", "no time of day"),
        ("--every 7m", "divides neither .* Write 6m or 10m"),
        ("--every 45m", "Write 30m or 1h"),
        ("--every 5h", "Write 4h or 6h"),
        ("--every 24h", "--at 21:30"),
        ("--every 0m", "Write 1m"),
        ("--every often", "no length of time"),
    ],
)
def test_times_that_are_none(said: str, why: str) -> None:
    """What cannot be said evenly is refused with what can."""
    option, text = said.split(" ", 1)

    with pytest.raises(UsageError, match=why):
        parse_at(text) if option == "--at" else parse_every(text)


def test_a_line_break_is_refused_in_any_form() -> None:
    """It would end the line, and begin another one."""
    with pytest.raises(UsageError, match="a line break"):
        job("/bin/true", "a\n* * * * * evil")


def test_a_line_that_cron_would_cut_is_refused() -> None:
    """cron takes 998 bytes, counted in bytes."""
    with pytest.raises(UsageError, match="--as systemd"):
        crontab(job("/bin/true", "é" * 500))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not at hand")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    """systemd-analyze verify has nothing to say of them, nasty names included; a wrong one it does notice."""
    made = job("/bin/true", NASTY, ";", "$HOME", "%h", folder="/tmp", ETL_LEDGER=NASTY)
    (tmp_path / "etl-test.service").write_text(service(made), encoding="utf-8")
    (tmp_path / "etl-test.timer").write_text(timer(made), encoding="utf-8")
    (tmp_path / "wrong.service").write_text("[Service]\nExecStart=true\nType=wrong\n", encoding="utf-8")

    told = [
        subprocess.run(["systemd-analyze", "verify", *names], cwd=tmp_path, capture_output=True, text=True, check=False)
        for names in (["./etl-test.service", "./etl-test.timer"], ["./wrong.service"])
    ]

    assert (told[0].returncode, told[0].stdout + told[0].stderr) == (0, "")
    assert told[1].stderr


def test_words_of_a_unit() -> None:
    """Specifiers, variables, quotes and backslashes are taken for themselves (systemd.syntax, systemd.service)."""
    text = service(
        job("/opt/100%/etl", "a b", "50%", "$x", 'q"\\', "plain", folder="/srv/in 100%", ETL_LEDGER="/l %$ x")
    )

    assert 'ExecStart=/opt/100%%/etl "a b" 50%% "$$x" "q\\"\\\\" plain\n' in text
    assert "WorkingDirectory=/srv/in 100%%\n" in text
    assert 'Environment="ETL_LEDGER=/l %%$ x"\n' in text


@pytest.mark.skipif(shutil.which("crontab") is None, reason="cron is not at hand")
def test_cron_takes_the_line(tmp_path: Path) -> None:
    """crontab finds nothing wrong, and does with a wrong one; nothing is put in (-n; -T where it is cronie's)."""
    (tmp_path / "right").write_text(crontab(job("/bin/true", NASTY)), encoding="utf-8")
    (tmp_path / "wrong").write_text("99 99 * * * true\n", encoding="utf-8")
    flag = next(
        (
            one
            for one in ("-n", "-T")
            if subprocess.run(["crontab", one, tmp_path / "right"], check=False).returncode == 0
        ),
        "",
    )

    assert flag
    assert subprocess.run(["crontab", flag, tmp_path / "wrong"], check=False, capture_output=True).returncode != 0


def test_a_windows_task_says_the_command() -> None:
    """Well-formed XML; PowerShell's single quotes, the typographic ones among them, are doubled; the exit code goes on."""
    text = task(
        job(r"C:\etl\etl.exe", "it’s 'x' <&> 5%", folder=r"C:\in & out", ETL_LEDGER=r"C:\l.db"), date(2026, 6, 3)
    )
    root = ET.fromstring(text)

    def said(name: str) -> str | None:
        return root.findtext(f".//{{http://schemas.microsoft.com/windows/2004/02/mit/task}}{name}")

    assert said("Arguments") == (
        "-NoProfile -NonInteractive -Command \"$env:ETL_LEDGER = 'C:\\l.db'; & 'C:\\etl\\etl.exe' "
        "'it’’s ''x'' <&> 5%'; exit $LASTEXITCODE\""
    )
    assert (said("WorkingDirectory"), said("StartBoundary")) == (r"C:\in & out", "2026-06-03T21:30:00")
    with pytest.raises(UsageError, match="double quote"):
        task(job("etl.exe", 'a"b'), date(2026, 6, 3))
