"""Exceptions by what can be done now. A bad cell is no exception but a finding (findings.py).

    EtlError ── UsageError     the command, mapping or settings are wrong; nothing was sent        exit 2
             ├─ SourceError    the file cannot be read as what it claims to be; nothing was sent   exit 3
             ├─ RefusedError   LeadSquared refused the account, host or activity type              exit 5
             ├─ NetworkError   LeadSquared cannot be reached now; run again later                  exit 6
             │    ├─ QuotaSpentError   the day's quota is spent
             │    └─ StoppedError      the command's time is up (exit 6), or somebody asked for the stop (130, 143)
             ├─ BusyError      another process is importing this input                             exit 8
             └─ LedgerError    our own record cannot be used or trusted; stop, keep the file       exit 2, midway 6
                  └─ LedgerLostError   its database went away in the midst of something; what was not committed is not there

A message says where, what was found, what was expected, and what to do; it never holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.findings import Finding


class EtlError(Exception):
    """Base of everything the command line turns into a short message. `findings` holds details to list below it.

    run: the run that was sending when it happened, if one was: what became of its rows the ledger says, no plan.
    """

    run: int | None = None

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.findings = tuple(findings)


class UsageError(EtlError):
    """The command, the mapping or the settings are wrong; nothing was sent."""


class SourceError(EtlError):
    """The file cannot be read as what it claims to be; nothing was sent."""


class RefusedError(EtlError):
    """LeadSquared said no for good: credentials, host or activity type."""


class NetworkError(EtlError):
    """LeadSquared, or the store in which a file lies, cannot be reached; the same command continues later.

    is_without_connection: not even a connection was made (no such name, refused, no TLS).
    is_fault: there was an answer, but a fault of the server. is_final: it is no use to try again soon.
    """

    def __init__(
        self, message: str, *, is_without_connection: bool = False, is_fault: bool = False, is_final: bool = False
    ) -> None:
        super().__init__(message)
        self.is_fault = is_fault
        self.is_final = is_final
        self.is_without_connection = is_without_connection


class QuotaSpentError(NetworkError):
    """The day's quota is spent; the same command continues on the next UTC day."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason[0].upper()}{reason[1:]}. {remedy}", is_final=True)
        self.reason = reason
        self.remedy = remedy


class StoppedError(NetworkError):
    """The command's own time is up (`--max-runtime`, `--not-after`), or somebody asked for the stop, while it waited.

    signal_number: of the signal that asked. The same command continues later.
    """

    def __init__(self, reason: str, remedy: str, signal_number: int | None = None) -> None:
        super().__init__(f"Stopped: {reason}. {remedy}", is_final=True)
        self.signal_number = signal_number


class BusyError(EtlError):
    """Another process holds this input."""


class LedgerError(EtlError):
    """The ledger cannot be used or trusted.

    is_midway: rows had gone out already when it failed; what was answered is recorded, and the same command continues.
    """

    is_midway = False


class LedgerLostError(LedgerError):
    """The ledger's database went away. What was being written is not there, for certain; it may be written anew."""
