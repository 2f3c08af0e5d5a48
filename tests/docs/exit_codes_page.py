"""The page docs/exit-codes.md, made of the codes themselves: `python -m tests.docs.exit_codes_page` writes it (`make docs`)."""

from __future__ import annotations

import re
from pathlib import Path

from etl.exits import WORST_FIRST, ExitCode
from tests.cli.parsing import commands

PAGE = Path(__file__).parents[2] / "docs" / "exit-codes.md"
_LINE = re.compile(r"^ +(\d+)  (.+)$", re.MULTILINE)
_HEAD = """# Exit codes

What the shell sees when a command ends (`echo $?`; in PowerShell `$LASTEXITCODE`). Codes are told apart by what to do next. With
`--json` the same number stands in the object, as `exit_code`.

This page is made of the program's own table: `make docs`.

| code | meaning | next |
|---|---|---|
"""
_FOOT = """
In a script, 0 and 4 mean that the sheet went through, and 6, 7, 130 and 143 that the same command goes on later:

```sh
etl run visits.xlsx -m mappings/site_visits.yaml -a prod --quiet
case $? in
  0) ;;                                        # done
  4) mail -s "rows to correct" ops@example.com < visits.failed.csv ;;
  6|7) ;;                                      # cron runs the same command again
  *) exit 1 ;;
esac
```
"""


def page_text() -> str:
    """The page as the file holds it."""
    lines = [f"| {int(code)} | {code.meaning} | {code.next_step} |\n" for code in ExitCode]
    worst = ", ".join(str(int(code)) for code in WORST_FIRST)
    order = f"\nOf several inputs, the first in this order is reported: {worst}.\n"
    return "".join([_HEAD, *lines, order, _FOOT, *_of_commands()])


def _of_commands() -> list[str]:
    """Where a command says itself what its codes mean."""
    parts = []
    for path, command in commands():
        epilog = command.epilog or ""
        if "Exit codes:" in epilog and path != ("run",):
            parts.append(f"\n## etl {' '.join(path)}\n\n| code | meaning |\n|---|---|\n")
            parts.extend(f"| {code} | {meaning} |\n" for code, meaning in _LINE.findall(epilog))
    return parts


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8", newline="\n")
