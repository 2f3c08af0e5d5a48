"""The SQLite file in which the simulated account survives a restart."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any


class StoreFile:
    """Activities by serial number and leads by id, each as JSON.

    One thread at a time: the server serialises, but may not be the thread that opened it.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS activity (serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)"
        )
        self._connection.execute("CREATE TABLE IF NOT EXISTS lead (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
        self._connection.execute("CREATE TABLE IF NOT EXISTS used (last_serial INTEGER NOT NULL)")

    def activities(self) -> list[dict[str, Any]]:
        rows = self._connection.execute("SELECT body FROM activity ORDER BY serial")
        return [json.loads(body) for (body,) in rows]

    def last_serial(self) -> int:
        """The highest serial number ever handed out; those of deleted activities count, so that no id comes back."""
        question = "SELECT max(n) FROM (SELECT max(serial) n FROM activity UNION ALL SELECT max(last_serial) FROM used)"
        return self._connection.execute(question).fetchone()[0] or 0

    def leads(self) -> dict[str, dict[str, str]]:
        rows = self._connection.execute("SELECT id, body FROM lead ORDER BY rowid")
        return {lead_id: json.loads(body) for lead_id, body in rows}

    def insert(self, serial: int, activity_id: str, body: dict[str, Any]) -> None:
        self._connection.execute("INSERT INTO activity VALUES (?, ?, ?)", (serial, activity_id, _text(body)))

    def update(self, activity_id: str, body: dict[str, Any]) -> None:
        self._connection.execute("UPDATE activity SET body = ? WHERE id = ?", (_text(body), activity_id))

    def delete(self, activity_id: str, last_serial: int) -> None:
        self._connection.execute("DELETE FROM activity WHERE id = ?", (activity_id,))
        self._connection.execute("DELETE FROM used")
        self._connection.execute("INSERT INTO used VALUES (?)", (last_serial,))

    def save_lead(self, lead_id: str, values: dict[str, str]) -> None:
        statement = "INSERT INTO lead VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
        self._connection.execute(statement, (lead_id, _text(values)))

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


def _text(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)
