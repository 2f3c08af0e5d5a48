"""The options of `python -m tests.foreign.server`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .behaviour import CHOICES, SWITCHES
from .faults import Fault


def parser() -> argparse.ArgumentParser:
    """Options named after the fields of `Behaviour`; one that is not given keeps the field's default."""
    options = argparse.ArgumentParser(prog="python -m tests.foreign.server", argument_default=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help="0 takes any free port")
    options.add_argument("--load", type=Path, metavar="FILE", help="JSON, as the module holdings says")
    options.add_argument("--limit", type=_limit, metavar="REQUESTS/SECONDS")
    options.add_argument("--bulk-limit", type=_limit, metavar="REQUESTS/SECONDS")
    options.add_argument("--latency", dest="latency_seconds", type=_span, metavar="LEAST-MOST", help="seconds")
    options.add_argument("--seed", type=int)
    options.add_argument("--answers-before-hold", type=int, metavar="REQUESTS")
    options.add_argument("--access-key")
    options.add_argument("--secret-key")
    options.add_argument("--org-id")
    options.add_argument("--unknown-lead", dest="unknown_leads", action="append", metavar="VALUE")
    options.add_argument("--unique-lead-field", dest="unique_lead_fields", action="append", metavar="FIELD")
    for fault in Fault:
        options.add_argument(f"--{_dashed(fault.value)}", type=float, metavar="SHARE")
    options.add_argument("--visible-after-seconds", type=float, metavar="SECONDS")
    options.add_argument("--clock-skew-seconds", type=float, metavar="SECONDS")
    options.add_argument("--most-rows", type=int, metavar="ROWS")
    options.add_argument("--retrieve-unpaged-rows", type=_rows, metavar="ROWS|all")
    for name, words in CHOICES.items():
        options.add_argument(f"--{_dashed(name)}", choices=[word.value for word in words])
    for name, is_on in SWITCHES.items():
        turning = f"--no-{_dashed(name).removeprefix('serves-')}" if is_on else f"--{_dashed(name)}"
        options.add_argument(turning, dest=name, action="store_false" if is_on else "store_true")
    return options


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _limit(text: str) -> tuple[int, float]:
    requests, seconds = text.split("/")
    return int(requests), float(seconds)


def _span(text: str) -> tuple[float, float]:
    least, most = text.split("-")
    return float(least), float(most)


def _rows(text: str) -> int | None:
    return None if text == "all" else int(text)
