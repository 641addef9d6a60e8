"""Pages made from their templates; a page on simulated data says that they are simulated."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined, select_autoescape

from features.nomenclatures import mapping
from reports.charts import effect_bar, share_bar
from reports.effects import rounded_changes
from reports.review.access import READ_AUDIT, READ_RIGHTS, READ_WRONG_DATA, TERRITORY
from reports.review.database import now
from reports.review.guard import language_of
from reports.review.identity import Account
from reports.review.services import Services
from reports.review.tour import STEPS
from reports.review.wording import known
from reports.review.words import Words

ENVIRONMENT = Environment(
    loader=PackageLoader("reports", "templates/review"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def is_known(value: Any) -> bool:
    """Whether there is a value: defined, not None and not NaN."""
    return not isinstance(value, Undefined) and known(value) is not None


ENVIRONMENT.tests["known"] = is_known


def render(
    request: Request, services: Services, account: Account | None, name: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page, or the fragment of one."""
    return HTMLResponse(page(request, services, account, name, **context), status)


def page(request: Request, services: Services, account: Account | None, name: str, **context: Any) -> str:
    """The text of a page; `is_simulated` is said unless the context knows better."""
    words = Words(language_of(request))
    shown = {
        "w": words,
        "say": words.say,
        "account": account,
        "audit": READ_AUDIT,
        "rights": READ_RIGHTS,
        "has_passwords": services.configuration.local_passwords,
        "wrong_data": READ_WRONG_DATA,
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "texts": services.texts.public,
        "contact": services.configuration.contact,
        "administration": services.configuration.administration,
        "has_logo": services.logo is not None,
        "directory": services.configuration.directory,
        "is_simulated": False,
        "departement_label": lambda code: mapping("departements", "departement", "departement_label").get(code, ""),
        "rounded_changes": rounded_changes,
        "effect_bar": effect_bar,
        "share_bar": share_bar,
        "territory": TERRITORY,
        "has_public_figures": services.configuration.public_figures,
        "today": now().date(),
        # Nobody is shown around before they have accepted the notice.
        "steps": STEPS if account and account.has_accepted(services.texts.notice) else (),
    }
    return ENVIRONMENT.get_template(name).render(**{**shown, **context})
