"""Which exit code a command reports when it had several ends, and for which error."""

from __future__ import annotations

import pytest

from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError, SourceError, UsageError
from etl.exits import WORST_FIRST, ExitCode, code_of_error, worst

SEVERAL = {
    "none": ([], 0),
    "one": ([4], 4),
    "all-done": ([0, 0], 0),
    "person-before-done": ([0, 4], 4),
    "unconfirmed-before-person": ([4, 7, 0], 7),
    "stopped-before-unconfirmed": ([7, 6], 6),
    "busy-before-stopped": ([6, 8], 8),
    "refused-before-busy": ([8, 5], 5),
    "source-before-refused": ([5, 3], 3),
    "usage-before-source": ([3, 2], 2),
    "interrupted-before-usage": ([2, 130], 130),
    "terminated-before-usage": ([143, 2], 143),
    "defect-before-all": ([0, 8, 7, 6, 5, 4, 3, 2, 130, 143, 1], 1),
}

ERRORS = {
    "usage": (UsageError, 2),
    "source": (SourceError, 3),
    "refused": (RefusedError, 5),
    "network": (NetworkError, 6),
    "busy": (BusyError, 8),
    "ledger": (LedgerError, 2),
    "unlisted": (EtlError, 1),
}


@pytest.mark.parametrize(("codes", "reported"), SEVERAL.values(), ids=SEVERAL.keys())
def test_of_several_exit_codes_the_worst_is_reported(codes: list[int], reported: int) -> None:
    """The order is 1, interruptions, 2, 3, 5, 8, 6, 7, 4, 0."""
    assert worst(codes) is ExitCode(reported)


def test_every_exit_code_has_its_place_and_meaning() -> None:
    """No code is missing from the order, stands there twice, or is without words."""
    assert sorted(WORST_FIRST) == sorted(ExitCode)
    assert all(code.meaning for code in ExitCode)


def test_an_unknown_exit_code_is_our_mistake() -> None:
    """A number that is no exit code of ours is not passed on in silence."""
    with pytest.raises(ValueError, match="not in tuple"):
        worst([9])


@pytest.mark.parametrize(("kind", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_each_kind_of_error_has_its_exit_code(kind: type[EtlError], code: int) -> None:
    """An error and its descendants end a command with the code of their kind."""

    class Special(kind):  # type: ignore[misc, valid-type] # a descendant of whichever kind is tested
        """A more exact kind."""

    assert code_of_error(kind("…")) == code
    assert code_of_error(Special("…")) == code
