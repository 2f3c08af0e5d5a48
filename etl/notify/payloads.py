"""A notice as each service takes it. Pure: a notice in, a body out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from etl.notify.wording import message, shortened, subject, text
from etl.records import Outcome

if TYPE_CHECKING:
    from etl.notify.notice import Ending, Notice
    from etl.reconciler.report.facts import Cause

SCHEMA_VERSION = 1
_MOST_SLACK = 3500  # a message may have 40,000 signs, and is shown in pieces from 4,000 on (Slack: rate limits, text)
_MOST_TEAMS = 28_000  # bytes of a message in all (Teams: incoming webhooks, limits)
_MOST_PING = 10_000  # bytes; healthchecks keeps so much of what it is sent in older releases


def for_webhook(notice: Notice) -> bytes:
    """A JSON object for a program. Members may be added under the same schema_version; none is renamed."""
    return _json(
        {
            "schema_version": SCHEMA_VERSION,
            "event": "ended",
            "at": notice.at.isoformat(timespec="seconds"),
            "machine": notice.machine,
            "command": notice.command,
            "exit_code": int(notice.exit_code),
            "needs_attention": notice.needs_attention,
            "subject": subject(notice),
            "text": text(notice),
            "error": notice.error or None,
            "values_masked": notice.is_masked,
            "submitted_by": list(notice.submitters),
            "inputs": [_input(one) for one in notice.endings],
        }
    )


def for_slack(notice: Notice) -> bytes:
    """An incoming webhook's message. Three signs steer even plain text there (Slack: escaping text)."""
    whole = shortened(message(notice), _MOST_SLACK)
    escaped = whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _json({"text": escaped, "mrkdwn": False})


def for_teams(notice: Notice) -> bytes:
    """An adaptive card, as workflows that take a webhook want it. Text runs are shown as they are, without Markdown."""
    most = _MOST_TEAMS
    while len(made := _card(notice, most)) > _MOST_TEAMS:  # each line costs more than its text
        most //= 2
    return made


def _card(notice: Notice, most: int) -> bytes:
    first, *lines = shortened(message(notice), most).splitlines()
    body = [_line(first, weight="Bolder", size="Medium"), *(_line(line or " ") for line in lines)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "msteams": {"width": "Full"},
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return _json({"type": "message", "attachments": [attachment]})


def for_ping(notice: Notice) -> bytes:
    """What a ping keeps beside the exit status."""
    return shortened(message(notice), _MOST_PING, is_bytes=True).encode()


def _line(line: str, **style: str) -> dict[str, Any]:
    run = {"type": "TextRun", "text": line, **style}
    return {"type": "RichTextBlock", "spacing": "None", "inlines": [run]}


def _input(ending: Ending) -> dict[str, Any]:
    return {
        "input": ending.input,
        "exit_code": int(ending.exit_code),
        "needs_attention": ending.calls,
        "runs": list(ending.runs),
        "account": ending.account,
        "mapping": ending.mapping,
        "data_rows": ending.data_rows,
        "rows": {outcome.value: ending.counts[outcome] for outcome in Outcome if ending.counts.get(outcome)},
        "to_correct": [_cause(one) for one in ending.causes],
        "file": _path(ending.place),
        "results": _path(ending.results),
        "failed": _path(ending.failed),
        "reason": ending.reason or None,
        "next_step": ending.next_step or None,
        "next_command": ending.next_command or None,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    examples = [{"row": one.row_number, "text": one.text} for one in cause.examples]
    said = {"outcome": cause.outcome.value, "code": cause.code or None, "title": cause.title}
    return {**said, "rows": cause.rows, "examples": examples}


def _path(path: object) -> str | None:
    return None if path is None else str(path)


def _json(whole: object) -> bytes:
    return json.dumps(whole, ensure_ascii=False).encode()
