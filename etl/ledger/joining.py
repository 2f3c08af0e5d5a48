"""A package's part of another ledger joined to this one, in one transaction: numbers change, and no row gets free to be sent.

    a row that is in LeadSquared in either ledger      is not sent again: its place is claimed, by one row of the two
    an activity that both know                         is one: the package's row is already imported, as this ledger's
    a row in doubt                                     stays in doubt, and is read back from here
    the same row in doubt in both                      is refused: the one here is to be verified first
    rows of other runs of that ledger                  are known here, and never sent from here

Requests of a package are older than all of this ledger: their numbers lie below, so that none of them counts as a later one
that would show how far a read reaches (`delivery/absence.py`). They ended now, as far as this machine's clock can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import text

from etl.errors import LedgerError
from etl.ledger.handed_rows import BYTES, ROW_COLUMNS, Origin
from etl.ledger.kept_words import GIVEN, KNOWN, TAKEN
from etl.ledger.schema import CELLS_BYTES, HANDOVERS, PAYLOAD_BYTES, RUNS, id_mark
from etl.ledger.steps import Step, note_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from etl.ledger.database import Database
    from etl.ledger.handed_rows import Record

_CREATE = (
    """CREATE TEMPORARY TABLE IF NOT EXISTS handed (
    {columns}, is_ours INTEGER NOT NULL, new_id BIGINT, same_as BIGINT, yields BIGINT, PRIMARY KEY (row_id))""",
    "CREATE TEMPORARY TABLE IF NOT EXISTS handed_claims (memory_key {blob}, ordinal INTEGER, row_id BIGINT)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS handed_requests (request_id BIGINT PRIMARY KEY, new_id BIGINT)",
    """CREATE TEMPORARY TABLE IF NOT EXISTS handed_runs (
    run_id BIGINT PRIMARY KEY, new_id BIGINT NOT NULL, known BIGINT, home BIGINT)""",
)

_TEXTS = frozenset({"outcome", "message_id", "verified", "code", "error", "hint"})

# Further apart than there are rows, in the order of that ledger.
_NUMBER_ROWS = """
UPDATE handed SET new_id = (SELECT COALESCE(MAX(row_id), 0) FROM rows) + row_id - (SELECT MIN(row_id) FROM handed) + 1"""

# known: the run here in which rows of that very run are known. home: the run here that went away and comes back.
_ITSELF = """
SELECT rows.row_id FROM handed_runs JOIN rows ON rows.run_id = handed_runs.{which} AND rows.row_number = handed.row_number
WHERE handed_runs.run_id = handed.run_id"""

_YIELDS = f"UPDATE handed SET yields = ({_ITSELF.format(which='known')}) WHERE is_ours = 1"

_HOLDS_ITS_ID = f"""account_id = :account_id AND rows.activity_id = handed.activity_id
    AND {id_mark("rows.activity_id")} = {id_mark("handed.activity_id")}"""

_SAME_ACTIVITY = f"""
UPDATE handed SET same_as = COALESCE((
    SELECT MIN(row_id) FROM rows WHERE {_HOLDS_ITS_ID} AND outcome = 'created'), (
    SELECT MIN(row_id) FROM rows WHERE {_HOLDS_ITS_ID} AND outcome = 'already_imported' AND known_row_id IS NULL
      AND row_id <> COALESCE(handed.yields, 0)))
WHERE activity_id IS NOT NULL AND outcome IN ('created', 'already_imported') AND known_row_id IS NULL"""

_SAME_KNOWN_ROW = f"""
UPDATE handed SET same_as = ({_ITSELF.format(which="known")}) WHERE is_ours = 0 AND same_as IS NULL"""

_BOTH_IN_DOUBT = """
SELECT rows.run_id, rows.row_number, handed.run_id, handed.row_number FROM handed_claims
JOIN handed ON handed.row_id = handed_claims.row_id AND handed.is_ours = 1 AND handed.outcome = 'unconfirmed'
JOIN claims ON claims.scope_id = :scope_id AND claims.memory_key = handed_claims.memory_key
    AND claims.ordinal = handed_claims.ordinal
