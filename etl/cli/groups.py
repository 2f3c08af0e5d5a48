"""A group of commands that names the nearest one when a name is misspelled."""

from __future__ import annotations

from difflib import get_close_matches

import click


class SuggestingGroup(click.Group):
    """Refuses a command that does not exist with the nearest that does, or with all of them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            nearest = get_close_matches(args[0].lower(), known, n=1)
            hint = f'Did you mean "{ctx.command_path} {nearest[0]}"?' if nearest else f"Known: {', '.join(known)}."
            raise click.UsageError(f'There is no command "{args[0]}". {hint}', ctx)
        return super().resolve_command(ctx, args)
