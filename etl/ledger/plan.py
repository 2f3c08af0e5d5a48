"""What will become of each row of an input, worked out before anything is sent, in a table that only this connection sees.

The rows of an input are staged here while it is read. `match` then finds, in sets and in flat memory, which of them
LeadSquared already has from us: first by the line of our own file that a row is, then by `unique_by`, then by the
fingerprint of the payload, then by the fingerprint of the cells. Equal rows are counted: of n in the file of which m are
known, n - m stay. Each known row stands for one row of the file only. Nothing durable is written before `adopt`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import bindparam, text

from etl.chunker import Group
from etl.ledger import adoption, changes, packed, versions
from etl.ledger.gathering import Gathering
from etl.ledger.held_rows import HeldRows
from etl.ledger.runs import RowLine
from etl.ledger.schema import CELLS_BEGIN, CELLS_BYTES, OCCUPYING, PAYLOAD_BYTES, OpaqueId
from etl.ledger.staged import Staged
from etl.ledger.versions import OtherValues
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import CursorResult

    from etl.ledger.database import Database

_CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS plan (
    input_no INTEGER NOT NULL, row_number INTEGER NOT NULL, outcome TEXT NOT NULL DEFAULT 'waiting',
    memory_key {blob}, payload {blob}, cells {blob}, ordinal INTEGER DEFAULT 1, known BIGINT, follows INTEGER,
    place INTEGER, lineage_run INTEGER, lineage_row INTEGER, code TEXT, error TEXT, hint TEXT,
    lead {blob}, together INTEGER, activity_id {blob}, version INTEGER,
    PRIMARY KEY (input_no, row_number)){clustered}"""

_CREATE_HOLDERS = """
CREATE TEMPORARY TABLE IF NOT EXISTS plan_holders (
    match_key {blob} NOT NULL, place INTEGER NOT NULL, row_id BIGINT NOT NULL, PRIMARY KEY (match_key, place))"""

_INDEX = "CREATE INDEX IF NOT EXISTS plan_by_key ON plan (input_no, memory_key)"

# A line of our own results or failed file whose row is, or may be, in LeadSquared - itself or through a correction.
_KNOWN_BY_LINE = f"""
UPDATE plan SET known = (
    SELECT holder.row_id FROM rows AS line JOIN rows AS holder ON holder.row_id = COALESCE(line.known_row_id, line.row_id)
    WHERE line.run_id = plan.lineage_run AND line.row_number = plan.lineage_row AND line.scope_id = :scope_id
      AND holder.outcome IN {OCCUPYING})
WHERE input_no = :input_no AND outcome = 'waiting' AND lineage_run IS NOT NULL"""

# A line whose wrong cells somebody has corrected elsewhere since, and whose row is in LeadSquared by that: nobody is needed.
_CORRECTED_ELSEWHERE = """
UPDATE plan SET outcome = 'already_imported', known = there.row_id, code = NULL, error = NULL, hint = NULL
FROM (
    SELECT line.run_id, line.row_number, holder.row_id FROM rows AS line JOIN rows AS holder ON holder.row_id = line.known_row_id
    WHERE line.scope_id = :scope_id AND line.run_id IN (SELECT lineage_run FROM plan WHERE input_no = :input_no)
      AND holder.outcome IN ('created', 'updated', 'already_imported')) AS there
WHERE plan.input_no = :input_no AND plan.outcome = 'invalid'
  AND plan.lineage_run = there.run_id AND plan.lineage_row = there.row_number"""

# Where several versions of a row are there, the one that it is, else the latest.
_KNOWN_BY_UNIQUE_KEY = """
UPDATE plan SET known = COALESCE((
    SELECT MAX(claims.row_id) FROM claims JOIN rows AS holder ON holder.row_id = claims.row_id
    WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key AND holder.payload = plan.payload), (
    SELECT MAX(claims.row_id) FROM claims WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key))
WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND EXISTS (
    SELECT 1 FROM claims WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key)"""