JOIN rows ON rows.row_id = claims.row_id AND rows.outcome = 'unconfirmed' AND rows.row_id <> COALESCE(handed.yields, 0)
WHERE rows.run_id NOT IN (SELECT home FROM handed_runs WHERE home IS NOT NULL) LIMIT 1"""

_MAPPED = "(SELECT COALESCE(holder.same_as, holder.new_id) FROM handed AS holder WHERE holder.row_id = handed.{column})"

_LINEAGE = "(SELECT new_id FROM handed_runs AS line WHERE line.run_id = handed.lineage_run)"

_OTHER_LEDGERS_DOUBT = "It is in doubt in the ledger that sent it: it is found out there, and never sent from here."

_INSERT_ROWS = f"""
INSERT INTO rows (row_id, run_id, row_number, scope_id, account_id, outcome, memory_key, ordinal, payload, cells, request_id,
    position, activity_id, known_row_id, replaces, together, address, message_id, verified, lineage_run, lineage_row, code,
    error, hint)
SELECT handed.new_id, handed_runs.new_id, row_number, :scope_id, :account_id,
    CASE WHEN outcome = 'created' AND (is_ours = 0 OR same_as IS NOT NULL) THEN 'already_imported'
         WHEN is_ours = 0 AND outcome = 'waiting' THEN 'unconfirmed' ELSE outcome END,
    memory_key, ordinal, substr(payload, 1, {PAYLOAD_BYTES}), substr(cells, 1, {CELLS_BYTES}), handed_requests.new_id,
    position, activity_id,
    CASE WHEN is_ours = 1 THEN COALESCE(same_as, {_MAPPED.format(column="known_row_id")}) END,
    CASE WHEN is_ours = 1 THEN {_MAPPED.format(column="replaces")} END,
    together, address, message_id, verified, {_LINEAGE}, CASE WHEN {_LINEAGE} IS NULL THEN NULL ELSE lineage_row END, code,
    CASE WHEN is_ours = 0 AND outcome IN ('unconfirmed', 'waiting') THEN :doubt ELSE error END, hint
FROM handed JOIN handed_runs ON handed_runs.run_id = handed.run_id
LEFT JOIN handed_requests ON handed_requests.request_id = handed.request_id
WHERE is_ours = 1 OR same_as IS NULL"""

# What was in doubt there, or had not come along, when rows of that run were taken in before.
_LEARNED_SINCE = """
UPDATE rows SET outcome = CASE WHEN handed.outcome = 'created' THEN 'already_imported' ELSE handed.outcome END,
    activity_id = handed.activity_id, error = NULL
FROM handed JOIN handed_runs ON handed_runs.run_id = handed.run_id
WHERE handed.is_ours = 0 AND rows.row_id = handed.same_as AND rows.run_id = handed_runs.known
  AND rows.outcome = 'unconfirmed' AND handed.outcome IN ('created', 'updated', 'already_imported')"""

# A place changes hands where its holder yields, comes back, or is in doubt while the other is there.
_CLAIM = """
INSERT INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT :scope_id, handed_claims.memory_key, handed_claims.ordinal, COALESCE(handed.same_as, handed.new_id)
FROM handed_claims JOIN handed ON handed.row_id = handed_claims.row_id
WHERE NOT (handed.is_ours = 0 AND handed.same_as IS NOT NULL AND handed.outcome IN ('unconfirmed', 'waiting'))
ON CONFLICT (scope_id, memory_key, ordinal) DO UPDATE SET row_id = excluded.row_id
WHERE claims.row_id IN (SELECT yields FROM handed WHERE yields IS NOT NULL)
   OR EXISTS (SELECT 1 FROM rows AS mine WHERE mine.row_id = claims.row_id AND mine.outcome = 'unconfirmed' AND (
        mine.run_id IN (SELECT home FROM handed_runs WHERE home IS NOT NULL)
        OR EXISTS (SELECT 1 FROM rows AS theirs WHERE theirs.row_id = excluded.row_id
                   AND theirs.outcome IN ('created', 'updated', 'already_imported'))))"""

# What waits with another run's row counts as in doubt with it: it is told of that one's end, whatever that is.
_FATE = """CASE WHEN theirs.outcome IN ('created', 'updated') THEN 'already_imported'
    WHEN theirs.outcome = 'waiting' THEN 'unconfirmed' ELSE theirs.outcome END"""

# Rows that are known as one that yields, or that comes back, and that one itself, are known as the package's row.
_FOLLOW = """
UPDATE rows SET known_row_id = theirs.row_id, outcome = CASE WHEN rows.outcome IN ('unconfirmed', 'waiting') THEN {fate}
    ELSE rows.outcome END, code = NULL, error = NULL, hint = NULL
