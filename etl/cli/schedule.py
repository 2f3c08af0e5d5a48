"""`etl schedule`: the lines and files by which this machine starts an import by itself."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.groups import SuggestingGroup
from etl.cli.json_out import json_option, print_object
from etl.cli.streams import write_line
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.schedule.job import Job, parse_at, parse_every
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.cli.world import World
    from etl.settings import Settings

FORMS = ("crontab", "systemd", "windows")
_LOCK_OF_INBOX = (
    "etl inbox holds a kernel lock on its folder: no flock is needed, and a second one ends at once (exit code 8)"
)
_LOCK_OF_RUN = "etl locks each input: no flock is needed, and a second one ends at once (exit code 8)"
_LOCKS = {
    "inbox": _LOCK_OF_INBOX,
    "worker": "Workers share the queue: no flock is needed, and a second one beside it takes what is left",
}
_TASK_ENCODING = "utf-16"  # with a mark at the start, as the Task Scheduler itself exports tasks


@click.group("schedule", cls=SuggestingGroup)
def schedule() -> None:
    """Have this machine start an import by itself.

    \b
    Examples:
      etl schedule print --inbox /srv/visits --at 21:30
      etl schedule print --inbox /srv/visits --every 15m --as systemd -o units
    """


@schedule.command("print")
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--inbox", metavar="DIR", type=click.Path(path_type=Path), help="Serve this inbox, as etl inbox DIR does."
)
@click.option("--at", metavar="TIME", help="Every day at this time of this machine, like 21:30.")
@click.option("--every", metavar="LENGTH", help="Again and again, like 15m or 2h.")
@click.option("--as", "form", type=click.Choice(FORMS), help="For what (default: crontab, or windows there).")
@click.option("-o", "out", metavar="DIR", type=click.Path(path_type=Path), help="Write files into this folder instead.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def print_(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    words: tuple[str, ...],
    inbox: Path | None,
    at: str | None,
    every: str | None,
    form: str | None,
    out: Path | None,
    is_json: bool,
) -> int:
    """Print what starts an import by itself: a crontab line, a systemd service with its timer, or a Windows task.

    Program, folders, settings, ledger and log are named by absolute paths, so that it works in the empty surroundings in
    which such things start. Nothing is set up: the last line says how to. No secret is in it: the job reads the settings
    file, where keys that are read from variables are none for it.

    \b
    Examples:
      etl schedule print --inbox /srv/visits --at 21:30
      etl schedule print --inbox /srv/visits --every 15m --as systemd -o units
      etl schedule print --at 06:00 -- run visits.xlsx -m visits.yaml -a prod
      etl schedule print --inbox /srv/visits --at 21:30 --as windows -o tasks
    """
    if (at is None) == (every is None):
        raise UsageError("Say when, in one way: --at 21:30 for once a day, or --every 15m for again and again.")
    when = parse_at(at) if at is not None else parse_every(every or "")
    typed = _typed(world, inbox, words)
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    name = f"etl-{typed[0]}" + (f"-{_plain(inbox.resolve().name)}" if inbox is not None else "")
    log = world.directories.state / f"{name}.log"
    job = Job(
        name,
        (*_program(), *_alone(typed, log)),
        str(world.cwd),
        _environ(settings),
        when,
        (_LOCKS.get(typed[0], _LOCK_OF_RUN),),
        "" if os.name == "nt" or getpass.getuser() == "root" else getpass.getuser(),
    )
    form = form or ("windows" if os.name == "nt" else "crontab")
    files = _files(job, form, world)
    if out is not None:
        _write(world.cwd / out, files, form)
    if is_json:
        written = {file: str(world.cwd / out / file) for file in files} if out is not None else None
        print_object(
            {"form": form, "command": list(job.words), "environ": dict(job.environ), "files": files, "written": written}
        )
    elif out is None:
        for number, (file, text) in enumerate(files.items()):
            if len(files) > 1:
                write_line(f"{chr(10) if number else ''}# --- {file}")
            write_line(text.rstrip("\n"))
    for sentence in (*_about_keys(world, settings, typed), *_about_database(world, settings), _how(form, job, out)):
        options.beside(sentence)
    return ExitCode.DONE


def _typed(world: World, inbox: Path | None, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words behind `etl`, checked: a mistake shows now, and not at night.

    Raises: UsageError — neither or both are given, there is no such folder, or the command would not be taken.
    """
    if (inbox is None) == (not words):
        raise UsageError("Say what to start, in one way: --inbox DIR, or -- and the words of a command, like: -- run …")
    if inbox is not None:
        place = world.cwd / inbox
        if not place.is_dir():
            raise UsageError(
                f"--inbox {inbox}: there is no such folder. Make it first; etl inbox --help says what is in it."
            )
        words = ("inbox", str(place.resolve()))
    words = words[1:] if words[0] == "etl" else words
    from etl.cli.main import etl  # noqa: PLC0415 — the door itself, which loads this module

    with click.Context(etl, info_name="etl", obj=world) as ctx:
        command = etl.get_command(ctx, words[0]) if words else None
        if command is None or isinstance(command, click.Group) or words[0] in {"simulator", "completion"}:
            raise UsageError(f"{' '.join(words)}: this is no command that can be started alone. Try etl --help.")
        with command.make_context(words[0], list(words[1:]), parent=ctx):
            return words


