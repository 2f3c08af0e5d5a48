"""Damaged inputs of every kind give rows or are refused: some seconds of what `make soak` plays for minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etl.reader import READERS
from tests.laws.fence import behind_the_fence
from tests.laws.fuzz import MEGABYTES, SECONDS, damaged, seeds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by what Linux offers for it")

EACH = 4
KINDS = ("csv", "xlsx", "xls", "xlsb", "ods", "yaml")


def test_damaged_files_give_rows_or_are_refused(tmp_path: Path) -> None:
    """No other exception than SourceError and UsageError, no signal, bounded memory and time, for each reader and mappings."""
    paths = []
    for kind in KINDS:
        for seed in range(EACH):
            name, content = damaged(seed, frozenset({kind}))
            paths.append(tmp_path / name)
            paths[-1].write_bytes(content)

    told = behind_the_fence([(path, {}) for path in paths], MEGABYTES, SECONDS)

    assert [(path.name, one) for path, one in zip(paths, told, strict=True) if not one.is_lawful] == []
    assert {one.kind for one in told} == {"rows", "SourceError", "UsageError"}


def test_each_reader_has_files_to_start_from() -> None:
    """A new reader is played with as soon as the corpus has files of it."""
    kinds = {f".{name.rpartition('.')[2]}" for name, _ in seeds()}

    assert [reader.format_name for reader in READERS if not kinds & set(reader.suffixes)] == []
    assert {suffix for reader in READERS for suffix in reader.suffixes[:1]} <= {f".{kind}" for kind in KINDS}