FROM handed JOIN rows AS theirs ON theirs.row_id = handed.new_id
WHERE handed.is_ours = 1 AND rows.{column} = {mine}"""

_COMES_BACK = _ITSELF.format(which="home")

_FOLLOW_WHAT_YIELDS = (
    _FOLLOW.format(fate=_FATE, column="known_row_id", mine="handed.yields"),
    f"""UPDATE rows SET known_row_id = theirs.row_id, outcome = {_FATE} FROM handed
        JOIN rows AS theirs ON theirs.row_id = handed.new_id WHERE handed.is_ours = 1 AND rows.row_id = handed.yields""",
    "DELETE FROM claims WHERE row_id IN (SELECT yields FROM handed WHERE yields IS NOT NULL)",
)

_OPEN_AT_HOME = """
CREATE TEMPORARY TABLE IF NOT EXISTS handed_home (mine BIGINT PRIMARY KEY, theirs BIGINT NOT NULL, is_undone INTEGER)"""

_FIND_HOME = """
INSERT INTO handed_home (mine, theirs, is_undone)
SELECT mine.row_id, handed.new_id, CASE WHEN handed.outcome = 'undone' THEN 1 ELSE 0 END FROM handed
JOIN handed_runs ON handed_runs.run_id = handed.run_id AND handed_runs.home IS NOT NULL
JOIN rows AS mine ON mine.run_id = handed_runs.home AND mine.row_number = handed.row_number
WHERE handed.is_ours = 1 AND (mine.outcome IN ('unconfirmed', 'waiting') OR (
    mine.outcome = 'created' AND handed.outcome = 'undone'))"""

_SETTLE_HOME = (
    "UPDATE rows SET outcome = 'undone' WHERE row_id IN (SELECT mine FROM handed_home WHERE is_undone = 1 AND "
    "EXISTS (SELECT 1 FROM rows AS r WHERE r.row_id = mine AND r.outcome = 'created'))",
    f"""UPDATE rows SET known_row_id = theirs.row_id, outcome = {_FATE}, code = NULL, error = NULL, hint = NULL
        FROM handed_home JOIN rows AS theirs ON theirs.row_id = handed_home.theirs
        WHERE rows.known_row_id = handed_home.mine AND rows.outcome IN ('unconfirmed', 'waiting')""",
    f"""UPDATE rows SET known_row_id = theirs.row_id, outcome = {_FATE}, code = theirs.code,
        error = COALESCE(theirs.error, 'It goes on with run ' || theirs.run_id || '.'), hint = theirs.hint
        FROM handed_home JOIN rows AS theirs ON theirs.row_id = handed_home.theirs
        WHERE rows.row_id = handed_home.mine AND rows.outcome IN ('unconfirmed', 'waiting')""",
    "DELETE FROM claims WHERE row_id IN (SELECT mine FROM handed_home)",
    # It has nothing left to send itself: its open rows are known as the package's, with which they share their fate.
    "UPDATE runs SET state = 'finished', stop_reason = NULL, stop_code = NULL "
    "WHERE run_id IN (SELECT home FROM handed_runs WHERE home IS NOT NULL)",
    f"""UPDATE handovers SET ended_at = :now WHERE way = '{GIVEN}' AND ended_at IS NULL
        AND run_id IN (SELECT home FROM handed_runs WHERE home IS NOT NULL)""",
)

# Runs here that have rows left are compared anew before they go on, where one of theirs came along.
_COMPARE_ANEW = """
UPDATE runs SET planned_after = (SELECT MIN(new_id) - 1 FROM handed_requests)
WHERE scope_id = :scope_id AND run_id NOT IN (SELECT new_id FROM handed_runs)
  AND EXISTS (SELECT 1 FROM rows WHERE rows.run_id = runs.run_id AND rows.outcome = 'waiting')
  AND EXISTS (SELECT 1 FROM handed_requests)"""

_NUMBER_REQUESTS = text("INSERT INTO handed_requests (request_id, new_id) VALUES (:request_id, :new_id)")

_IN_DOUBT = text(
    "SELECT DISTINCT request_id FROM handed WHERE is_ours = 1 AND outcome = 'unconfirmed' AND request_id IS NOT NULL"
)

_INSERT_REQUEST = text("""
INSERT INTO requests (request_id, account_id, run_id, rate_window, boot_id, sent_mono, sent_at, ended_mono, ended_at,
    ended_after, late, server_at, status, verdict, detail, rows, body)