def _alone(typed: tuple[str, ...], log: Path) -> tuple[str, ...]:
    """The words for a command that nobody watches: it says nothing unless somebody is needed, and keeps a log."""
    from etl.cli.main import etl  # noqa: PLC0415 — see above

    with click.Context(etl) as ctx:
        command = etl.get_command(ctx, typed[0])
        known = {opt for one in command.params for opt in one.opts} if command is not None else set()
    said = {word.partition("=")[0] for word in typed}
    more: list[str] = []
    if "--quiet" in known and not said & {"-q", "--quiet"}:
        more.append("--quiet")
    if "--log-file" in known and not said & {"--log", "--log-file"}:
        more += ["--log-file", str(log)]
    return (typed[0], *more, *typed[1:])


def _program() -> tuple[str, ...]:
    """This very program by its absolute path, or as a module of this very Python where it was started so."""
    started = Path(sys.argv[0])
    if started.stem == "etl" and (found := shutil.which(str(started)) or (str(started) if started.is_file() else None)):
        return (str(Path(found).absolute()),)
    return (str(Path(sys.executable).absolute()), "-m", "etl")


def _environ(settings: Settings) -> dict[str, str]:
    """What the job must be told of its surroundings; nothing of it is a secret."""
    found = {"ETL_CONFIG": str(settings.config_path.absolute())} if settings.config_path else {}
    if settings.ledger_shown == settings.ledger_url.removeprefix("sqlite:///"):
        return found | {"ETL_LEDGER": settings.ledger_shown}
    if settings.origins.get("ledger") == "ETL_LEDGER":
        raise UsageError(
            "ETL_LEDGER holds a password, and a job's own file is no place for it. Put the address into the settings file as "
            "`ledger`, or take the password out and put it into the file .pgpass."
        )
    return found  # the job reads the settings file, where it stands


def _about_keys(world: World, settings: Settings, typed: tuple[str, ...]) -> tuple[str, ...]:
    """What the job will miss: variables are there on this terminal, and not at night."""
    from etl.settings.sources import set_variables  # noqa: PLC0415 — only here

    names = set_variables(world.environ)
    if names:
        return (
            f"Mind: the account is set by {', '.join(names)}, which the job will not have. Put it into the settings file "
            "first (etl accounts add NAME); its keys best as {file = …}.",
        )
    if settings.config_path is None and typed[0] in {"run", "inbox", "verify", "fetch", "worker"}:
        return ("Mind: no settings file is there yet, and the job needs one with the account (etl accounts add NAME).",)
    if settings.config_path is not None and "env =" in settings.config_path.read_text("utf-8-sig").replace(
        "env=", "env ="
    ):
        return (
            f"Mind: {settings.config_path} reads something from variables ({{env = …}}), which the job will not have. Use "
            "{file = …} for it, or give the job the variable in its own setting.",
        )
    return ()


def _about_database(world: World, settings: Settings) -> tuple[str, ...]:
    """The same of a shared ledger, whose driver reads variables of its own."""
    names = sorted(name for name, value in world.environ.items() if name.startswith("PG") and value)
    if not names or not settings.ledger_url.startswith("postgresql"):
        return ()
    return (
        f"Mind: the database is reached with {', '.join(names)}, which the job will not have. A password belongs into the file "
        ".pgpass of the job's user (mode 0600), all else behind the ? of the ledger's address.",
    )


def _files(job: Job, form: str, world: World) -> Mapping[str, str]:
    """The files of a form by their names; of a crontab, the lines to add."""
    if form == "systemd":
        from etl.schedule.systemd import service, timer  # noqa: PLC0415 — one form only is needed

        return {f"{job.name}.service": service(job), f"{job.name}.timer": timer(job)}
    if form == "windows":
        from etl.schedule.windows import task  # noqa: PLC0415 — as above

        return {f"{job.name}.xml": task(job, world.clock.now().astimezone().date())}
    from etl.schedule.crontab import crontab  # noqa: PLC0415 — as above

    return {f"{job.name}.crontab": crontab(job)}


def _write(folder: Path, files: Mapping[str, str], form: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding=_TASK_ENCODING if form == "windows" else "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"-o {folder}: the files cannot be written: {error.strerror}.") from None


def _how(form: str, job: Job, out: Path | None) -> str:
    """How it is set up."""
    where = f"{out}/" if out is not None else ""
    match form:
        case "systemd":
            files = f"{where}{job.name}.service {where}{job.name}.timer"
            return f"Set it up: sudo cp {files} /etc/systemd/system/ && sudo systemctl enable --now {job.name}.timer"
        case "windows":
            file = str(out / f"{job.name}.xml") if out is not None else f"{job.name}.xml"
            return f'Set it up: schtasks /Create /TN {job.name} /XML "{file}"'
    if out is not None:
        return f"Set it up: (crontab -l; cat {where}{job.name}.crontab) | crontab -"
    return "Set it up: crontab -e, and add the lines above."


def _plain(name: str) -> str:
    """A folder's name as a unit or task may have it."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name).strip("-").lower() or "inbox"
