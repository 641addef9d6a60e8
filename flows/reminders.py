"""The weekly reminder of follow-ups, by the mail server of `[notify]`: each mail to one person, of what is theirs."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from features.errors import InputError
from flows.notifying import reason, send_mail
from flows.settings import Settings
from reports.language import Language
from reports.review.cases import digest
from reports.review.configuration import read_configuration
from reports.review.data import NotPublishedError, Reader
from reports.review.database import now, open_database
from reports.review.texts import read_texts
from reports.review.words import Words


@dataclass(frozen=True)
class Reminder:
    """What became of a mail. problem: why it could not be sent, blank where it was."""

    to: str
    problem: str = ""


def remind(settings: Settings, is_sent: bool = True) -> Iterator[Reminder]:
    """Write to everyone who has something to be reminded of, once a week at most. is_sent: False only finds them.

    Raises InputError where there is no mail server, or no list yet.
    """
    if is_sent and not settings.notify.smtp_host:
        raise InputError("There is no mail server to send reminders by. Set smtp_host in [notify] of weaksignals.toml.")
    configuration = read_configuration(data=settings.data)
    engine = open_database(configuration.database_url)
    reader, words = Reader(settings.data), Words(Language(settings.language))
    notice = read_texts(configuration.texts).notice
    try:
        for mail in digest.digests(reader, engine, notice, words, configuration.address, now()):
            yield _sent(settings, engine, mail) if is_sent else Reminder(mail.to)
    except NotPublishedError:
        raise InputError("No list is published yet: there is nothing to remind of.") from None
    finally:
        engine.dispose()


def _sent(settings: Settings, engine: sa.Engine, mail: digest.Digest) -> Reminder:
    try:
        send_mail(settings.notify, [mail.to], mail.subject, mail.text)
    # A server, a certificate, an address: the others are written to all the same.
    except Exception as error:
        return Reminder(mail.to, reason(error, settings.notify))
    digest.remember(engine, mail.to)
    return Reminder(mail.to)
