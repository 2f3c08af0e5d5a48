"""The ledger's tables. Written for SQLite and PostgreSQL alike; small on purpose: a row costs about 200 bytes.

accounts ─┬─ account_names    under which host and name an account was met
          ├─ learned_limits   what refusals taught about the account's real limits
          ├─ limits_held      which limits were kept to, and since when
          ├─ slot_waiters     who waits for a slot now
          ├─ lines            how late requests arrive at most, as far as it was seen
          ├─ request_days     requests spent per UTC day
          ├─ known_keys       row keys that LeadSquared showed, whoever sent them
          ├─ failed_before    leads and rows that LeadSquared has refused
          └─ scopes           account + mapping name + event: where rows are known again
               └─ runs ─┬─ requests    one HTTP request: its slot, its exact body, its end
                        ├─ decisions   what a person decided about rows that cannot be read back
               ├─ run_steps   what happened to it, and who did it
               ├─ handovers   to which ledger it went, or from which it came
                        └─ rows        one input row: exactly one outcome
                             ├─ claims      rows that are, or may be, in LeadSquared
                             └─ taken_back  rows that a request asks LeadSquared to delete, or to mark as wrong
leases    who imports an input now, where machines share the ledger
commits   the last commit of each that has it open, where machines share the ledger
copies    inputs and mappings kept by content hash       outputs   results files that we wrote, by hash
copy_pieces   the copies themselves, where machines share the ledger
boots     when this ledger first saw each boot of the machine
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    bindparam,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import TextClause
    from sqlalchemy.engine import Dialect

METADATA = MetaData()

OCCUPYING = "('created', 'updated', 'unconfirmed', 'already_imported')"
"""SQL list of the outcomes under which a row is, or may be, in LeadSquared.

`already_imported` beside `known_row_id IS NULL` is a row that another ledger has sent: it was read back by its row key.
"""

OPEN = "('waiting', 'unconfirmed')"
"""SQL list of the outcomes of rows that are still to be sent, or may not have arrived yet."""

CELLS_BEGIN = "substr(cells, 1, 4)"
"""So much of the fingerprint of a row's cells is in the index, which is a third smaller by that: four bytes lead to one row or
two of many millions, which are then compared as a whole. SQL that looks rows up by their cells names both."""

HOLDS_ID = "(outcome = 'created' OR outcome = 'already_imported' OR outcome = 'undone')"
"""SQL for rows that hold the id of their activity: they have made it, or LeadSquared has shown it with the row's key. Undone
ones are among them: a marked activity is there still, and an id never comes back for another row. No list: for one of three
SQLite makes a table each time that it looks whether a row belongs into the index of ids.