# Of a scope that nothing was ever imported into. Whatever can be known by another way than its line has one of both.
_KNOWS_ANY = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM claims WHERE scope_id = :scope_id)
    OR EXISTS (SELECT 1 FROM rows WHERE scope_id = :scope_id AND known_row_id IS NULL AND cells IS NOT NULL)"""

# From the index alone: most sheets have none, and asking more of every row would cost more than all else here.
_SHARED_KEYS = """SELECT memory_key FROM plan WHERE input_no = :input_no AND memory_key IS NOT NULL
    GROUP BY memory_key HAVING COUNT(*) > 1"""

_HAS_SHARED = f"{_SHARED_KEYS} LIMIT 1"

# The first of several rows with one unique key, or of several copies of one line, goes out; the others follow its fate.
_FOLLOW = """
UPDATE plan SET follows = firsts.row_number FROM (
    SELECT {columns}, MIN(row_number) AS row_number FROM plan
    WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND {present}
    GROUP BY {columns} HAVING COUNT(*) > 1) AS firsts
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.known IS NULL AND plan.follows IS NULL
  AND {equal} AND plan.row_number > firsts.row_number"""

_FOLLOW_UNIQUE_KEY = _FOLLOW.format(
    columns="memory_key", present=f"memory_key IN ({_SHARED_KEYS})", equal="plan.memory_key = firsts.memory_key"
)
_FOLLOW_LINE = _FOLLOW.format(
    columns="lineage_run, lineage_row",
    present="lineage_run IS NOT NULL",
    equal="plan.lineage_run = firsts.lineage_run AND plan.lineage_row = firsts.lineage_row",
)

# A copy of a line whose own first follows another row: all of them share the fate of the one that goes out.
_FOLLOW_THE_FIRST = """
UPDATE plan SET follows = first.follows FROM plan AS first
WHERE plan.input_no = :input_no AND plan.follows IS NOT NULL
  AND first.input_no = :input_no AND first.row_number = plan.follows AND first.follows IS NOT NULL"""

# Equal rows are paired by their place among their equals, in the file and in the ledger.
_PLACE = """
UPDATE plan SET place = mine.place FROM (
    SELECT row_number, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY row_number) AS place
    FROM plan WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND follows IS NULL) AS mine
WHERE plan.input_no = :input_no AND plan.row_number = mine.row_number"""

_OPEN_KEYS = """SELECT {key} FROM plan
    WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND follows IS NULL"""

_TAKEN = "SELECT known FROM plan WHERE input_no = :input_no AND known IS NOT NULL"

_HOLDERS_BY_PAYLOAD = f"""
INSERT INTO plan_holders (match_key, place, row_id)
SELECT memory_key, ROW_NUMBER() OVER (PARTITION BY memory_key ORDER BY ordinal), row_id FROM claims
WHERE scope_id = :scope_id AND memory_key IN ({_OPEN_KEYS.format(key="memory_key")}) AND row_id NOT IN ({_TAKEN})"""

_HOLDERS_BY_CELLS = f"""
INSERT INTO plan_holders (match_key, place, row_id)
SELECT cells, ROW_NUMBER() OVER (PARTITION BY cells ORDER BY row_id), row_id FROM rows
WHERE scope_id = :scope_id AND outcome IN {OCCUPYING} AND known_row_id IS NULL
  AND {CELLS_BEGIN} IN ({_OPEN_KEYS.format(key=CELLS_BEGIN)})
  AND cells IN ({_OPEN_KEYS.format(key="cells")}) AND row_id NOT IN ({_TAKEN})"""

_PAIR = """
UPDATE plan SET known = (
    SELECT row_id FROM plan_holders AS holders WHERE holders.match_key = plan.{key} AND holders.place = plan.place)
WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND follows IS NULL"""

_FORGET_HOLDERS = "DELETE FROM plan_holders"

# Other values than those that were sent are reported only where the row is known by a name of its own: its unique_by
# values, or its line (there the cells count too: a later mapping alone makes no correction).
_CLASSIFY = """
UPDATE plan SET
    outcome = CASE
        WHEN holder.outcome = 'unconfirmed' THEN 'unconfirmed'
        WHEN plan.payload = holder.payload THEN 'already_imported'
        WHEN :has_unique_key = 1 AND plan.memory_key = holder.memory_key THEN 'changed'
        WHEN plan.lineage_run IS NOT NULL AND plan.cells <> holder.cells THEN 'changed'
        ELSE 'already_imported' END
