"""Which account a submission is for, by its name alone: whoever submits need not have its keys."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.settings import known_accounts
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.cli.world import World
    from etl.settings import Settings
    from etl.stages.prepare import LoadedMapping


def names_here(world: World) -> list[str]:
    """The accounts of these settings, also those whose keys are not there; that of the variables is called env."""
    return [one.name for one in known_accounts(world.environ, world.cwd, world.directories)]


def account_named(typed: str | None, world: World, settings: Settings) -> Callable[[LoadedMapping], str]:
    """The name of the account for a mapping: said by the command, else by the mapping, else the only one that is set up here.

    What that gives raises UsageError where two are named, or none can be told.
    """
    said = typed or world.environ.get("ETL_ACCOUNT") or None
    here = names_here(world)

    def of(loaded: LoadedMapping) -> str:
        by_mapping = loaded.mapping.account
        if said is not None and by_mapping is not None and said != by_mapping:
            raise UsageError(
                f"{loaded.path}: the mapping is for the account {by_mapping}, and this command goes to {said}. Nothing was "
                f"submitted. Leave out -a to send into {by_mapping}, or take the line out of the mapping."
            )
        name = said or by_mapping or (ENVIRONMENT_ACCOUNT if ENVIRONMENT_ACCOUNT in here else None)
        if name is None and len(here) == 1:
            name = here[0]
        if name is None:
            known = f" Known here: {', '.join(here)}." if here else ""
            raise UsageError(f"For which account? Say it with -a NAME, as the workers' settings call it.{known}")
        _refuse(name, here, settings)
        return name

    return of


def refuse_unknown(typed: str | None, world: World, settings: Settings) -> None:
    """Before anything is read: raises UsageError where `-a` names an account of which nobody has heard."""
    if typed is not None:
        _refuse(typed, names_here(world), settings)


def _refuse(name: str, here: list[str], settings: Settings) -> None:
    """A name with a slip would wait for ever for a worker that serves it."""
    known = {*here, *_heard_of(settings)}
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    listed = f"Known: {', '.join(sorted(known))}. " if known else ""
    raise UsageError(
        f"-a {name}: no worker, no run and no settings file here know an account of that name. {hint}{listed}Start a worker that "
        "has it in its settings first (etl worker), or correct the name. Nothing was submitted."
    )


def _heard_of(settings: Settings) -> list[str]:
    from etl.care import opened  # noqa: PLC0415 — loads what talks to PostgreSQL
    from etl.fleet.submissions import accounts_known  # noqa: PLC0415 — as above
    from etl.fleet.tables import make_tables  # noqa: PLC0415 — as above

    make_tables(settings)
    known, _ = accounts_known(settings)
    with opened(settings, None) as ledger:
        return [*known, *ledger.listing.account_names()]
