"""Accounts of the review application, from the command line. Each change is a line of the application's log."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from features.errors import InputError
from flows.review import review_database
from flows.settings import load
from flows.terminal import Data, out

users = typer.Typer(help="Accounts of the review application.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the account; with OpenID Connect, what its claim holds.")]
Territories = Annotated[list[str], typer.Option("--territory", help="A département, a region, or FR; may be repeated.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="A kind of data, or all; may be repeated.")]
RoleName = Annotated[str, typer.Option(help="agent, team_lead, data_scientist or administrator.")]
Until = Annotated[str | None, typer.Option(help="Last day of the right, YYYY-MM-DD; without end if not given.")]
NoPassword = Annotated[bool, typer.Option("--no-password", help="Signs in with the provider.")]


@users.command("list")
def list_users(data: Data = None) -> None:
    """The accounts: what each may see, since when, until when, and when it signed in last."""
    from reports.review import identity

    found = identity.all_accounts(review_database(load(data=data)))
    for user in found:
        state = "open" if user.is_open else "closed"
        signed_in = f"{user.last_sign_in_at:%Y-%m-%d}" if user.last_sign_in_at else "never"
        out.print(f"{user.name}: {state}; {identity.told_right(user)}; last sign-in: {signed_in}", soft_wrap=True)
    out.print(f"{len(found):,} accounts.")


@users.command("add")
def add_user(
    name: Name,
    territory: Territories,
    kind: Kinds = None,
    role: RoleName = "agent",
    until: Until = None,
    signs_in_elsewhere: NoPassword = False,
    data: Data = None,
) -> None:
    """Create an account of the review application; the password is asked for, never an option."""
    from reports.review import accounts

    right, ends = _right(role, territory, kind), _day(until)
    accounts.checked_name(name)
    accounts.check_expiry(ends)
    engine, common = _accounts_of(data)
    password = None if signs_in_elsewhere else _asked_password()
    accounts.add_user(engine, name, *right, password, ends, common)
    out.print(f"{name}: {_told(*right)}.", soft_wrap=True)


@users.command("rights")
def change_rights(
    name: Name,
    territory: Territories,
    kind: Kinds = None,
    role: RoleName = "agent",
    until: Until = None,
    data: Data = None,
) -> None:
    """Give an account another right, in place of the one that it has; its sessions end."""
    from reports.review import accounts

    right = _right(role, territory, kind)
    accounts.change_right(review_database(load(data=data)), name, *right, _day(until))
    out.print(f"{name}: {_told(*right)}.", soft_wrap=True)


@users.command("administration")
def change_administration(
    name: Name,
    administration: Annotated[str, typer.Argument(help='As "DDFIP 35", written alike for all of its accounts.')],
    data: Data = None,
) -> None:
    """Say of which administration an account is: it shares notes on follow-ups with the others; "" for none."""
    from reports.review import accounts

    accounts.change_administration(review_database(load(data=data)), name, administration)
    out.print(f"{name}: {administration or 'no administration'}.", soft_wrap=True)


@users.command("close")
def close_user(name: Name, data: Data = None) -> None:
    """Close an account: its sessions end, and it can't sign in any more."""
    from reports.review import accounts

    accounts.close_account(review_database(load(data=data)), name)
    out.print(f"{name}: closed.")


@users.command("reopen")
def reopen_user(name: Name, data: Data = None) -> None:
    """Open an account again that was closed, or whose right had ended; the right is the one that it had."""
    from reports.review import accounts

    accounts.reopen_account(review_database(load(data=data)), name)
    out.print(f"{name}: open again.")


@users.command("unlock")
def unlock_user(name: Name, data: Data = None) -> None:
    """Forget the wrong passwords of an account: the next one may be tried at once."""
    from reports.review import accounts

    accounts.unlock_account(review_database(load(data=data)), name)
    out.print(f"{name}: may sign in at once.")


@users.command("reset")
def reset_user(name: Name, signs_in_elsewhere: NoPassword = False, data: Data = None) -> None:
    """Give an account another password, which is asked for, or none; its sessions end."""
    from reports.review import accounts

    engine, common = _accounts_of(data)
    password = None if signs_in_elsewhere else _asked_password()
    accounts.set_password(engine, name, password, common)
    out.print(f"{name}: {'no password any more' if password is None else 'new password'}.")


def _accounts_of(data: Path | None) -> tuple[Any, Path | None]:
    """The database, and the list of passwords that are refused."""
    from reports.review.configuration import read_configuration

    settings = load(data=data)
    return review_database(settings), read_configuration(data=settings.data).common_passwords


def _right(role: str, territory: list[str], kind: list[str] | None) -> tuple[str, list[str], list[str]]:
    """What is wrong with the right is told before a password is asked for."""
    from reports.review.access import Kind, right_of

    kinds = [str(one) for one in Kind] if kind == ["all"] else kind or []
    right_of(role, territory, kinds)
    return role, territory, kinds


def _told(role: str, territory: list[str], kinds: list[str]) -> str:
    return f"{role}, {', '.join(territory)}, {', '.join(kinds) or 'no kind of data'}"


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f'"{text}" is no day. Write it as YYYY-MM-DD.') from None


def _asked_password() -> str:
    """The password, typed twice.

    Raises InputError where passwords of ours are switched off.
    """
    from reports.review.configuration import read_configuration

    if not read_configuration().local_passwords:
        raise InputError("Passwords are switched off (WEAKSIGNALS_REVIEW_LOCAL_PASSWORDS). Give --no-password.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
