"""`etl undo`: words that do not fit together are told before anything is opened."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--confirm", "34"), "Type it with --delete"),
        (("--mark", "mx_Custom_19"), "like --mark mx_Custom_19=wrong-import"),
        (("--preview", "--delete"), "look, delete or mark?"),
        (("--delete", "--mark", "mx_Custom_19=x"), "look, delete or mark?"),
    ],
    ids=["nothing to confirm", "no value", "look and delete", "delete and mark"],
)
def test_words_that_do_not_fit(
    shell: Shell, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what to type instead."""
    assert shell.type("undo", "41", *words) == 2
    assert says in capsys.readouterr().err
