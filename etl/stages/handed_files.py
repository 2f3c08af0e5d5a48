"""The files without which a run cannot go on elsewhere: its sheet, its mapping, and the lookup files of that, as they were.

They come from the copies that the ledger has kept, not from where they lay: those may have changed since. A mapping that
extends another is kept with its base worked in, so the base is not needed. Lookup files lie beside the mapping in a package;
where the mapping names one by another folder, it goes along with the name changed.
"""

from __future__ import annotations

import hashlib
import itertools
import os.path
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import EtlError, LedgerError, UsageError
from etl.mapping.extending import self_contained
from etl.mapping.load import load_mapping
from etl.mapping.yaml_document import read_document
from etl.places import is_url, place_of
from etl.reader.packed import unpacked
from etl.stages.package import is_safe
from etl.stages.rewrite import copies_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.mapping.model import Mapping as RowMapping
    from etl.mapping.yaml_document import Plain
    from etl.stages.package import Package

FOLDER = "files/"
_MOST_TRIED = 10_000
_PACKED = frozenset({".gz", ".zip"})


@dataclass(frozen=True, slots=True)
class HandedFile:
    """One file. part: its name in the package. hash: SHA-256 of its content. text: the content, where no copy has it."""

    part: str
    hash: str
    kind: str
    bytes: int
    text: str | None = None

    @property
    def name(self) -> str:
        return self.part.rpartition("/")[2]

    @property
    def is_personal(self) -> bool:
        """Whether it holds what stands in cells: sheets, and lookup files with their names and addresses."""
        return self.kind != "mapping"

    @property
    def what(self) -> str:
        return {
            "input": "The sheet, as it was read.",
            "mapping": "The mapping, with its base worked in where it extends one.",
            "lookup": "A lookup or translation file of the mapping.",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class FilesOfRun:
    """The files of one run. lookups: in the order in which the mapping's hash has them. names_account: `account:` in it."""

    input: HandedFile
    mapping: HandedFile
    lookups: tuple[HandedFile, ...]
    names_account: str | None = None

    @property
    def all(self) -> tuple[HandedFile, ...]:
        return (self.input, self.mapping, *self.lookups)

    def as_data(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {
            "input": _as_data(self.input),
            "mapping": _as_data(self.mapping),
            "lookups": [_as_data(one) for one in self.lookups],
        }


def files_of_run(run: RunRecord, ledger: Ledger) -> FilesOfRun:
    """What the ledger has kept for a run.

    Raises: LedgerError — a copy was pruned or is gone.
    """
    kept_input, kept_mapping = copies_of(run)
    path = place_of(run.mapping_path)
    for content_hash, name in ((kept_input, run.input_path), (kept_mapping, run.mapping_path)):
        _check_kept(content_hash, name, run, ledger)
    mapping = load_mapping(ledger.copies.path(kept_mapping), path)
    named = [*mapping.lookup_files(), *([mapping.translation_path] if mapping.translation_path else [])]
    hashes = _lookup_hashes(named, run, ledger)
    places = {one: _seen_from(path.parent, one) for one in named}
    text = None
    if any(not is_safe(Path(place).as_posix()) for place in places.values()):
        places = _beside_each_other(named)
        text = _renamed(ledger.copies.path(kept_mapping), path, mapping, places)
        kept_mapping = hashlib.sha256(text.encode()).hexdigest()
    sheet = place_of(run.input_path)
    sheet = sheet.with_suffix("") if sheet.suffix.lower() in _PACKED else sheet
    folder = f"{FOLDER}run{run.run_id}/"

    def handed(part: str, content_hash: str, kind: str, own: str | None = None) -> HandedFile:
        size = len(own.encode()) if own is not None else ledger.copies.path(content_hash).stat().st_size
        return HandedFile(folder + part, content_hash, kind, size, own)

    return FilesOfRun(
        handed(sheet.name, kept_input, "input"),
        handed(path.name, kept_mapping, "mapping", text),
        tuple(handed(Path(places[one]).as_posix(), hashes[one], "lookup") for one in named),
        mapping.account,
    )


def in_one_folder(files: Mapping[int, FilesOfRun]) -> dict[int, FilesOfRun]:
    """The files of several runs together where no two different ones have one name, which is the rule."""
    together: dict[str, str] = {}
    for one in itertools.chain.from_iterable(files_.all for files_ in files.values()):
        if together.setdefault(_bare(one.part), one.hash) != one.hash:
            return dict(files)
    return {
        run: FilesOfRun(_moved(one.input), _moved(one.mapping), tuple(map(_moved, one.lookups)), one.names_account)
        for run, one in files.items()
    }


def from_manifest(manifest: Mapping[str, Any]) -> dict[int, FilesOfRun]:
    """The files of each run of a package. Raises: UsageError — names that would lead out of a folder."""
    found: dict[int, FilesOfRun] = {}
    for run, data in manifest["files"].items():
        lookups = tuple(_from_data(one, "lookup") for one in data["lookups"])
        found[int(run)] = FilesOfRun(
            _from_data(data["input"], "input"), _from_data(data["mapping"], "mapping"), lookups
        )
    return found


def mapping_hash_of(files: FilesOfRun) -> str:
    """The hash under which a run of this mapping is known (`stages/prepare.load`)."""
    if not files.lookups:
        return files.mapping.hash
    return f"{files.mapping.hash}+{_together(one.hash for one in files.lookups)}"


@dataclass(frozen=True, slots=True)
class Laid:
    """Where files lie. of: by hash. runs: run → the paths of its input and its mapping."""

    of: Mapping[str, Path]
    runs: dict[int, tuple[str, str]]


def lay(
    files: Mapping[int, FilesOfRun], package: Package, looked_for_in: Sequence[Path], shown: Path, folder: Path
) -> Laid:
    """Lay the files of a package into a folder; those that it does not hold are looked for by their content.

    Raises: UsageError — one is nowhere, or something else lies where it goes; the first before anything is written.
    """
    wanted = {one.part: one for one in itertools.chain.from_iterable(each.all for each in files.values())}
    outside = _found_outside([one for one in wanted.values() if one.part not in package.names], looked_for_in, shown)
    of: dict[str, Path] = {}
    for part, one in wanted.items():
        place = folder / _bare(part)
        if one.hash in outside:
            _copy(outside[one.hash], place, one)
        else:
            package.take_out(part, place, lambda there, one=one: _hash(there) == one.hash)  # type: ignore[misc]
        of[one.hash] = place
    runs = {
        run: (str(folder / _bare(one.input.part)), str(folder / _bare(one.mapping.part))) for run, one in files.items()
    }
    return Laid(of, runs)


def _found_outside(wanted: Sequence[HandedFile], looked_for_in: Sequence[Path], shown: Path) -> dict[str, Path]:
    candidates = [one for place in looked_for_in for one in (sorted(place.iterdir()) if place.is_dir() else [place])]
    found: dict[str, Path] = {}
    missing: list[str] = []
    for one in wanted:
        there = next((path for path in candidates if _is_it(path, one, is_named=path in looked_for_in)), None)
        if there is None:
            missing.append(one.name)
        else:
            found[one.hash] = there
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise UsageError(
            f"{shown} was written without values: it does not hold {names}. Nothing was taken. Say where the very same files "
            "are: --with FILE or --with FOLDER (a file that was saved again since is another one). Or have the package written "
            "again, with --with-values."
        )
    return found


def _is_it(path: Path, wanted: HandedFile, *, is_named: bool) -> bool:
    """Whether a file has that content; one that was named may be packed."""
    try:
        if not path.is_file():
            return False
        if path.stat().st_size == wanted.bytes and _hash(path) == wanted.hash:
            return True
        if is_named or path.suffix.lower() in _PACKED:
            with unpacked(path, path) as content:
                return content != path and _hash(content) == wanted.hash
    except (OSError, EtlError):
        return False
    return False


def _copy(source: Path, place: Path, one: HandedFile) -> None:
    if place.exists() and _hash(place) == one.hash:
        return
    if place.exists():
        raise UsageError(f"{place} is there already and is another file. Name another folder with --into.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with unpacked(source, source) as content:
            shutil.copyfile(content, place)
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}. Name another folder with --into.") from error


def _lookup_hashes(named: Sequence[Path], run: RunRecord, ledger: Ledger) -> dict[Path, str]:
    """Which of the kept files of these names the run was begun with: the hash of all of them together tells."""
    if not named:
        return {}
    digest = run.mapping_hash.partition("+")[2]
    kept = [ledger.handovers.kept_lookups(one.name) for one in named]
    for hashes in itertools.islice(itertools.product(*kept), _MOST_TRIED):
        if _together(hashes) == digest:
            for one, content_hash in zip(named, hashes, strict=True):
                _check_kept(content_hash, str(one), run, ledger)
            return dict(zip(named, hashes, strict=True))
    names = ", ".join(one.name for one in named)
    raise LedgerError(
        f"Run {run.run_id} cannot be handed over: the lookup files that it was begun with ({names}) are not kept any more."
    )


def _together(hashes: Iterable[str]) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def _check_kept(content_hash: str, name: str, run: RunRecord, ledger: Ledger) -> None:
    if not ledger.copies.has(content_hash):
        raise LedgerError(
            f"Run {run.run_id} cannot be handed over: the kept copy of {Path(name).name} was pruned, or is gone from "
            f"{ledger.copies.lies_in}. Without it nobody can go on with it."
        )


def _seen_from(folder: Path, file: Path) -> str:
    """A file's name as it lies from a folder; a whole one, which no package can hold, where one of them is at a URL."""
    if not (is_url(file) or is_url(folder)):
        return os.path.relpath(file, folder)
    within = str(file).removeprefix(f"{folder}/")
    return within if within != str(file) else f"/{file.name}"


def _beside_each_other(named: Sequence[Path]) -> dict[Path, str]:
    """A name for each, without folders; where two share one, with a number."""
    met: Counter[str] = Counter()
    places: dict[Path, str] = {}
    for one in named:
        met[one.name] += 1
        places[one] = one.name if met[one.name] == 1 else f"{one.stem}.{met[one.name]}{one.suffix}"
    return places


def _renamed(kept: Path, path: Path, mapping: RowMapping, places: Mapping[Path, str]) -> str:
    """The mapping with its files named as they lie in the package."""
    plain = read_document(kept.read_text("utf-8-sig"), str(path)).plain

    def seen(value: Plain, key: str = "") -> Plain:
        if isinstance(value, dict):
            return {name: seen(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [seen(inner) for inner in value]
        return places.get(mapping.lookup_path(value), value) if key in {"lookup", "translate"} else value

    return self_contained(seen(plain))


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _bare(part: str) -> str:
    return part.removeprefix(FOLDER)


def _moved(one: HandedFile) -> HandedFile:
    return replace(one, part=FOLDER + _bare(one.part).partition("/")[2])


def _as_data(one: HandedFile) -> dict[str, Any]:
    return {"part": one.part, "sha256": one.hash, "bytes": one.bytes}


def _from_data(data: Mapping[str, Any], kind: str) -> HandedFile:
    part = str(data["part"])
    if not part.startswith(FOLDER) or not is_safe(part):
        raise UsageError(
            f"The package names a file {part!r}, which would lie outside of its folder. Nothing was taken."
        )
    return HandedFile(part, str(data["sha256"]), kind, int(data["bytes"]))
