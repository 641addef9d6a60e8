"""A PostgreSQL database to a file and back, by PostgreSQL's own programs; a password is never an argument."""

import os
import subprocess
from pathlib import Path

import sqlalchemy as sa

from features.errors import InputError

INSTALL = "Install PostgreSQL's client, of the server's version or newer"


def dump(database: sa.URL, target: Path) -> Path:
    """Write all of a database, as it is at one moment, to a file."""
    _run(database, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return target


def fill(database: sa.URL, dumped: Path) -> None:
    """Make an empty database what was dumped, whole or not at all."""
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run(database, "pg_restore", *options, str(dumped))


def refuse_filled(database: sa.URL) -> None:
    """Raise InputError where there is a table already."""
    engine = sa.create_engine(database)
    try:
        if sa.inspect(engine).get_table_names():
            shown = database.render_as_string(hide_password=True)
            raise InputError(f"{shown} is not empty: nothing is replaced. Name an empty database.")
    finally:
        engine.dispose()


def _run(database: sa.URL, program: str, *options: str) -> None:
    address = database.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": str(database.password)} if database.password else {}
    try:
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [program, f"--dbname={address}", *options],
            env={**os.environ, **secret},
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise InputError(f"{program} is not installed. {INSTALL}.") from None
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise InputError(f"{program} could not do it: {reason}. {INSTALL}, and see that the server is up.") from None
