"""Which files a run writes, and of which kind: beside the input and named after it, or where the person wants them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*%]|[. ]$')
STANDARD_INPUT = "stdin"
"""What standard input is called: in messages, and in the names of its results."""

_OUR_ENDING = re.compile(r"(\.run\d+)?\.(results|failed)(\.\d+)?$")
_PACKED_SUFFIXES = frozenset({".gz", ".zip"})
_INPUT_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a results file is. suffix: `.xlsx` or `.csv`. delimiter: between the cells of a `.csv`."""

    suffix: str
    delimiter: str = ","


WORKBOOK = FileKind(".xlsx")
DELIMITED = FileKind(".csv")


@dataclass(frozen=True, slots=True)
class ResultNames:
    """The files of one run of one input.

    latest: the results a person opens, of all inputs of a workbook together. failed: the rows that need a person, likewise.
    of_run: the results kept under the run's number; None for a rehearsal, without a run, for a file of ours, and where
    `--results` names the one place. sheet: of the input, where its workbook has several. is_of_one: `latest` holds this
    input alone, whatever else is in its workbook.
    """

    kind: FileKind
    latest: Path
    failed: Path
    of_run: Path | None
    sheet: str | None = None
    is_of_one: bool = False

    @classmethod
    def for_input(
        cls,
        input_path: Path,
        run: int | None,
        rehearsal: bool,
        *,
        is_workbook: bool,
        sheet: str | None = None,
        results: Path | None = None,
        is_ours: bool = False,
    ) -> ResultNames:
        """Name the files.

        is_workbook: what the input is by its content. sheet: given when one workbook has several inputs. results: the
        `--results` option. is_ours: the input is a results or failed file, so the names are those of the input it came
        from. The latest results stay with that input's own run; they are brought up to date.
        Raises: UsageError — `results` ends in neither .xlsx nor .csv.
        """
        if results is not None:
            return cls._at(results, sheet)
        kind = WORKBOOK if is_workbook else DELIMITED
        bare = _bare_name(input_path)
        first = _OUR_ENDING.sub("", bare) if is_ours else bare
        suffix = ".rehearsal" if rehearsal and not first.endswith(".rehearsal") else ""
        stem = first + suffix

        def beside(ending: str) -> Path:
            return input_path.with_name(f"{stem}.{ending}{kind.suffix}")

        of_run = None if rehearsal or run is None else beside(f"run{run}.results")
        if is_ours and of_run is not None:
            return cls(kind, latest=of_run, failed=beside("failed"), of_run=None, sheet=sheet, is_of_one=True)
        return cls(kind, latest=beside("results"), failed=beside("failed"), of_run=of_run, sheet=sheet)

    @classmethod
    def _at(cls, results: Path, sheet: str | None) -> ResultNames:
        suffix = results.suffix.lower()
        if suffix not in {WORKBOOK.suffix, DELIMITED.suffix}:
            if results.is_dir():
                raise UsageError(
                    f"--results {results}: this is a folder. Give the name of a file in it, like results.xlsx."
                )
            raise UsageError(
                f'--results {results}: the results file can be .xlsx or .csv, not "{results.suffix}". '
                "Give a name with one of these endings."
            )
        failed = results.with_name(f"{results.stem}.failed{results.suffix}")
        kind = WORKBOOK if suffix == WORKBOOK.suffix else DELIMITED
        return cls(kind, latest=results, failed=failed, of_run=None, sheet=sheet)


_NEW_LEADS = ".new-leads.csv"


def new_leads_beside(names: ResultNames) -> Path:
    """Where the leads that are missing stand: beside the failed file, and named like it."""
    return names.failed.with_name(f"{_stem_of_sheet(names)}{_NEW_LEADS}")


def is_named_new_leads(path: Path) -> bool:
    """Whether a file is named as we name missing leads."""
    return re.search(r"\.new-leads(\.\d+)?\.csv$", path.name) is not None


_TO_TRANSLATE = ".to-translate.xlsx"


def to_translate_beside(names: ResultNames) -> Path:
    """Where values that fit no option stand: beside the failed file, and named like it."""
    return names.failed.with_name(f"{_stem_of_sheet(names)}{_TO_TRANSLATE}")


def is_named_to_translate(path: Path) -> bool:
    """Whether a file is named as we name values that fit no option."""
    return re.search(r"\.to-translate(\.\d+)?\.xlsx$", path.name) is not None


def for_update_beside(names: ResultNames, run: int) -> Path:
    """Where the sheet lies in which a run's activities are corrected: beside the results, under the run's number."""
    stem = names.latest.stem.removesuffix(".results")
    return names.latest.with_name(f"{stem}.run{run}.for-update{names.kind.suffix}")


def is_named_results(path: Path) -> bool:
    """Whether a file is named as we name results, as opposed to failed rows."""
    ending = _OUR_ENDING.search(path.stem)
    return ending is not None and ending[2] == "results"


def without_our_ending(path: Path) -> Path:
    """The name of one of our own files without what we have added: `visits.failed.xlsx` as `visits.xlsx`."""
    return path.with_name(_OUR_ENDING.sub("", path.stem) + path.suffix)


def _bare_name(path: Path) -> str:
    """The name of an input without its ending; of `visits.csv.gz` without both."""
    if path.suffix.lower() in _PACKED_SUFFIXES:
        packed = path.with_suffix("")
        return packed.stem if packed.suffix.lower() in _INPUT_SUFFIXES else packed.name
    return path.stem


def _stem_of_sheet(names: ResultNames) -> str:
    """What the names of files of one sheet begin with: they are no results, and each sheet has its own."""
    stem = names.failed.stem.removesuffix(".failed")
    return stem + (f".{as_file_name(names.sheet)}" if names.sheet else "")


def as_file_name(sheet: str) -> str:
    """A sheet's name as part of a file name: what some system forbids there as %XX, so that two names stay two."""
    return _NOT_IN_FILE_NAMES.sub(lambda match: f"%{ord(match.group()):02X}", sheet)
