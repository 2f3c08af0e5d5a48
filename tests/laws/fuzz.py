"""Every reader against inputs that nobody would write: `make soak` plays it long, `tests/reader/test_fuzz.py` some seconds.

The law: an input gives rows, or is refused with SourceError or UsageError. No other exception, no signal, no more memory or
time than the fence allows. Inputs are the files of the corpus and the sample mappings, damaged by a seeded hand:

    python -m tests.laws.fuzz --seconds 300 [--from SEED] [--only xlsx,csv]     a seed that fails is printed; --seed replays it
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tests.laws.fence import Told, behind_the_fence

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES, SECONDS = 400, 10
"""What reading one small damaged file may take."""

_BATCH = 64
_LARGEST_SEED_BYTES = 200_000
_NUMBERS = (b"0", b"-1", b"1e999", b"99999999999999999999", b"2147483648", b"65536", b"NaN", b"1048577", b"")
_SIGNS = (
    b"<",
    b">",
    b"&",
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xfe",
    b"\x80",
    b"{",
    b"[",
    b"*a",
    b"&a",
)
_INTERESTING = (b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff")


@cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """The undamaged files, by kind: what is read, and mappings."""
    corpus = (ROOT / "tests" / "corpus" / "files").iterdir()
    found = [*corpus, *(ROOT / "mappings").glob("*.yaml")]
    files = [path for path in sorted(found) if path.suffix != ".json" and path.stat().st_size < _LARGEST_SEED_BYTES]
    return tuple((path.name, path.read_bytes()) for path in files)


def damaged(seed: int, only: frozenset[str] = frozenset()) -> tuple[str, bytes]:
    """Name and content of the damaged file that belongs to a seed. only: kinds, by the ends of their names."""
    rng = random.Random(seed)
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in seeds():
        kinds.setdefault(name.rpartition(".")[2], []).append((name, content))
    kind = rng.choice(sorted(kinds.keys() & only if only else kinds))
    name, content = rng.choice(kinds[kind])
    if content.startswith(b"PK\x03\x04") and rng.random() < 0.8:
        return f"{seed}-{name}", _with_damaged_part(content, rng)
    return f"{seed}-{name}", _several_times(content, rng)


def _with_damaged_part(content: bytes, rng: random.Random) -> bytes:
    """A zip that is whole, and in which what is packed is damaged: so that the damage reaches the reader."""
    target = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [(part, archive.read(part)) for part in archive.namelist()]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ):  # some of the corpus are damaged or locked themselves
        return _several_times(content, rng)
    if not parts:
        return _several_times(content, rng)
    chosen = rng.randrange(len(parts))
    with zipfile.ZipFile(target, "w") as archive:
        for position, (name, part) in enumerate(parts):
            if position != chosen:
                archive.writestr(zipfile.ZipInfo(name), part)
            elif rng.random() < 0.95:
                archive.writestr(zipfile.ZipInfo(name), _several_times(part, rng))
    return target.getvalue()


def _several_times(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        content = rng.choice(_DAMAGES)(content, rng)
    return content


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _span(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 2, 4, 16, 64, 256)))


def _bytes_changed(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 2, 8))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _bytes_extreme(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    width = rng.choice((1, 2, 4, 8))
    return content[:start] + rng.choice(_INTERESTING) * width + content[start + width :]


def _span_gone(content: bytes, rng: random.Random) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + content[end:]


def _span_repeated(content: bytes, rng: random.Random) -> bytes:
    start, end = _span(content, rng)
    return content[:end] + content[start:end] * rng.choice((1, 2, 50, 2000)) + content[end:]


def _spans_swapped(content: bytes, rng: random.Random) -> bytes:
    start, end = _span(content, rng)
    other = rng.randrange(len(content) + 1)
    return content[:other] + content[start:end] + content[other:]


def _sign_put_in(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.choice(_SIGNS) * rng.choice((1, 1, 1, 100, 3000)) + content[start:]


def _number_changed(content: bytes, rng: random.Random) -> bytes:
    """Another number where one stands: references, sizes and styles are numbers."""
    places = [place for place, byte in enumerate(content) if 0x30 <= byte <= 0x39]
    if not places:
        return content
    start = end = rng.choice(places)
    while end < len(content) and 0x30 <= content[end] <= 0x39:
        end += 1
    return content[:start] + rng.choice(_NUMBERS) + content[end:]


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _bytes_changed,
    _bytes_extreme,
    _span_gone,
    _span_repeated,
    _spans_swapped,
    _sign_put_in,
    _number_changed,
)


def played(seed_numbers: range, only: frozenset[str] = frozenset()) -> Iterator[tuple[int, str, Told]]:
    """What came of the damaged file of each seed: seed, name, and what is told of it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for seed in seed_numbers:
            name, content = damaged(seed, only)
            paths.append(Path(folder) / name)
            paths[-1].write_bytes(content)
        told = behind_the_fence([(path, {}) for path in paths], MEGABYTES, SECONDS)
        for seed, path, one in zip(seed_numbers, paths, told, strict=True):
            yield seed, path.name, one


def main() -> int:
    """Play until the time is over; 1 if the law was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--only", default="", help="ends of names, such as xlsx,csv")
    parser.add_argument("--seed", type=int, help="only this one")
    options = parser.parse_args()
    only = frozenset(filter(None, options.only.split(",")))
    if options.seed is not None:
        broken = 0
        for _, name, told in played(range(options.seed, options.seed + 1), only):
            _say(f"{name} {told}")
            broken += not told.is_lawful
        return min(broken, 1)
    return _until(time.monotonic() + options.seconds, options.first, only)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _until(end: float, first: int, only: frozenset[str]) -> int:
    counts: Counter[str] = Counter()
    broken, most_megabytes, most_seconds = 0, 0.0, 0.0
    while time.monotonic() < end:
        for seed, name, told in played(range(first, first + _BATCH), only):
            counts[told.kind] += 1
            most_megabytes, most_seconds = max(most_megabytes, told.megabytes), max(most_seconds, told.seconds)
            if not told.is_lawful:
                broken += 1
                _say(f"BROKEN {name}: {told.kind} {told.words[:300]}\n  python -m tests.laws.fuzz --seed {seed}")
        first += _BATCH
    _say(", ".join(f"{count:,} {kind}" for kind, count in counts.most_common()))
    _say(f"at most {most_megabytes:.0f} MB and {most_seconds:.1f} s; next: --from {first}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
