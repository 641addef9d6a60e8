"""The commands around the review application: serve it, and what its agents answered.

The application is imported only by the commands that use it: the import takes a second.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from features import store
from features.errors import InputError
from flows.settings import Settings, load
from flows.terminal import Data, Words, err, out

verdicts = typer.Typer(help="What agents answered.", no_args_is_help=True)
follow_ups = typer.Typer(help="What agents do about firms.", no_args_is_help=True)
wrong_data = typer.Typer(help="What agents know to be wrong in the data.", no_args_is_help=True)


def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; a reverse proxy in front speaks HTTPS.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="Processes that answer.")] = 1,
    local: Annotated[bool, typer.Option("--local", help="Try it out on this machine, without HTTPS.")] = False,
    data: Data = None,
) -> None:
    """Serve the agents' application on the published lists. Settings: WEAKSIGNALS_REVIEW_* variables."""
    import uvicorn

    if local and host not in ("127.0.0.1", "::1", "localhost"):
        raise InputError("--local sends cookies without HTTPS: only to this machine. Leave --host as it is.")
    settings = load(data=data)
    os.environ["WEAKSIGNALS_REVIEW_DATA"] = str(settings.data.resolve())
    os.environ["WEAKSIGNALS_REVIEW_IS_LOCAL"] = str(local).lower()
    _say_where_everyone_comes_from(settings)
    if not local:
        _say_that_no_proxy_is_named()
    out.print(f"http://{host}:{port}  (accounts: weaksignals users add)", soft_wrap=True)
    # The application knows which proxies to believe: uvicorn would believe every one on this machine. It keeps a log of
    # its own: uvicorn's would tell whoever reads it what was searched, and the codes of sign-ins.
    uvicorn.run(
        "reports.review.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        proxy_headers=False,
        access_log=False,
        server_header=False,
    )


def _say_that_no_proxy_is_named() -> None:
    """Warn where nobody in front ends what a slow visitor keeps open, and no page comes by HTTPS."""
    from reports.review.configuration import read_configuration

    if not read_configuration().trusted_proxies:
        err.print(
            "No reverse proxy is named in WEAKSIGNALS_REVIEW_TRUSTED_PROXIES. The time-outs for slow visitors are the "
            "proxy's, and no password is taken but by HTTPS, as it tells: put one in front (deploy/nginx.conf) and "
            "name it. To try the application out on this machine: --local.",
            soft_wrap=True,
        )


def _say_where_everyone_comes_from(settings: Settings) -> None:
    """Warn where all visitors had one address: limits and log would take them for one."""
    from reports.review.audit import address_of_everyone

    engine = review_database(settings)
    address = address_of_everyone(engine)
    engine.dispose()
    if address:
        err.print(
            f"Everyone came from {address} of late: most likely a reverse proxy. Name it in "
            "WEAKSIGNALS_REVIEW_TRUSTED_PROXIES and have it set X-Forwarded-For, else limits and log take all visitors "
            "for one.",
            soft_wrap=True,
        )


def review_database(settings: Settings) -> Any:
    """The connection to what agents wrote."""
    from reports.review.configuration import read_configuration
    from reports.review.database import open_database

    return open_database(read_configuration(data=settings.data).database_url)


def contest(
    siren: Annotated[str, typer.Argument(help="The firm's SIREN.")],
    out_file: Annotated[Path | None, typer.Option("--out", help="Also write all of it there, as JSON.")] = None,
    language: Words = None,
    data: Data = None,
) -> None:
    """What the system holds and said of a firm, for the answer that the law asks for; that it was asked is logged."""
    from reports.language import Language
    from reports.review import contest as held_of
    from reports.review.data import Reader

    number = "".join(siren.split())
    if not (number.isascii() and number.isdecimal() and len(number) == 9):
        raise InputError(f'"{siren}" is no SIREN: give its nine digits.')
    settings = load(data=data, language=language)
    words, engine = Language(settings.language), review_database(settings)
    found = held_of.held(Reader(settings.data), engine, number, words)
    for line in held_of.told(found, words):
        out.print(line, soft_wrap=True)
    if out_file:
        store.write_text(out_file, json.dumps(held_of.as_document(found), ensure_ascii=False, indent=1, default=str))
    engine.dispose()


@verdicts.command("export")
def export_verdicts(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="The CSV file; where `monitor` reads it if not given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write the agents' current verdicts as CSV, with the SIREN, the list and the model of each."""
    from reports.review.chains import as_csv
    from reports.review.verdicts import VERDICT_COLUMNS, verdict_rows

    settings = load(data=data)
    file, rows = out_file or settings.folder.verdicts, verdict_rows(review_database(settings))
    store.write_text(file, as_csv(rows, VERDICT_COLUMNS))
    out.print(f"{len(rows):,} verdicts: {file}", soft_wrap=True)


@wrong_data.command("export")
def export_wrong_data(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="The CSV file; beside the verdicts if not given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write what agents reported as wrong as CSV, with what became of each report."""
    from reports.review.wrong_data import as_csv, reports_of

    settings = load(data=data)
    file = out_file or settings.folder.verdicts.with_name("wrong_data.csv")
    found = reports_of(review_database(settings))
    store.write_text(file, as_csv(found))
    out.print(f"{len(found):,} reports of wrong data: {file}", soft_wrap=True)


@follow_ups.command("export")
def export_follow_ups(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="The CSV file; where `monitor` reads it if not given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write the follow-ups as CSV, one row each: firm, list, which help came when, and the outcome. No person in it."""
    from reports.review.cases.export import as_csv
    from reports.review.cases.records import all_versions

    settings = load(data=data)
    file = out_file or settings.folder.follow_ups
    found = all_versions(review_database(settings))
    store.write_text(file, as_csv(found))
    out.print(f"{len(found):,} follow-ups: {file}", soft_wrap=True)


@follow_ups.command("digest")
def send_digest(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print who would be written to.")] = False,
    language: Words = None,
    data: Data = None,
) -> None:
    """Write to each agent whose account is an e-mail address what is theirs to do this week; once a week at most."""
    from flows import reminders

    found = list(reminders.remind(load(data=data, language=language), is_sent=not dry_run))
    failed = [one for one in found if one.problem]
    for one in found:
        told = f"could not be written to: {one.problem}" if one.problem else ("to be written to" if dry_run else "sent")
        (err if one.problem else out).print(f"{one.to}: {told}", soft_wrap=True)
    if failed:
        raise InputError(
            f"{len(failed)} of {len(found)} reminders could not be sent: see above. Look at the mail server with "
            "weaksignals doctor, then run the same command: who was written to is not written to again."
        )
    out.print(f"{len(found):,} reminders{' to send' if dry_run else ''}.")
