"""A job as a task of Windows' Task Scheduler, in the XML that `schtasks /Create /XML` takes (Task Scheduler schema 1.2).

A task has no variables of its own, so PowerShell sets them and hands the command's exit code on. In its single quotes
nothing is expanded; it takes four typographic quotes for single ones, too, and each is written twice to mean itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from etl.errors import UsageError
from etl.quoting import shown
from etl.schedule.job import Daily, in_words

if TYPE_CHECKING:
    from datetime import date

    from etl.schedule.job import Job

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_SINGLE_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


def task(job: Job, first_day: date) -> str:
    """The task. first_day: the day from which on it is due.

    Raises: UsageError — a word holds a double quote, which PowerShell does not hand on as it is.
    """
    remarks = " ".join([f"{in_words(job.when).capitalize()}.", *job.remarks])
    return f"""\
<?xml version="1.0"?>
<Task version="1.2" xmlns="{_NAMESPACE}">
  <RegistrationInfo>
    <Description>{escape(f"{job.name}. {remarks}")}</Description>
  </RegistrationInfo>
  <Triggers>
{_trigger(job, first_day)}
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>S4U</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>powershell.exe</Command>
      <Arguments>{escape(_arguments(job))}</Arguments>
      <WorkingDirectory>{escape(job.folder)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _trigger(job: Job, first_day: date) -> str:
    begins = f"{job.when.hour:02}:{job.when.minute:02}" if isinstance(job.when, Daily) else "00:00"
    repetition = ""
    if not isinstance(job.when, Daily):
        repetition = (
            f"\n      <Repetition><Interval>PT{job.when.minutes}M</Interval><Duration>P1D</Duration></Repetition>"
        )
    return f"""\
    <CalendarTrigger>{repetition}
      <StartBoundary>{first_day:%Y-%m-%d}T{begins}:00</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>"""


def _arguments(job: Job) -> str:
    for word in (*job.words, *job.environ.values()):
        if '"' in word:
            raise UsageError(
                f"{shown(word)}: a double quote cannot be in the command of a Windows task. Choose another name."
            )
    variables = "".join(f"$env:{name} = {_quoted(value)}; " for name, value in job.environ.items())
    command = " ".join(["&", *(_quoted(word) for word in job.words)])
    return f'-NoProfile -NonInteractive -Command "{variables}{command}; exit $LASTEXITCODE"'


def _quoted(text: str) -> str:
    doubled = _SINGLE_QUOTES.sub(lambda found: found[0] * 2, text)
    return f"'{doubled}'"