FROM rows AS holder
WHERE plan.input_no = :input_no AND plan.known IS NOT NULL AND holder.row_id = plan.known"""

_CLASSIFY_FOLLOWERS = """
UPDATE plan SET outcome = 'changed'
FROM plan AS first
WHERE plan.input_no = :input_no AND plan.follows IS NOT NULL
  AND first.input_no = :input_no AND first.row_number = plan.follows AND first.payload <> plan.payload"""

# Rows of the file that are one known activity stay one when it goes out once more.
_FOLLOW_AGAIN = """
UPDATE plan SET follows = firsts.row_number FROM (
    SELECT known, MIN(row_number) AS row_number FROM plan
    WHERE input_no = :input_no AND outcome = 'already_imported' GROUP BY known HAVING COUNT(*) > 1) AS firsts
WHERE plan.input_no = :input_no AND plan.outcome = 'already_imported'
  AND plan.known = firsts.known AND plan.row_number > firsts.row_number"""

_KNOWN_FROM_EARLIER_INPUTS = """
UPDATE plan SET outcome = CASE WHEN :has_unique_key = 1 AND plan.payload <> earlier.payload
                               THEN 'changed' ELSE 'already_imported' END
FROM (
    SELECT memory_key, payload, times FROM (
        SELECT memory_key, payload, COUNT(*) OVER (PARTITION BY memory_key) AS times,
               ROW_NUMBER() OVER (PARTITION BY memory_key ORDER BY payload) AS place FROM plan
        WHERE input_no < :input_no AND outcome = 'waiting' AND follows IS NULL) AS sent
    WHERE place = 1) AS earlier
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.known IS NULL AND plan.follows IS NULL
  AND plan.version IS NULL AND earlier.memory_key = plan.memory_key AND (plan.place <= earlier.times OR :has_unique_key = 1)"""

# Not those whose own cells are wrong (_CORRECTED_ELSEWHERE): they have nothing that could be sent.
_SEND_AGAIN = """
UPDATE plan SET outcome = 'waiting', known = NULL
WHERE input_no = :input_no AND outcome = 'already_imported' AND payload IS NOT NULL"""

# The place-th of the ordinals that nobody has: gaps are filled first. Then two runs of equal rows, whichever of them go out
# first, never use more ordinals than the longer of them has rows. taken: how many claimed ones lie before it.
_NOT_ALONE = f"""{_SHARED_KEYS}
    UNION SELECT memory_key FROM claims WHERE scope_id = :scope_id AND memory_key IN ({_OPEN_KEYS.format(key="memory_key")})"""
_GOES_OUT = "outcome = 'waiting' AND known IS NULL AND follows IS NULL"
_NUMBER_ALONE = f"""UPDATE plan SET ordinal = CASE WHEN {_GOES_OUT} THEN 1 END
    WHERE input_no = :input_no AND COALESCE(ordinal, 0) <> CASE WHEN {_GOES_OUT} THEN 1 ELSE 0 END"""
_HAS_CLAIMS = "SELECT 1 FROM claims WHERE scope_id = :scope_id LIMIT 1"
_HAS_CLAIMED = f"""SELECT 1 FROM plan JOIN claims ON claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key
    WHERE plan.input_no = :input_no AND {_GOES_OUT} LIMIT 1"""
_NUMBER_EQUALS = f"""
UPDATE plan SET ordinal = numbered.place + numbered.taken FROM (
    SELECT row_number, place, SUM(is_claim) OVER (PARTITION BY memory_key ORDER BY place) AS taken FROM (
        SELECT memory_key, row_number, 0 AS is_claim,
               ROW_NUMBER() OVER (PARTITION BY memory_key ORDER BY row_number) AS place FROM plan
        WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND follows IS NULL
          AND memory_key IN ({_NOT_ALONE})
        UNION ALL
        SELECT memory_key, NULL, 1, ordinal - ROW_NUMBER() OVER (PARTITION BY memory_key ORDER BY ordinal) + 0.5
        FROM claims WHERE scope_id = :scope_id AND memory_key IN ({_OPEN_KEYS.format(key="memory_key")})) AS in_order
    ) AS numbered
