"""Settings of the review application, from WEAKSIGNALS_REVIEW_* variables."""

from datetime import timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.errors import InputError
from features.variables import PREFIX as PREFIX_OF_ALL
from features.variables import refuse_unknown_variables
from reports.review.access import Role, right_of

OURS = "REVIEW_"
# In the data folder: what agents write, where no other database is set.
FOLDER = "review"
PREFIX = f"{PREFIX_OF_ALL}{OURS}"
DATABASE_FILE = "review.db"


class ProvidedRight(BaseModel):
    """What whoever has a value of the provider's claim may see: as in `weaksignals users add` and `administration`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    role: str = Role.AGENT
    territories: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    administration: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        try:
            right_of(self.role, self.territories, self.kinds)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self


class Configuration(BaseSettings):
    """How the application is run; unknown keys are refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data: Path = Field(Path("data"), description="The data folder, which is only read, but for its `review/`.")
    database: str = Field("", description="SQLAlchemy address of the database; SQLite in the data folder if empty.")
    is_local: bool = Field(False, description="A try-out on this machine: cookies travel without HTTPS.")
    texts: Path | None = Field(
        None,
        description="Folder of the administration's texts: legal.fr.txt, privacy, accessibility, confidentiality; "
        "register.toml.",
    )
    administration: str = Field("", max_length=120, description="Name of the administration, shown on every page.")
    logo: Path | None = Field(None, description="Its logo: a PNG, JPEG, GIF, WebP or plain SVG file, 500 kB at most.")
    directory: str = Field(
        "https://annuaire-entreprises.data.gouv.fr/entreprise/{siren}",
        description="Address of a firm in a public directory, with {siren}; no link if empty.",
    )
    address: str = Field(
        "", description="Address at which people open the application, https://..., for links in mails and calendars."
    )
    contact: str = Field("", description="Whom to write to, to contest a result or correct wrong data.")
    public_figures: bool = Field(
        False, description="Whether everyone may read how many firms are on alert, without any firm, at /figures."
    )
    session_hours: int = Field(10, ge=1, le=24, description="Hours after which one must sign in again.")
    idle_minutes: int = Field(
        120, ge=5, le=24 * 60, description="Minutes without any page after which one must sign in again."
    )
    common_passwords: Path | None = Field(
        None, description="A list of passwords that are guessed first, one a line, which others maintain: refused."
    )
    time_zone: str = Field("Europe/Paris", description="In which the log is shown and filtered.")
    log_months: int | None = Field(
        None, ge=6, description="Months that the log is kept, six or more; for ever if not set."
    )
    oidc_issuer: str = Field("", description="OpenID Connect provider, e.g. https://sso.example/realms/signaux.")
    oidc_client_id: str = Field("", description="Our identifier at the provider.")
    oidc_client_secret: str = Field("", description="Our secret at the provider.")
    oidc_claim: str = Field("email", description="The claim that names the account.")
    oidc_scope: str = Field("openid email profile", description="What the provider is asked for.")
    oidc_verifies_emails: bool = Field(
        False, description="Whether each e-mail address of the provider is verified, even where it does not say so."
    )
    oidc_rights_claim: str = Field("", description="The claim by whose values the provider gives rights, e.g. groups.")
    oidc_rights: tuple[ProvidedRight, ...] = Field(
        (), description="The right for each value of that claim; the first that someone has counts."
    )
    local_passwords: bool = Field(True, description="Whether one may sign in with a password of ours.")
    secret: str = Field("", description="Signs the short cookie of an OpenID Connect sign-in; 32 characters or more.")
    trusted_header: str = Field(
        "", description="Header in which a reverse proxy names the account, e.g. X-Remote-User."
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="Addresses or networks of the reverse proxies in front, whatever the way of signing in; from them "
        "only, X-Forwarded-For, X-Forwarded-Proto and the trusted header are believed.",
    )

    def cookie(self, name: str) -> str:
        """A cookie's name: tied to this host and to HTTPS, but in a try-out."""
        return name if self.is_local else f"__Host-{name}"

    @property
    def zone(self) -> ZoneInfo:
        """In which the log is shown."""
        return ZoneInfo(self.time_zone)

    @property
    def idle(self) -> timedelta:
        """How long a session may rest."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.data.resolve() / FOLDER / DATABASE_FILE}"


def variables() -> frozenset[str]:
    """The variables that may be set, without the prefix that all have."""
    return frozenset(f"{OURS}{name.upper()}" for name in Configuration.model_fields)


def read_configuration(**given: object) -> Configuration:
    """The configuration; what is given (not None) wins over the variables.

    Raises InputError naming what is unknown, impossible or only half set.
    """
    refuse_unknown_variables(variables(), {}, PREFIX)
    try:
        found = Configuration(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"The settings of the review application are not right: {problems}.") from None
    if found.oidc_issuer and (not found.oidc_client_id or len(found.secret) < 32):
        raise InputError(
            "OpenID Connect needs WEAKSIGNALS_REVIEW_OIDC_CLIENT_ID and a WEAKSIGNALS_REVIEW_SECRET of 32 characters."
        )
    if found.directory and not (found.directory.startswith("https://") and "{siren}" in found.directory):
        raise InputError(
            "WEAKSIGNALS_REVIEW_DIRECTORY is no address of a directory: it starts with https:// and holds {siren}."
        )
    if found.time_zone not in available_timezones():
        raise InputError(f'"{found.time_zone}" is no time zone. Write it as "Europe/Paris" or "Indian/Reunion".')
    if bool(found.oidc_rights) != bool(found.oidc_rights_claim):
        raise InputError("WEAKSIGNALS_REVIEW_OIDC_RIGHTS and WEAKSIGNALS_REVIEW_OIDC_RIGHTS_CLAIM go together.")
    if not (found.local_passwords or found.oidc_issuer or found.trusted_header):
        raise InputError(
            "Without local passwords nobody could sign in: set WEAKSIGNALS_REVIEW_OIDC_ISSUER or "
            "WEAKSIGNALS_REVIEW_TRUSTED_HEADER, or WEAKSIGNALS_REVIEW_LOCAL_PASSWORDS=true."
        )
    if found.trusted_header and not found.trusted_proxies:
        raise InputError(
            "WEAKSIGNALS_REVIEW_TRUSTED_HEADER needs WEAKSIGNALS_REVIEW_TRUSTED_PROXIES, "
            'e.g. ["127.0.0.1"]: anyone else could forge the header.'
        )
    return found
