"""What is wrong with a database, in words that say what to do. It never shows a password: PostgreSQL's own messages hold none."""

from __future__ import annotations

_LOST = (
    "Nothing more was sent. If it comes back within a minute etl goes on by itself; otherwise run the same command again when it "
    "does: rows that were on their way are read back first."
)

_BY_STATE = {
    "28P01": "The password or the user is wrong. The password comes from the URL, from PGPASSWORD or from the file .pgpass.",
    "28000": "The database's own rules (pg_hba.conf) do not let this user in from here, or not without TLS: ask who runs it.",
    "3D000": "There is no database of that name. Correct the URL, or have it made: CREATE DATABASE …",
    "42501": "This user may not do that: it must own the ledger's tables, or be allowed to make tables in its schema.",
    "53300": "All its connections are taken. Wait, or raise max_connections.",
    "53100": "Make room on its disk, then run the same command again.",
    "55P03": "Another program has held it for longer than etl waits. Run the same command again when that has ended.",
    "25006": "This server only lets itself be read: it is a standby, or was set so. Name the one that may be written to.",
    "40P01": "Two writers waited for each other. Run the same command again: it continues.",
    "40001": "Another writer was quicker. Run the same command again: it continues.",
    "57P03": "It is starting up or shutting down. Run the same command again in a moment.",
}
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""

_BY_WORDS = (
    (("password authentication failed", "no password supplied"), _BY_STATE["28P01"]),
    (("no pg_hba.conf entry",), _BY_STATE["28000"]),
    (("does not exist",), _BY_STATE["3D000"]),
    (
        ("certificate", "SSL", "TLS"),
        "TLS does not come about as the URL asks for it (sslmode, sslrootcert): ask who runs it which of them is right.",
    ),
    (("starting up", "shutting down", "accepting connections", "in recovery mode"), _BY_STATE["57P03"]),
    (
        ("invalid connection option", "invalid URI query parameter"),
        "PostgreSQL knows no such word behind the question mark of the URL: correct its spelling there.",
    ),
    (("too many clients", "remaining connection slots"), _BY_STATE["53300"]),
    (
        ("translate host name", "Name or service not known", "failed to resolve", "No address"),
        "There is no machine of that name as far as this one can tell: correct the URL, or connect to the network it is in.",
    ),
    (
        ("refused", "timeout", "timed out", "unreachable", "No route"),
        "It does not answer: it is not running, a firewall is in between, or host and port of the URL are wrong.",
    ),
)
"""By words, where there is no SQLSTATE because no connection came about (libpq)."""

_UNDEFINED_TABLE = "42P01"
_QUESTION = "Is the server running on that host and accepting TCP/IP connections?"

_FOR_A_PERSON = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "not permitted to log in",
    "certificate",
    "invalid connection option",
    "invalid URI query parameter",
)
"""What stands in the way until somebody changes something. All else may pass, and a server may say it in any language."""

_PASSING = frozenset({"53300", "57P01", "57P02", "57P03", "57P05", "55P03"})
"""SQLSTATEs that pass by themselves: all its connections are taken; it stops, has crashed, starts; or it is locked."""

_BREAKING = "08"  # the class of connections that break


def told(shown: str, words: str, state: str | None = None, *, is_lost: bool = False, is_again: bool = False) -> str:
    """The trouble in a sentence or two. is_lost: the connection is gone. is_again: it had been gone, and came back.

    shown: the ledger, without a password. words: PostgreSQL's own.
    """
    said = in_short(words) or "the connection was closed"
    if is_lost:
        return f"The ledger {shown} went away: {said}. {_LOST}"
    if is_again and state == _UNDEFINED_TABLE:
        return (
            f"The ledger {shown} went away for a moment, and what was prepared there is gone. Nothing more was sent. Run the "
            "same command again."
        )
    return f"The ledger {shown} cannot be used: {said}. Nothing more was sent. {remedy(said, state)}"


def told_unanswered(shown: str) -> str:
    """A commit was not answered, and nothing tells what became of it."""
    return (
        f"The ledger {shown} went away while something was written there, and whether that is there cannot be told. Nothing more "
        "was sent. Run the same command again: it goes on from what is there."
    )


def told_forgotten(shown: str) -> str:
    """What answers now has not all that was confirmed before."""
    return (
        f"The ledger {shown} has forgotten what it had confirmed, as a standby does that took over and lagged behind. Nothing "
        "more was sent: rows that are in LeadSquared may look there as if they waited. Have what is missing put back, or run etl "
        "ledger rebuild for each activity type with a row key; only then import again."
    )


def in_short(words: str) -> str:
    """PostgreSQL's words on one line, without its question whether the server runs: what to do is said behind them."""
    return " ".join(" ".join(words.split()).replace(_QUESTION, "").split()).rstrip(".")


def remedy(said: str, state: str | None) -> str:
    """What to do about it. said: PostgreSQL's words. state: its SQLSTATE; None where no connection came about."""
    words = _BY_WORDS if state is None else ()  # of a statement "does not exist" says something else
    found = _BY_STATE.get(state or "") or next(
        (remedy for signs, remedy in words if any(sign in said for sign in signs)), None
    )
    return found or "Ask who runs the database, then run the same command again."


def is_worth_waiting(error: BaseException) -> bool:
    """Whether a connection that does not come about, where there was one before, may do so in a moment."""
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    if state is not None:
        return state in _PASSING or state.startswith(_BREAKING)
    return not any(sign in str(error) for sign in _FOR_A_PERSON)
