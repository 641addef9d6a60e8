"""Those whom the settings name are told of a run at its end, and of files put aside, by mail and by webhook.

What can't be sent is told as a sentence, and changes nothing else.
"""

import json
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from flows.addressees import FAILURE, LATE, QUARANTINE, REFUSAL, Addressees, Event
from flows.settings import Settings
from reports.language import Language
from reports.runs.notices import Notice, late_sources, notice, of_quarantine
from reports.runs.records import FAILED, KILLED, REFUSED, RunRecord

EVENTS: Final[dict[str, Event]] = {FAILED: FAILURE, KILLED: FAILURE, REFUSED: REFUSAL}


def notify(settings: Settings, record: RunRecord, page: Path) -> tuple[str, ...]:
    """Tell of a run, where something of it is to be told; what became of each message, as a sentence."""
    to = settings.notify
    late = late_sources(record, to.late_months)
    told = {EVENTS.get(record.outcome), LATE if late else None} & set(to.on)
    if not told:
        return ()
    message = notice(record, late, page.absolute(), Language(settings.language))
    return _sent(to, message, _of_run(record, message, page.absolute()))


def notify_of_quarantine(settings: Settings, reasons: Mapping[str, str]) -> tuple[str, ...]:
    """Tell of the files that were put into quarantine, if there are any; what became of each message, as a sentence.

    reasons: by name as it may be shown, in the language of the reports.
    """
    if not reasons or QUARANTINE not in settings.notify.on:
        return ()
    folder = settings.folder.quarantine.absolute()
    message = of_quarantine(reasons, folder, Language(settings.language))
    return _sent(settings.notify, message, {"quarantined": dict(reasons), "folder": str(folder)})


def _sent(to: Addressees, message: Notice, content: Mapping[str, object]) -> tuple[str, ...]:
    """Send a message in each way that is set. content: what a webhook receives beside the text."""
    ways: dict[str, Callable[[], None]] = {}
    if to.smtp_host:
        ways[f"by mail to {', '.join(to.email_to)}"] = lambda: send_mail(to, to.email_to, message.subject, message.text)
    if to.webhook_url:
        ways["by webhook"] = lambda: _post(to, message, content)
    return tuple(_tried(way, send, to) for way, send in ways.items())


def _tried(way: str, send: Callable[[], None], to: Addressees) -> str:
    try:
        send()
    # A server, a certificate, a name, an address: whatever it is, it is not worth a run.
    except Exception as error:
        return f"Could not be told {way}: {reason(error, to)}. Look at it with: weaksignals doctor"
    return f"Told {way}."


def reason(error: Exception, to: Addressees) -> str:
    """Why a message could not be sent, without any secret."""
    text = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
    for secret in filter(None, (to.smtp_password, to.webhook_url)):
        text = text.replace(secret, "***")
    return text


@contextmanager
def smtp(to: Addressees) -> Iterator[smtplib.SMTP]:
    """A session with the mail server, signed in where the settings say so."""
    wait, trusted = to.timeout_seconds, ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(to.smtp_host, to.smtp_port, timeout=wait, context=trusted)
        if to.smtp_security == "tls"
        else smtplib.SMTP(to.smtp_host, to.smtp_port, timeout=wait)
    )
    with server:
        if to.smtp_security == "starttls":
            server.starttls(context=trusted)
        if to.smtp_user:
            server.login(to.smtp_user, to.smtp_password)
        yield server


def take_mail(to: Addressees) -> None:
    """Raise an error where the mail server does not take messages from us; none is sent."""
    with smtp(to) as server:
        server.noop()


def answers(to: Addressees) -> None:
    """Raise an error where nothing answers at the webhook's address; nothing is posted."""
    try:
        with urlopen(Request(to.webhook_url, method="HEAD"), timeout=to.timeout_seconds):  # noqa: S310 - http(s) alone
            pass
    except HTTPError as error:
        # It answers, though not to a question that it was not made for.
        error.close()


def send_mail(to: Addressees, addresses: Sequence[str], subject: str, text: str) -> None:
    """Send a message by the mail server of the settings."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, to.email_from, ", ".join(addresses)
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=to.email_from.rpartition("@")[2])
    # No answer of an absent colleague is wanted.
    mail["Auto-Submitted"] = "auto-generated"
    # Servers that take seven bits alone are still about.
    mail.set_content(text, cte="quoted-printable")
    with smtp(to) as server:
        server.send_message(mail)


def _of_run(record: RunRecord, message: Notice, page: Path) -> dict[str, object]:
    return {
        "run_id": record.run_id,
        "flow": record.flow,
        "outcome": record.outcome,
        "period": f"{record.period:%Y-%m}" if record.period else None,
        "batch": record.batch or None,
        "sentence": record.sentence,
        "late_months": dict(message.late),
        "report": str(page),
    }


def _post(to: Addressees, message: Notice, content: Mapping[str, object]) -> None:
    # `text` is what chat servers show.
    body = json.dumps({"text": f"{message.subject}\n{message.text}", **content}).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"}
    request = Request(to.webhook_url, body, kind, method="POST")  # noqa: S310 - the settings allow http(s) alone
    with urlopen(request, timeout=to.timeout_seconds):  # noqa: S310 - the operator's own address
        pass
