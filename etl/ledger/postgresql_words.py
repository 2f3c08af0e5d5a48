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
    (("starting up", "shutting down", "not accepting"), _BY_STATE["57P03"]),
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

_WORTH_WAITING = (
    "refused",
    "starting up",
    "shutting down",
    "timeout",
    "timed out",
    "closed",
    "reset",
    "unreachable",
    "SSL SYSCALL",
)


def told(shown: str, words: str, state: str | None = None, *, is_lost: bool = False, is_again: bool = False) -> str:
    """The trouble in a sentence or two. is_lost: the connection is gone. is_again: it had been gone, and came back.

    shown: the ledger, without a password. words: PostgreSQL's own.
    """
    said = " ".join(words.split()).rstrip(".") or "the connection was closed"
    if is_lost:
        return f"The ledger {shown} went away: {said}. {_LOST}"
    if is_again and state == _UNDEFINED_TABLE:
        return (
            f"The ledger {shown} went away for a moment, and what was prepared there is gone. Nothing more was sent. Run the "
            "same command again."
        )
    return f"The ledger {shown} cannot be used: {said}. Nothing more was sent. {_remedy(said, state)}"


def _remedy(said: str, state: str | None) -> str:
    if state in _BY_STATE:
        return _BY_STATE[state]
    found = next((remedy for signs, remedy in _BY_WORDS if any(sign in said for sign in signs)), None)
    return found or "Ask who runs the database, then run the same command again."


def is_worth_waiting(error: BaseException) -> bool:
    """Whether a connection that does not come about may do so in a moment."""
    return any(sign in str(error) for sign in _WORTH_WAITING)
