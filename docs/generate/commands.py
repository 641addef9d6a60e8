"""The page of commands, from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer.main

from docs.generate.tables import table
from flows.cli import app


def all_commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name, groups that run by themselves included, in alphabetical order."""
    yield from _below("weaksignals", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield name, command
    for part in sorted(below):
        yield from _below(f"{name} {part}", below[part])


def commands() -> str:
    """Each command with its arguments and options, as `--help` tells them."""
    parts = [
        "# Commands\n",
        "Every command says what it does with `--help`; a wrong input is one sentence and exit code 1.\n",
    ]
    for name, command in all_commands():
        parts += [f"## {name}\n", f"{command.help or ''}\n", f"```text\n{_usage(name, command)}\n```\n"]
        options = [_parameter(one) for one in command.params if not getattr(one, "hidden", False)]
        if options:
            parts.append(table(("argument or option", "default", "meaning"), options))
    return "\n".join(parts)


def _usage(name: str, command: Any) -> str:
    arguments = [_metavar(one) for one in command.params if one.param_type_name == "argument"]
    return " ".join([name, *arguments, "[OPTIONS]"])


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _parameter(one: Any) -> tuple[str, str, str]:
    is_option = one.param_type_name == "option"
    name = ", ".join((*one.opts, *one.secondary_opts)) if is_option else _metavar(one)
    default = "required" if one.required else "" if one.default is None or one.default is False else f"`{one.default}`"
    return f"`{name}`", default, getattr(one, "help", "") or ""