VALUES (:request_id, :account_id, :run_id, :rate_window, :boot_id, :mono, :sent_at, :mono, :ended_at,
    :ended_after, :late, :server_at, :status, :verdict, :detail, :rows, :body)""")

_COUNT_DAY = text("""
INSERT INTO request_days (account_id, utc_day, requests) VALUES (:account_id, :utc_day, 1)
ON CONFLICT (account_id, utc_day) DO UPDATE SET requests = request_days.requests + 1""")

_LEARN = text("""
INSERT INTO learned_limits (account_id, rate_window, requests, seconds, learned_at)
VALUES (:account_id, :rate_window, :requests, :seconds, :learned_at)
ON CONFLICT (account_id, rate_window) DO UPDATE
SET requests = excluded.requests, seconds = excluded.seconds, learned_at = excluded.learned_at
WHERE excluded.requests / excluded.seconds < learned_limits.requests / learned_limits.seconds""")

_TRUST = text("""
UPDATE accounts SET numbering = CASE WHEN numbering = 'unknown' THEN :numbering ELSE numbering END,
    reads_keys = CASE WHEN reads_keys = 'unknown' OR :reads_keys = 'changed' THEN :reads_keys ELSE reads_keys END,
    reads_values = CASE WHEN reads_values = 'unknown' OR :reads_values = 'changed' THEN :reads_values ELSE reads_values END
WHERE account_id = :account_id""")


_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A package's part of a ledger. origins: as what ledgers know its runs. places: run → where its input and mapping lie.

    mapping_hashes: run → the hash of its mapping as it lies here. records: those of one table, from the start each time.
    """

    package: str
    scope_id: int
    account_id: int
    account: Mapping[str, str]
    origins: Mapping[int, Sequence[Origin]]
    places: Mapping[int, tuple[str, str]]
    mapping_hashes: Mapping[int, str]
    records: Callable[[str], Iterator[Record]] = field(repr=False)


