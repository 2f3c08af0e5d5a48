"""Whether a worker is well: the database answers, and knows a fresh heartbeat of this very worker.

What is asked has its own connection and its own patience: a worker that hangs must not make its doctor hang.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etl.fleet.place import address, trouble
from etl.fleet.queries import STALLED_BEATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.settings import Settings

PATIENCE_SECONDS = 3
"""libpq takes whole seconds, and 2 at least."""

_BEAT = """
SELECT extract(epoch FROM clock_timestamp() - last_heartbeat)::double precision FROM etl_fleet.procrastinate_workers
WHERE id = %(worker)s"""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found. reasons: a sentence for each thing that is wrong, none where the worker is well."""

    reasons: tuple[str, ...]
    database_seconds: float | None
    beat_age_seconds: float | None
    beat_age_at_most_seconds: float

    @property
    def is_well(self) -> bool:
        return not self.reasons

    def as_data(self) -> dict[str, Any]:
        """As /healthz tells it."""
        return {
            "status": "ok" if self.is_well else "failing",
            "reasons": list(self.reasons),
            "database": {"answers": self.database_seconds is not None, "seconds": _rounded(self.database_seconds)},
            "heartbeat": {
                "age_seconds": _rounded(self.beat_age_seconds),
                "at_most_seconds": self.beat_age_at_most_seconds,
            },
        }


class Doctor:
    """Looks at one worker. worker: asked for its number at the engine, None before it has signed on. beat_seconds: its beat."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        beat_seconds: float,
        worker: Callable[[], int | None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._at_most = beat_seconds * STALLED_BEATS
        self._worker = worker

    def look(self) -> Health:
        """How it is now. Raises nothing: a database that cannot be asked is an answer, too."""
        import psycopg  # noqa: PLC0415 — a worker has loaded it by now

        began, worker = self._clock.monotonic(), self._worker()
        try:
            age = self._beat_age(worker)
        except psycopg.Error as error:
            return self._health([trouble(self._settings, error).message], None, None)
        seconds = self._clock.monotonic() - began
        if worker is None:
            return self._health(["The worker has not signed on yet."], seconds, None)
        if age is None:
            return self._health(["Others have taken this worker for gone and have its submissions."], seconds, None)
        old = f"The last heartbeat is {age:.0f} s old, and may be {self._at_most:g} s."
        return self._health([old] if age > self._at_most else [], seconds, age)

    def _health(self, reasons: list[str], database_seconds: float | None, age: float | None) -> Health:
        return Health(tuple(reasons), database_seconds, age, self._at_most)

    def _beat_age(self, worker: int | None) -> float | None:
        import psycopg  # noqa: PLC0415 — see above

        with psycopg.connect(
            address(self._settings),
            autocommit=True,
            connect_timeout=PATIENCE_SECONDS,
            options=f"-c statement_timeout={PATIENCE_SECONDS * 1000}",
            tcp_user_timeout=PATIENCE_SECONDS
            * 1000,  # what the network swallows is not waited for longer either (Linux)
        ) as connection:
            found = connection.execute(_BEAT, {"worker": -1 if worker is None else worker}).fetchone()
        return None if found is None else max(0.0, float(found[0]))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