WHERE plan.input_no = :input_no AND plan.row_number = numbered.row_number"""

# Leads and rows that LeadSquared has refused before travel apart: a chunk that fails as a whole then holds none but these.
_SET_APART = """
UPDATE plan SET together = :size
WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL AND follows IS NULL AND (
    lead IN (SELECT mark FROM failed_before WHERE account_id = :account_id)
    OR memory_key IN (SELECT mark FROM failed_before WHERE account_id = :account_id)
    OR EXISTS (SELECT 1 FROM rows AS line WHERE line.run_id = plan.lineage_run AND line.row_number = plan.lineage_row
               AND line.scope_id = :scope_id AND line.outcome = 'refused'))"""

_TO_SEND = "SELECT COUNT(*) FROM plan WHERE input_no = :input_no AND outcome = 'waiting' AND follows IS NULL"

_HAS_OTHERS = """
SELECT 1 FROM plan WHERE input_no = :input_no AND (
    outcome <> 'waiting' OR known IS NOT NULL OR follows IS NOT NULL OR activity_id IS NOT NULL) LIMIT 1"""

_ACCOUNT_OF = "SELECT account_id FROM scopes WHERE scope_id = :scope_id"

_HAS_ANY_FAILED = "SELECT 1 FROM failed_before LIMIT 1"

_HAS_FAILED = "SELECT 1 FROM failed_before WHERE account_id = :account_id LIMIT 1"

# What another run of this ledger has sent since the plan was made is that run's: whoever reserves a slot will find it so.
_ALREADY_THERE = """
UPDATE plan SET outcome = 'already_imported', activity_id = :activity_id, code = 'read_back'
WHERE input_no = :input_no AND row_number = :row_number AND outcome = 'waiting' AND NOT EXISTS (
    SELECT 1 FROM claims
    WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key AND claims.ordinal = plan.ordinal)"""

_FOLLOWERS_OF_WHAT_IS_THERE = """
UPDATE plan SET outcome = 'already_imported' FROM plan AS first
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.follows IS NOT NULL
  AND first.input_no = :input_no AND first.row_number = plan.follows AND first.activity_id IS NOT NULL"""

_LINES = """
SELECT plan.row_number, plan.outcome, COALESCE(plan.activity_id, holder.activity_id) AS activity_id,
       plan.code, plan.error, plan.hint,
       COALESCE(holder.run_id, 0), holder.row_number, holder.run_id, NULL, NULL
FROM plan LEFT JOIN rows AS holder ON holder.row_id = plan.known
WHERE plan.input_no = :input_no AND plan.row_number > :after ORDER BY plan.row_number LIMIT 5000"""


class StagedRow(NamedTuple):
    """One row as it was mapped. outcome: waiting, invalid or ignored; the fingerprints only where it is waiting.

    lead: the mark of its lead's value, as failures are kept by. version: the number of its values among all that rows of
    its memory key may have, where each is an activity of its own.
    """

    row_number: int
    outcome: Outcome
    memory_key: bytes | None = None
    payload: bytes | None = None
    cells: bytes | None = None
    lineage_run: int | None = None
    lineage_row: int | None = None
    code: str | None = None
    error: str | None = None
    hint: str | None = None
    lead: bytes | None = None
    version: int | None = None


def _kept(name: str, column: Sequence[object]) -> Sequence[object]:
    """What is kept of fingerprints."""
    if name not in packed.KEPT_BYTES:
        return column
    begins = slice(packed.KEPT_BYTES[name])
    return [mark and mark[begins] for mark in cast("Sequence[bytes | None]", column)]


def _shortened(row: StagedRow) -> StagedRow:
    return row._replace(
        payload=row.payload and row.payload[:PAYLOAD_BYTES], cells=row.cells and row.cells[:CELLS_BYTES]
    )


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row that goes out: its number in the sheet, its memory key and which of several equal rows it is.

    together: with how many others at most it travels, apart from all else; None: with any. address: the mark of where it
    belongs, where that was asked for.
    """

    row_number: int
    memory_key: bytes
    ordinal: int
    together: int | None = None
    address: bytes | None = None