class Joining:
    """Takes a package's part of a ledger in."""

    def __init__(self, database: Database, ledger_id: str) -> None:
        self._database = database
        self._ledger_id = ledger_id
        self._numbers: dict[int, int] = {}

    def join(self, incoming: Incoming) -> dict[int, int]:
        """Take it in. Returns: number there → number here, of the runs that go on here.

        Raises: LedgerError — one row is in doubt in both ledgers; nothing was changed.
        """
        runs, known_runs = list(incoming.records("runs")), list(incoming.records("known_runs"))
        self._stage(incoming)
        clock = self._database.clock
        now = clock.now().timestamp()
        place = {"scope_id": incoming.scope_id, "account_id": incoming.account_id}
        with self._database.writing() as connection:  # numbers are given that nobody else may take meanwhile
            requests = self._request_numbers(connection, incoming)
            self._place_runs(connection, incoming, runs, known_runs, requests)
            self._place_requests(connection, incoming, requests)
            for statement in (_NUMBER_ROWS, _YIELDS, _SAME_ACTIVITY, _SAME_KNOWN_ROW):
                connection.execute(text(statement), place)
            self._refuse_double_doubt(connection, place)
            connection.execute(text(_INSERT_ROWS), {**place, "doubt": _OTHER_LEDGERS_DOUBT})
            for statement in (_LEARNED_SINCE, _CLAIM, *_FOLLOW_WHAT_YIELDS, _FIND_HOME, *_SETTLE_HOME, _COMPARE_ANEW):
                connection.execute(text(statement), {**place, "now": now})
            self._take_the_rest(connection, incoming)
            self._database.go_on_numbering("runs", "rows")
            for run in runs:
                note_step(
                    connection, self._numbers[run["run_id"]], Step.TAKEN, now, detail=f"package {incoming.package}"
                )
        return {run["run_id"]: self._numbers[run["run_id"]] for run in runs}

    def _stage(self, incoming: Incoming) -> None:
        """Rows and claims into tables that only this connection sees."""
        connection = self._database.connection
        blob = self._database.blob
        columns = ", ".join(f"{name} {_type(name, blob)}" for name in ROW_COLUMNS)
        for statement in (*_CREATE, _OPEN_AT_HOME):
            connection.exec_driver_sql(statement.format(columns=columns, blob=blob))
        for table in ("handed", "handed_claims", "handed_requests", "handed_runs", "handed_home"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        with self._database.looking():
            for table, is_ours in (("rows", 1), ("known_rows", 0)):
                rows = ((*_values(one, ROW_COLUMNS), is_ours) for one in incoming.records(table))
                for some in _portions(rows):
                    self._database.insert_many("handed", (*ROW_COLUMNS, "is_ours"), some)
            names = ("memory_key", "ordinal", "row_id")
            for some in _portions(tuple(_values(one, names)) for one in incoming.records("claims")):
                self._database.insert_many("handed_claims", names, some)

    def _place_runs(  # the numbers of runs and requests are needed by all that follows
        self,
        connection: Connection,
        incoming: Incoming,
        runs: Sequence[Record],
        known_runs: Sequence[Record],
        requests: Mapping[int, int],
    ) -> None:
        """Numbers for the runs, and their records. They keep theirs where all of them lie above what is here."""
        newest = int(connection.execute(text("SELECT COALESCE(MAX(run_id), 0) FROM runs")).scalar_one())
        keeps = min(run["run_id"] for run in runs) > newest
        following = max([newest, *(run["run_id"] for run in runs)]) if keeps else newest
        for run in runs:
            if keeps:
                self._numbers[run["run_id"]] = run["run_id"]
            else:
                following += 1
                self._numbers[run["run_id"]] = following
        now = self._database.clock.now().timestamp()
        for run in runs:
            values = self._run_values(run, incoming, requests)
            connection.execute(RUNS.insert().values(**values))
        for run in runs:
            number = self._numbers[run["run_id"]]
            origins = incoming.origins[run["run_id"]]
            home = next((one.run for one in origins if one.ledger == self._ledger_id), None)
            known = self._known(connection, origins, (KNOWN,))
            self._note_run(connection, run["run_id"], number, known, home)
            if home is not None:
                note_step(connection, home, Step.CAME_BACK, now, detail=f"as run {number}")
            for origin in origins:
                self._note_origin(connection, number, TAKEN, incoming.package, origin, now)
        for run in known_runs:
            origins = incoming.origins[run["run_id"]]
            ours = next((one.run for one in origins if one.ledger == self._ledger_id), None)
            known = ours or self._known(connection, origins, (TAKEN, KNOWN))
            if known is None:
                following += 1
                known = following
                connection.execute(RUNS.insert().values(**_known_run(run, known, incoming)))
                for origin in origins:
                    self._note_origin(connection, known, KNOWN, incoming.package, origin, now)
            self._note_run(connection, run["run_id"], known, known, None)

    def _run_values(self, run: Record, incoming: Incoming, requests: Mapping[int, int]) -> Record:
        number = run["run_id"]
        input_path, mapping_path = incoming.places[number]
        planned = [new for old, new in requests.items() if old <= (run["planned_after"] or 0)]
        floor = min(requests.values(), default=0) - 1
        return {
            **run,
            "run_id": self._numbers[number],
            "scope_id": incoming.scope_id,
            "account_id": incoming.account_id,
            "input_path": input_path,
            "mapping_path": mapping_path,
            "mapping_hash": incoming.mapping_hashes[number],
            "planned_after": max(planned, default=floor),
            "revises": self._numbers.get(run["revises"]) if run["revises"] is not None else None,
        }

    @staticmethod
    def _request_numbers(connection: Connection, incoming: Incoming) -> dict[int, int]:
        """Their numbers here, by those there: in the same order, and below all that are here."""
        least = int(connection.execute(text("SELECT COALESCE(MIN(request_id), 1) FROM requests")).scalar_one())
        of_rows = connection.execute(text("SELECT DISTINCT request_id FROM handed WHERE request_id IS NOT NULL"))
        old = sorted({int(one["request_id"]) for one in incoming.records("requests")} | set(of_rows.scalars()))
        first = min(0, least) - len(old)
        return {number: first + place for place, number in enumerate(old)}

    def _place_requests(self, connection: Connection, incoming: Incoming, numbers: Mapping[int, int]) -> None:
        """The requests of these runs, as of a machine whose clock says nothing here."""
        clock = self._database.clock
        for some in _portions({"request_id": old, "new_id": new} for old, new in numbers.items()):
            connection.execute(_NUMBER_REQUESTS, some)
        newest = int(connection.execute(text("SELECT COALESCE(MAX(request_id), 0) FROM requests")).scalar_one())
        if newest < 1:  # numbers of ours would go on where the package's end
            raise LedgerError("The account of this package was not asked from this ledger yet. Nothing was changed.")
        in_doubt = set(connection.execute(_IN_DOUBT).scalars())
        here = {"boot_id": clock.boot_id(), "mono": clock.monotonic(), "ended_after": newest}
        now = clock.now().timestamp()
        for request in incoming.records("requests"):
            number = int(request["request_id"])
            ended = max(float(request["ended_at"] or now), now) if number in in_doubt else request["ended_at"]
            own = {
                "request_id": numbers[number],
                "run_id": self._numbers[request["run_id"]],
                "account_id": incoming.account_id,
                "ended_at": ended,
            }
            connection.execute(_INSERT_REQUEST, {**_plain(request), **here, **own})
            day = datetime.fromtimestamp(request["sent_at"], UTC).date().isoformat()
            connection.execute(_COUNT_DAY, {"account_id": incoming.account_id, "utc_day": day})

    @staticmethod
    def _refuse_double_doubt(connection: Connection, place: Mapping[str, int]) -> None:
        found = connection.execute(text(_BOTH_IN_DOUBT), place).first()
        if found is not None:
            raise LedgerError(
                f"Row {found[3]} of run {found[2]} in the package and row {found[1]} of run {found[0]} here are the same row, "
                "and of neither is it known whether LeadSquared has it. Nothing was changed. Find out about the one here "
                f"first: etl verify {found[0]}. Then take the package."
            )

    def _take_the_rest(self, connection: Connection, incoming: Incoming) -> None:
        account = {"account_id": incoming.account_id}
        connection.execute(_TRUST, {**account, **incoming.account})
        for one in incoming.records("limits"):
            connection.execute(_LEARN, {**account, **one})
        event = connection.execute(
            text("SELECT event FROM scopes WHERE scope_id = :scope_id"), {"scope_id": incoming.scope_id}
        ).scalar_one()
        self._many(
            connection,
            "INSERT INTO known_keys (account_id, event, row_key, activity_id) VALUES (:account_id, :event, :row_key, "
            ":activity_id) ON CONFLICT (account_id, event, row_key) DO NOTHING",
            ({**account, "event": event, **_plain(one)} for one in incoming.records("keys")),
        )
        self._many(
            connection,
            "INSERT INTO failed_before (account_id, mark) VALUES (:account_id, :mark) ON CONFLICT DO NOTHING",
            ({**account, **_plain(one)} for one in incoming.records("refused")),
        )
        self._many(
            connection,
            "INSERT INTO run_steps (run_id, step, at, os_user, machine, on_behalf_of, detail) "
            "VALUES (:run_id, :step, :at, :os_user, :machine, :on_behalf_of, :detail)",
            (self._renumbered(one) for one in incoming.records("steps")),
        )
        self._many(
            connection,
            "INSERT INTO decisions (run_id, decision, rows, decided_at) VALUES (:run_id, :decision, :rows, :decided_at)",
            (self._renumbered(one) for one in incoming.records("decisions")),
        )
        self._many(
            connection,
            "INSERT INTO taken_back (request_id, row_id, run_id, way) "
            "SELECT handed_requests.new_id, handed.new_id, :run_id, :way FROM handed_requests, handed "
            "WHERE handed_requests.request_id = :request_id AND handed.row_id = :row_id ON CONFLICT DO NOTHING",
            (self._renumbered(one) for one in incoming.records("taken_back")),
        )

    @staticmethod
    def _many(connection: Connection, statement: str, records: Iterable[Record]) -> None:
        for some in _portions(records):
            connection.execute(text(statement), some)

    def _renumbered(self, record: Record) -> Record:
        return {**record, "run_id": self._numbers[record["run_id"]]}

    @staticmethod
    def _known(connection: Connection, origins: Sequence[Origin], ways: Sequence[str]) -> int | None:
        """The run here that came, or of which rows came, with an earlier package. ways: which of the two will do."""
        statement = text(
            "SELECT MAX(run_id) FROM handovers WHERE way = :way AND origin_ledger = :ledger AND origin_run = :run"
        )
        for way, origin in product(ways, origins):
            found = connection.execute(statement, {"way": way, "ledger": origin.ledger, "run": origin.run}).scalar()
            if found is not None:
                return int(found)
        return None

    @staticmethod
    def _note_run(connection: Connection, old: int, new: int, known: int | None, home: int | None) -> None:
        connection.execute(
            text("INSERT INTO handed_runs (run_id, new_id, known, home) VALUES (:old, :new, :known, :home)"),
            {"old": old, "new": new, "known": known, "home": home},
        )

    @staticmethod
    def _note_origin(connection: Connection, run_id: int, way: str, package: str, origin: Origin, now: float) -> None:
        values = {"run_id": run_id, "way": way, "package": package, "at": now}
        connection.execute(HANDOVERS.insert().values(**values, origin_ledger=origin.ledger, origin_run=origin.run))


def _known_run(run: Record, number: int, incoming: Incoming) -> Record:
    """A run of the other ledger of which rows are known here: it names where they are from, and can do nothing."""
    return {
        "run_id": number,
        "scope_id": incoming.scope_id,
        "account_id": incoming.account_id,
        "operation": run["operation"],
        "input_hash": f"of another ledger: {incoming.package} {run['run_id']}",
        "input_path": f"{run['input_path']} (run {run['run_id']} of another ledger)",
        "sheet": run["sheet"],
        "mapping_hash": "",
        "mapping_path": "",
        "data_rows": 0,
        "state": "finished",
        "etl_version": "",
        "started_at": run["started_at"],
        "ended_at": run["started_at"],
    }


def _type(name: str, blob: str) -> str:
    return blob if name in BYTES else "TEXT" if name in _TEXTS else "BIGINT"


def _values(record: Record, names: Sequence[str]) -> Iterator[object]:
    for name in names:
        value = record.get(name)
        yield bytes.fromhex(value) if name in BYTES and isinstance(value, str) else value


def _plain(record: Record) -> Record:
    return dict(zip(record, _values(record, list(record)), strict=True))


def _portions(records: Iterable[_One], most: int = 2_000) -> Iterator[list[_One]]:
    some: list[_One] = []
    for one in records:
        some.append(one)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some
