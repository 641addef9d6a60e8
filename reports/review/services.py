"""What the application holds for as long as it runs."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from reports.review.audit import Quota
from reports.review.brand import Logo
from reports.review.configuration import Configuration
from reports.review.data import Reader
from reports.review.texts import Texts


@dataclass(frozen=True)
class Services:
    """Its settings, database, data, texts and logo, and how much strangers may still write into the log."""

    configuration: Configuration
    engine: sa.Engine
    reader: Reader
    texts: Texts = field(default_factory=Texts)
    logo: Logo | None = None
    sign_ins: Quota = field(default_factory=Quota)
    strangers: Quota = field(default_factory=Quota)

    @property
    def cookie(self) -> str:
        """The session's cookie."""
        return self.configuration.cookie("weaksignals")
