"""Requests that take rows back go out under the permit of the ledger, too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from etl.api.deletion import Queued
from etl.errors import StoppedError
from etl.records import ApiAnswer, ApiRequest, Window
from etl.stages.undo_send import UndoSender
from tests.clocks import ManualClock

REQUEST = ApiRequest("POST", "/v2/x", (), b"[]", Window.GENERAL)


@pytest.mark.parametrize("may_send", [True, False])
def test_what_takes_rows_back_asks_as_what_sends_them(monkeypatch: pytest.MonkeyPatch, may_send: bool) -> None:
    """The lease is looked at right before it is handed over, and its permit goes along; without a lease nothing is sent."""
    sent: list[object] = []

    def send(_request: ApiRequest, may_write: object) -> ApiAnswer:
        sent.append(may_write)
        return ApiAnswer(200, {}, b"{}")

    ledger = SimpleNamespace(may_send=lambda: may_send, permit=lambda: "permit")
    connection = SimpleNamespace(client=SimpleNamespace(send=send))
    desk: Any = SimpleNamespace(ledger=ledger, connection=connection, events=lambda _event: None, clock=ManualClock())
    run: Any = SimpleNamespace(run_id=1, account_id=1)
    monkeypatch.setattr(UndoSender, "_reserve", lambda *_: 1)
    monkeypatch.setattr(UndoSender, "_settle", lambda *_: None)
    sender = UndoSender(desk, run, 320)

    if may_send:
        sender._send(REQUEST, [1], "delete", lambda _exchange: Queued("done"))
    else:
        with pytest.raises(StoppedError, match="taken over"):
            sender._send(REQUEST, [1], "delete", lambda _exchange: Queued("done"))

    assert sent == (["permit"] if may_send else [])