Of one account no two rows hold the same id, but no index sees to that: who writes one has asked before, in the same
transaction (ledger/held_ids.py).
"""

PAYLOAD_BYTES = 5
"""So much of the fingerprint of what a row sends is kept: by it two rows are compared of which it is known that they are the
same row. That one with other values is taken for unchanged has a chance of 1e-12."""

CELLS_BYTES = 8
"""So much of the fingerprint of its cells: that a row which is not known otherwise is taken for one of a million of its scope
has a chance of 5e-14."""


GUID_BYTES = 16
MARK_BYTES = 4
"""Of a GUID, in the index of ids."""


def id_mark(column: str = "activity_id") -> str:
    """What the index of ids holds of each, as SQL: four bytes of a GUID, of which a table of many millions has few that are
    alike; any other id as a whole. SQL that looks rows up by their ids names both.

    Not the first bytes: GUIDs that were made one after the other, or at one time, begin alike, and others end so; and of some
    (SQL Server's) none but the first two differ.
    """
    return f"(CASE WHEN length({column}) = 16 THEN substr({column}, 2, {MARK_BYTES}) ELSE {column} END)"


def mark_of_id(kept: bytes) -> bytes:
    """The same of an id as it is kept."""
    return kept[1 : 1 + MARK_BYTES] if len(kept) == GUID_BYTES else kept


_RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only where the type is INTEGER


def _behind_zeros(value: str) -> bytes:
    plain = b"\0" + value.encode()
    return b"\0" + plain if len(plain) == 16 else plain


def _guid_text(guid: bytes) -> str:
    digits = guid.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def opaque(value: str) -> bytes:
    """An id of LeadSquared's as it is kept: see `OpaqueId`."""
    if len(value) == 36 and value[8:24:5] == "----" and value == value.lower():
        try:
            guid = bytes.fromhex(value.replace("-", ""))
        except ValueError:
            return _behind_zeros(value)
        if len(guid) == 16:  # white space is not counted there
            return guid
    return _behind_zeros(value)


def opaque_text(kept: bytes) -> str:
    """The id that is kept so."""
    return _guid_text(kept) if len(kept) == 16 else bytes(kept).lstrip(b"\0").decode()


class OpaqueId(TypeDecorator[str]):
    """An id of LeadSquared's: 16 bytes when it is a GUID in its usual spelling, else its text behind zero bytes.

    Behind two of them where one would make 16 bytes: those are a GUID.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002  # SQLAlchemy's signature
        return None if value is None else opaque(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        return None if value is None else opaque_text(value)


def spellings(activity_id: str) -> tuple[str, ...]:
    """The spellings under which one id may be kept: letter case does not tell GUIDs apart."""
    return tuple({activity_id, activity_id.lower(), activity_id.upper()})


META = Table("meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

BOOTS = Table(
    "boots",
    METADATA,
    Column("boot_id", Text, primary_key=True),
    Column("first_seen_mono", Float, nullable=False),
)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account_id", _RowId, primary_key=True),
    Column("identity", Text, nullable=False, unique=True),
    Column("organisation", Text),
    Column("numbering", Text, nullable=False, server_default="unknown"),
    Column("reads_keys", Text, nullable=False, server_default="unknown"),  # reconciler/trust.py
    Column("reads_values", Text, nullable=False, server_default="unknown"),
    Column("paused_until_mono", Float),
    Column("paused_boot", Text),
    Column("first_seen_at", Float, nullable=False),
)

ACCOUNT_NAMES = Table(
    "account_names",
    METADATA,
    Column("host", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    PrimaryKeyConstraint("host", "name"),
)

LEARNED_LIMITS = Table(
    "learned_limits",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("rate_window", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("learned_at", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "rate_window"),
)

LIMITS_HELD = Table(
    "limits_held",
    METADATA,
    Column("held_id", _RowId, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("rate_window", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("is_named", Integer, nullable=False),  # 1: by LeadSquared, in a refusal
    Column("since_at", Float, nullable=False),
    Index("limits_held_by", "account_id", "rate_window"),
)

SLOT_WAITERS = Table(
    "slot_waiters",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("waiter", Text, nullable=False),  # ledger/queue.py
    Column("boot_id", Text, nullable=False),
    Column("until_mono", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "waiter"),
)

LINES = Table(
    "lines",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("boot_id", Text, nullable=False),  # to which the moments belong
    Column("slowest", Float, nullable=False),  # this one and all below: delivery/line.py
    Column("slowest_before", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("handshakes", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("answer_mean", Float, nullable=False),
    Column("answer_square", Float, nullable=False),
    Column("doublings", Integer, nullable=False),
    Column("refused", Float),
    Column("refused_at", Float, nullable=False),
    Column("share", Float, nullable=False),
    Column("eased_at", Float, nullable=False),
    Column("fastest", Float),
)

REQUEST_DAYS = Table(
    "request_days",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("utc_day", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "utc_day"),
)

SCOPES = Table(
    "scopes",
    METADATA,
    Column("scope_id", _RowId, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("mapping_name", Text, nullable=False),
    Column("event", Integer, nullable=False),
    UniqueConstraint("account_id", "mapping_name", "event"),
)

COPIES = Table(
    "copies",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("kept_at", Float, nullable=False),
)

COPY_PIECES = Table(
    "copy_pieces",
    METADATA,
    Column("hash", ForeignKey("copies.hash"), nullable=False),
    Column("piece", Integer, nullable=False),  # from 1
    Column("content", LargeBinary, nullable=False),  # deflated
    PrimaryKeyConstraint("hash", "piece"),
)
"""The copies of a ledger that machines share; those of a file lie in a folder beside it (ledger/copies.py)."""

LEASES = Table(
    "leases",
    METADATA,
    Column("account_id", BigInteger, nullable=False),
    Column("identity", Text, nullable=False),  # stages/lock_names.py
    Column("holder", Text, nullable=False),
    Column("held_by", Text, nullable=False),  # in words, for people
    Column("process", Text, nullable=False),  # ledger/this_process.py
    Column("since_at", Float, nullable=False),
    Column("until_at", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "identity"),
    Index("leases_by_holder", "holder"),
)
"""Who imports an input, and until when others believe it; of a ledger that machines share (ledger/leases.py)."""

COMMITS = Table(
    "commits",
    METADATA,
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("noted_at", Float, nullable=False),
)
"""The last commit of each ledger that is open, to tell what became of one that was not answered; as above (ledger/commits.py)."""

RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", _RowId, primary_key=True),
    Column("scope_id", ForeignKey("scopes.scope_id"), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("operation", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("input_path", Text, nullable=False),
    Column("sheet", Text),
    Column("mapping_hash", Text, nullable=False),
    Column("mapping_path", Text, nullable=False),
    Column("data_rows", Integer, nullable=False),
    Column("duplicate", Integer),  # the number typed behind --duplicate
    Column("state", Text, nullable=False),  # open: may go on; finished: every row was tried
    Column("stop_reason", Text),
    Column("stop_code", Integer),
    Column("stop_asked_at", Float),  # by `etl stop`, from another process
    Column("planned_after", BigInteger),  # the last request that anybody had written when the rows were compared
    Column("results_path", Text),
    Column("failed_path", Text),
    Column(
        "revises", BigInteger
    ),  # the run whose rows came with other values: this one brings them to their activities
    Column("etl_version", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Index("runs_by_input", "scope_id", "input_hash"),
)

REQUESTS = Table(
    "requests",
    METADATA,
    Column("request_id", _RowId, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("run_id", ForeignKey("runs.run_id")),  # NULL: a read that belongs to no run
    Column("rate_window", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("sent_mono", Float, nullable=False),
    Column("sent_at", Float, nullable=False),
    Column("ended_mono", Float),  # the latest moment at which it can have arrived; NULL while it is in the air
    Column("ended_at", Float),
    Column(
        "ended_after", BigInteger
    ),  # the last request that anybody had written by then: all later ones were sent later
    Column("late", Integer),  # 1: LeadSquared may have been at work on it still when it ended
    Column("written_mono", Float),  # from when a bound on its way there counts (delivery/line.py)
    Column("server_at", Float),  # the server's own clock in the answer
    Column("status", Integer),
    Column("verdict", Text),  # NULL while it is in the air
    Column("detail", Text),
    Column("rows", Integer, nullable=False),
    Column("witness", OpaqueId),  # the activity that one of its rows is known to have become
    Column("body", LargeBinary),  # the exact bytes, deflated (ledger/bodies.py)
    Index("requests_in_windows", "account_id", "ended_mono"),
    Index("requests_of_run", "run_id"),
)

ROWS = Table(
    "rows",
    METADATA,
    Column("row_id", _RowId, primary_key=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("scope_id", Integer, nullable=False),
    Column("account_id", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("memory_key", LargeBinary),  # hash of unique_by, else the payload's fingerprint
    Column("ordinal", Integer),  # which of several equal rows
    Column("payload", LargeBinary),  # the beginning of the fingerprint of what it sends
    Column("cells", LargeBinary),  # the beginning of the fingerprint of its cells
    Column("request_id", BigInteger),
    Column("position", Integer),  # in the request, from 1
    Column("activity_id", OpaqueId),
    Column("known_row_id", BigInteger),  # the row that holds this one's activity
    Column("replaces", BigInteger),  # the row whose activity this one gives other values, and whose claim it takes
    Column("together", Integer),  # NULL: with any others, 25 at most; else: apart, so many at most
    Column(
        "address", LargeBinary
    ),  # mark of where it belongs, for operations in which order or company depends on that
    Column("message_id", Text),  # what an operation calls the id of something that it does not name
    Column("verified", Text),  # what `etl verify --all` found
    Column("lineage_run", Integer),
    Column("lineage_row", Integer),
    Column("code", Text),
    Column("error", Text),
    Column("hint", Text),
    UniqueConstraint("run_id", "row_number"),
    Index(
        "rows_by_activity",
        text(id_mark()),
        sqlite_where=text(f"activity_id IS NOT NULL AND {HOLDS_ID}"),
    ),
    Index(
        "rows_by_cells",
        "scope_id",
        text(CELLS_BEGIN),
        # Not by outcomes: these change twice while a row is sent, and each time its place in the index would be found anew.
        sqlite_where=text("known_row_id IS NULL AND cells IS NOT NULL"),
    ),
    Index(
        "rows_by_address",
        "run_id",
        "address",
        sqlite_where=text("address IS NOT NULL"),
    ),
    Index(
        "open_rows_by_address",
        "account_id",
        "address",
        sqlite_where=text(f"address IS NOT NULL AND outcome IN {OPEN}"),
    ),
    Index(
        "rows_by_line",
        "lineage_run",
        sqlite_where=text("lineage_run IS NOT NULL"),
    ),
    Index(
        "rows_by_known",
        "known_row_id",
        sqlite_where=text("known_row_id IS NOT NULL"),
    ),
)


def for_postgresql() -> None:
    """Have the partial indexes made partial there too. Not said above: that would load SQLAlchemy's dialect for nothing."""
    for table in METADATA.tables.values():
        for index in table.indexes:
            where = index.dialect_kwargs.get("sqlite_where")
            if where is not None:
                index.dialect_kwargs["postgresql_where"] = where


def for_rows(statement: str) -> TextClause:
    """A statement about `row_ids`, a list."""
    return text(statement).bindparams(bindparam("row_ids", expanding=True))


CLAIMS = Table(
    "claims",
    METADATA,
    Column("scope_id", Integer, nullable=False),
    Column("memory_key", LargeBinary, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope_id", "memory_key", "ordinal"),
    sqlite_with_rowid=False,
)

KNOWN_KEYS = Table(
    "known_keys",
    METADATA,
    Column("account_id", Integer, nullable=False),
    Column("event", Integer, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("activity_id", OpaqueId, nullable=False),
    PrimaryKeyConstraint("account_id", "event", "row_key"),
    sqlite_with_rowid=False,
)

FAILED_BEFORE = Table(
    "failed_before",
    METADATA,
    Column("account_id", Integer, nullable=False),
    Column("mark", LargeBinary, nullable=False),  # fingerprint of a lead's value, or a row's memory key
    PrimaryKeyConstraint("account_id", "mark"),
    sqlite_with_rowid=False,
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("decision_id", _RowId, primary_key=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("decision", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("decided_at", Float, nullable=False),
)

TAKEN_BACK = Table(
    "taken_back",
    METADATA,
    Column("request_id", BigInteger, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("way", Text, nullable=False),  # delete, or TARGET=VALUE of a mark (ledger/undoing.py)
    PrimaryKeyConstraint("request_id", "row_id"),
    Index("taken_back_of_run", "run_id"),
)

RUN_STEPS = Table(
    "run_steps",
    METADATA,
    Column("step_id", _RowId, primary_key=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("step", Text, nullable=False),  # ledger/steps.py
    Column("at", Float, nullable=False),
    Column("os_user", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("detail", Text),
    Index("steps_of_run", "run_id"),
)

HANDOVERS = Table(
    "handovers",
    METADATA,
    Column("handover_id", _RowId, primary_key=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("way", Text, nullable=False),  # ledger/handover.py
    Column("package", Text, nullable=False),  # the number of the package that it went or came with
    Column("origin_ledger", Text),  # of one that came: the ledger that knows it too, and under which number
    Column("origin_run", BigInteger),
    Column("at", Float, nullable=False),
    Column("ended_at", Float),  # of one that went: since when it is back
    Index("handovers_of_run", "run_id"),
)

OUTPUTS = Table(
    "outputs",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("run_id", BigInteger, nullable=False),
)

FOUND_LEADS = Table(
    "found_leads",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("mark", LargeBinary, nullable=False),  # of the value in the form in which it is compared
    Column("lead_ids", Text, nullable=False),  # JSON: none, one, or the candidates
    Column("found_at", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "field", "mark"),
)
"""Leads that were looked up by a value of one of their fields."""

ACCOUNT_FACTS = Table(
    "account_facts",
    METADATA,
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("asked_at", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "name"),
)
"""What LeadSquared told about an account's activity types, fields and users, to be asked again after some time."""