class Plan:
    """The staged rows of the inputs of one command, told apart by `input_no`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shared: dict[int, bool] = {}
        self._staged: defaultdict[int, Staged] = defaultdict(Staged)
        self._apart: set[int] = set()
        self._changed: set[int] = set()
        self._held = HeldRows(database)
        blob = database.blob
        database.connection.exec_driver_sql(
            _CREATE.format(blob=blob, clustered=" WITHOUT ROWID" if blob == "BLOB" else "")
        )
        database.connection.exec_driver_sql(_CREATE_HOLDERS.format(blob=blob))
        database.connection.exec_driver_sql("DROP INDEX IF EXISTS plan_by_key")
        database.connection.exec_driver_sql("DELETE FROM plan")

    def stage_waiting(self, input_no: int, columns: Mapping[str, Sequence[object]]) -> None:
        """Take in rows of one block that wait, by columns named as in StagedRow: those that most inputs lack cost nothing."""
        block = None if self._database.is_shared else packed.pack(columns)
        if block is None:
            kept = [_kept(name, column) for name, column in columns.items()]
            values = zip(repeat(input_no, len(columns["row_number"])), *kept, strict=True)
            with self._database.looking():
                self._database.insert_many("plan", ("input_no", *columns), values)
        elif not self._held.take(input_no, block):
            with self._database.looking():
                packed.insert(self._database, input_no, block)
        self._staged[input_no].take(columns)

    def stage(self, input_no: int, rows: Iterable[StagedRow]) -> None:
        """Take in rows of one block, whatever is known of them already."""
        staged = list(rows)
        if not staged:
            return
        with self._database.looking():
            values = ((input_no, *_shortened(row)) for row in staged)
            self._database.insert_many("plan", ("input_no", *StagedRow._fields), values)
        self._staged[input_no].take(dict(zip(StagedRow._fields, zip(*staged, strict=True), strict=True)))

    def forget(self, input_no: int) -> None:
        """Take out the rows of an input that could not be read to its end."""
        self._held.forget(input_no)
        self._run("DELETE FROM plan WHERE input_no = :input_no", {"input_no": input_no})
        self._staged.pop(input_no, None)
        self._changed.discard(input_no)

    def at_one_moment(self) -> AbstractContextManager[object]:
        """All that is asked of the ledger within is as of one moment: what another import sends meanwhile is found when a slot is
        reserved, and is not taken for an equal row beside which this one is to go out."""
        return self._held.at_one_moment()

    def match(
        self,
        input_no: int,
        scope_id: int | None,
        has_unique_key: bool,
        *,
        of_changes: bool = False,
        other_values: OtherValues = OtherValues.CHANGED,
    ) -> None:
        """Find out which staged rows are known, changed, or equal to an earlier row of the same input.

        scope_id is None where this account has never had an import through this mapping: nothing can be known then.
        of_changes: the rows change activities that are there (ledger/changes.py). other_values: what a row is that is known
        by its unique key (ledger/versions.py).
        """
        # a row that ends meanwhile must not be known to one statement and not to the next
        with self.at_one_moment():
            has_lines = self._staged[input_no].has_lines
            if not (has_lines or of_changes or self._knows_any(scope_id)):
                scope_id = None
            where = {"input_no": input_no, "scope_id": scope_id, "has_unique_key": int(has_unique_key)}
            is_by_keys = of_changes or other_values is not OtherValues.CHANGED
            if is_by_keys or (self._database.is_shared and scope_id is not None):
                self._index()
            if has_lines and scope_id is not None:
                self._change(_KNOWN_BY_LINE, where)
                self._change(_CORRECTED_ELSEWHERE, where)
            if of_changes:
                changes.find_known(self._change, where)
                self._change(_CLASSIFY, where)
            elif other_values is OtherValues.NEW:
                versions.match_new(self._change, where)
                self._pair("cells", _HOLDERS_BY_CELLS, where)
                self._change(_CLASSIFY, {**where, "has_unique_key": 0})
            else:
                self._match_new_ones(where, has_unique_key=has_unique_key, has_lines=has_lines)
                if other_values is OtherValues.IN_TURN:
                    versions.take_in_turn(self._change, where)

    def _match_new_ones(self, where: Mapping[str, object], *, has_unique_key: bool, has_lines: bool) -> None:
        """The same for rows that become activities of their own, whose lines are known already."""
        has_memory, followers = where["scope_id"] is not None, 0
        if has_unique_key and has_memory:
            self._change(_KNOWN_BY_UNIQUE_KEY, where)
        if has_unique_key and self._has_equals(cast("int", where["input_no"])):
            followers += self._change(_FOLLOW_UNIQUE_KEY, where).rowcount
        if has_lines:
            followers += self._change(_FOLLOW_LINE, where).rowcount
            self._change(_FOLLOW_THE_FIRST, where)
        if has_memory and not has_unique_key:
            self._pair("memory_key", _HOLDERS_BY_PAYLOAD, where)
        if has_memory:
            self._pair("cells", _HOLDERS_BY_CELLS, where)
            self._change(_CLASSIFY, where)
        if followers:
            self._change(_CLASSIFY_FOLLOWERS, where)

    def _knows_any(self, scope_id: int | None) -> bool:
        """Whether anything was ever imported there, or is about to be."""
        return scope_id is not None and self._ask(_KNOWS_ANY, {"scope_id": scope_id}).first() is not None

    def _index(self) -> None:
        """Only where rows are put together by their keys: one sort is faster than keeping it up while rows are staged."""
        self._run(_INDEX, {})
        self._database.after_filling("plan")

    def _pair(self, key: str, holders: str, where: Mapping[str, object]) -> None:
        """Find the known row for each row that is still open, each known row for one row of the file only."""
        self._run(_FORGET_HOLDERS, {})
        if self._run(holders, where).rowcount:
            self._change(_PLACE.format(key=key), where)
            self._change(_PAIR.format(key=key), where)

    def match_earlier_inputs(self, input_no: int, has_unique_key: bool) -> None:
        """Find the rows that an earlier input of the same command would have sent by then. For forecasts: a run matches
        each input when the ones before it have gone out."""
        where = {"input_no": input_no, "has_unique_key": int(has_unique_key)}
        if self._run("SELECT 1 FROM plan WHERE input_no < :input_no LIMIT 1", where).first() is None:
            return
        self._change(_PLACE.format(key="memory_key"), where)
        self._change(_KNOWN_FROM_EARLIER_INPUTS, where)
        self._change(versions.KNOWN_FROM_EARLIER_INPUTS, where)

    def send_again(self, input_no: int) -> None:
        """Let the rows that are already imported go out once more; the person has typed their number."""
        self._change(_FOLLOW_AGAIN, {"input_no": input_no})
        self._change(_SEND_AGAIN, {"input_no": input_no})

    def number_equals(self, input_no: int, scope_id: int | None) -> None:
        """Give each row that goes out its ordinal among its equals: one that nothing has which is, or may be, in LeadSquared."""
        where = {"input_no": input_no, "scope_id": scope_id}
        if not self._all_wait(input_no):
            self._change(_NUMBER_ALONE, where)  # changes hardly a row: 1 is what each has when it is staged
        if self._has_equals(input_no) or self._has_claimed(where):
            self._index()
            self._change(_NUMBER_EQUALS, where)
        if self._staged[input_no].has_versions:
            self._change(versions.NUMBER, where)

    def _has_claimed(self, where: Mapping[str, object]) -> bool:
        """Whether rows that go out have the key of one that is, or may be, in LeadSquared."""
        if where["scope_id"] is None or self._ask(_HAS_CLAIMS, where).first() is None:
            return False
        return self._run(_HAS_CLAIMED, where).first() is not None

    def _has_equals(self, input_no: int) -> bool:
        """Whether two rows of an input have one memory key; asked once, when all are staged, because keys do not change."""
        if self._staged[input_no].are_different:
            return False
        if input_no not in self._shared:
            self._index()
            self._shared[input_no] = self._run(_HAS_SHARED, {"input_no": input_no}).first() is not None
        return self._shared[input_no]

    def has_changed(self, input_no: int) -> bool:
        """Whether rows are known from before with other values."""
        return self._run(versions.HAS_CHANGED, {"input_no": input_no}).first() is not None

    def let_followers_wait(self, input_no: int) -> int:
        """The same for rows with other values than an earlier row of their input. Returns: how many they are."""
        return self._change(versions.LET_FOLLOWERS_WAIT, {"input_no": input_no}).rowcount

    def let_wait(self, input_no: int, row_numbers: Iterable[int]) -> None:
        """Take changed rows for waiting ones that go out by themselves: their values go to the activities that they are."""
        values = [{"input_no": input_no, "row_number": number} for number in row_numbers]
        if values:
            self._changed.add(input_no)
            self._held.write()
            self._database.connection.execute(text(versions.LET_WAIT), values)

    def counts(self, input_no: int) -> dict[Outcome, int]:
        """How many rows there are of each outcome."""
        if self._all_wait(input_no):
            rows = self._staged[input_no].rows
            return {Outcome.WAITING: rows} if rows else {}
        query = "SELECT COUNT(*) FROM plan WHERE input_no = :input_no AND outcome = 'waiting'"
        waiting = int(self._run(query, {"input_no": input_no}).scalar_one())
        if waiting == self._staged[input_no].rows:  # most checks end here; to group all rows takes three times as long
            return {Outcome.WAITING: waiting} if waiting else {}
        query = "SELECT outcome, COUNT(*) AS rows FROM plan WHERE input_no = :input_no GROUP BY outcome"
        return {Outcome(row.outcome): row.rows for row in self._run(query, {"input_no": input_no})}

    def set_apart(self, input_no: int, scope_id: int | None, size: int) -> None:
        """Let rows whose lead or whose like was refused before travel apart from the others, `size` at most together."""
        account_id = self._ask(_ACCOUNT_OF, {"scope_id": scope_id}).scalar()
        place = {"account_id": account_id, "scope_id": scope_id, "input_no": input_no, "size": size}
        if account_id is not None and self._ask(_HAS_FAILED, {"account_id": account_id}).first() is not None:
            self._change(_SET_APART, place)
            self._apart.add(input_no)

    def knows_failures(self) -> bool:
        """Whether a lead, or a row, of any account was ever refused: else there is nothing to set apart."""
        return self._ask(_HAS_ANY_FAILED, {}).first() is not None

    def note_imported(self, input_no: int, activities: Mapping[int, str], scope_id: int | None = None) -> None:
        """Take rows, by row number, for imported under these ids: LeadSquared has shown their row keys.

        scope_id: where other runs of this ledger may have sent the same rows meanwhile; those are left alone.
        """
        statement = text(_ALREADY_THERE).bindparams(bindparam("activity_id", type_=OpaqueId()))
        values = [
            {"input_no": input_no, "row_number": number, "activity_id": activity_id, "scope_id": scope_id}
            for number, activity_id in activities.items()
        ]
        if values:
            self._changed.add(input_no)
            self._held.write()
            self._database.connection.execute(statement, values)
            self._run(_FOLLOWERS_OF_WHAT_IS_THERE, {"input_no": input_no})

    def marks(self, input_no: int, size: int, *, of_addresses: bool = False) -> bytes:
        """The first `size` bytes of each row's memory key, or of the mark of where it belongs, one behind the other.

        Only of rows that may go out; by this inputs are found that have rows in common.
        """
        column = "lead" if of_addresses else "memory_key"
        query = f"""SELECT substr({column}, 1, {size}) FROM plan
            WHERE input_no = :input_no AND outcome = 'waiting' AND {column} IS NOT NULL"""
        return b"".join(self._run(query, {"input_no": input_no}).scalars())

    def count_to_send(self, input_no: int) -> int:
        """How many rows go out: those that wait and follow no other row."""
        return sum(group.rows * times for group, times in self.counts_to_send(input_no).items())

    def counts_to_send(self, input_no: int, *, by_address: bool = False) -> dict[Group, int]:
        """The same: how often there is each size of group, and in which company.

        by_address: a group is of one address; else all rows of one company are a group.
        """
        if not by_address and input_no not in self._apart:  # one group, which need not be sorted out
            staged = self._staged[input_no].rows if self._all_wait(input_no) else None
            rows = int(self._run(_TO_SEND, {"input_no": input_no}).scalar_one()) if staged is None else staged
            return {Group(rows, None): 1} if rows else {}
        query = f"""SELECT rows_each, together, COUNT(*) AS times FROM (
            SELECT together, COUNT(*) AS rows_each FROM plan
            WHERE input_no = :input_no AND outcome = 'waiting' AND follows IS NULL
            GROUP BY together{", lead" if by_address else ""}) AS of_one_address
            GROUP BY rows_each, together"""
        found = self._run(query, {"input_no": input_no})
        return {Group(row.rows_each, row.together): row.times for row in found}

    def all_to_send(self, input_no: int) -> Iterator[PlannedRow]:
        """The rows that go out, in the order of the sheet, some thousand at a time in memory."""
        query = """SELECT row_number, memory_key, ordinal, together FROM plan
            WHERE input_no = :input_no AND row_number > :after AND outcome = 'waiting' AND follows IS NULL
            ORDER BY row_number LIMIT 5000"""
        after = 0
        while page := self._run(query, {"input_no": input_no, "after": after}).all():
            yield from (PlannedRow(row.row_number, bytes(row.memory_key), row.ordinal, row.together) for row in page)
            after = page[-1].row_number

    def to_send(
        self, input_no: int, first_row: int, last_row: int, *, with_addresses: bool = False
    ) -> dict[int, PlannedRow]:
        """The rows of a stretch of the sheet that go out, by row number."""
        query = """SELECT row_number, memory_key, ordinal, together, lead FROM plan
            WHERE input_no = :input_no AND row_number BETWEEN :first AND :last AND outcome = 'waiting' AND follows IS NULL
            ORDER BY row_number"""
        found = self._run(query, {"input_no": input_no, "first": first_row, "last": last_row})
        return {
            row.row_number: PlannedRow(
                row.row_number,
                bytes(row.memory_key),
                row.ordinal,
                row.together,
                bytes(row.lead) if with_addresses and row.lead is not None else None,
            )
            for row in found
        }

    def gathering(self) -> Gathering:
        """An empty table in which rows come into the order of their addresses; the one before is gone."""
        return Gathering(self._database)

    def lines(self, input_no: int) -> Iterator[RowLine]:
        """The rows as results need them, in the order of the sheet, some thousand at a time in memory."""
        self._held.write()
        statement, after = text(_LINES).columns(activity_id=OpaqueId()), 0
        while page := self._database.connection.execute(statement, {"input_no": input_no, "after": after}).all():
            for row in page:
                yield RowLine(row[0], Outcome(row[1]), *row[2:])
            after = page[-1][0]

    def get_ready(self, input_no: int) -> None:
        """Before the transaction of `adopt`, which takes along what is written in it where it fails."""
        if not self._held.of(input_no, self._staged[input_no].rows):
            self._held.write()

    def adopt(self, input_no: int, place: Mapping[str, int], *, with_addresses: bool = False) -> None:
        """Write the plan into the ledger's rows, inside the caller's write transaction. place: run_id, scope_id, account_id."""
        values = {**place, "input_no": input_no, "with_addresses": int(with_addresses)}
        rows, is_plain = self._staged[input_no].rows, self._all_wait(input_no)
        blocks = self._held.of(input_no, rows) if is_plain else ()
        if not blocks:
            self._held.write()
        adoption.adopt(self._database, values, rows, is_plain=is_plain, blocks=blocks)

    def _all_wait(self, input_no: int) -> bool:
        """Whether all rows of an input were staged as waiting ones, and nothing has come of any of them since: then what is
        asked of all of them is known."""
        staged = self._staged[input_no]
        if input_no in self._changed or staged.waiting < staged.rows or staged.has_lines:
            return False
        if self._held.of(input_no, staged.rows):
            return True
        return (
            self._run(_HAS_OTHERS, {"input_no": input_no}).first() is None
        )  # the table tells: others write to it, too

    def _change(self, statement: str, values: Mapping[str, object]) -> CursorResult[Any]:
        """Carry out what may make another thing of a row than was staged."""
        result = self._run(statement, values)
        if result.rowcount and "input_no" in values:
            self._changed.add(cast("int", values["input_no"]))
        return result

    def _run(self, statement: str, values: Mapping[str, object]) -> CursorResult[Any]:
        """What is asked or said of rows of the plan."""
        self._held.write()
        return self._ask(statement, values)

    def _ask(self, statement: str, values: Mapping[str, object]) -> CursorResult[Any]:
        """What is asked of the ledger alone."""
        return self._database.connection.execute(text(statement), dict(values))
