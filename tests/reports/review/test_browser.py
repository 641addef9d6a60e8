"""The main paths in a real browser, with axe on every page."""

import re
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from functools import cache

import pytest
import uvicorn

from reports.review.app import create_app
from reports.review.configuration import read_configuration
from tests.reports.review.conftest import PASSWORD, add_accounts
from tests.reports.review.test_territory import larger

sync_api = pytest.importorskip("playwright.sync_api", reason="The dev packages are not installed.")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="The dev packages are not installed.")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="No Chromium on this machine: apt-get install chromium"),
    # The servers of the tests end with their threads.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# Milliseconds.
PATIENCE = 120_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def served(app):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def address(app):
    with served(app) as found:
        yield found


@pytest.fixture(scope="module")
def figures(data_template, tmp_path_factory):
    """An application with enough firms for figures that are not all masked, open to everyone."""
    folder = tmp_path_factory.mktemp("figures")
    data = larger(data_template, folder / "data")
    database = f"sqlite:///{folder / 'r.db'}"
    app = create_app(read_configuration(data=data, database=database, is_local=True, public_figures=True))
    add_accounts(app)
    with served(app) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        # Another process of the tests may train a model meanwhile, on both cores.
        sync_api.expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, name, is_quiet=True, session=None, **settings):
    """A page of a signed-in user; what the browser complains of fails the test, unless it is expected to.

    session: the one that is gone on with, on a blank page; if not given, the user signs in, and sees a list.
    """
    context = browser.new_context(base_url=address, locale="fr-FR", storage_state=session, **settings)
    context.set_default_timeout(PATIENCE)
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    if session is None:
        page.goto("/sign-in")
        page.get_by_label("Nom du compte").fill(name)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(f"{address}/")
        page.goto("/lists/2024-02")
    yield page
    context.close()
    assert not (is_quiet and complaints)


@pytest.fixture(scope="module")
def session_of(browser):
    """The session of a user who signed in once, for pages that are only looked at."""

    @cache
    def begun(address, name):
        with opened(browser, address, name) as page:
            return page.context.storage_state()

    return begun


# What an agent does all day is done on a telephone too.
WIDTHS = pytest.mark.parametrize("width", [1280, 400])


def wide(width):
    return {"viewport": {"width": width, "height": 800}}


@WIDTHS
def test_an_agent_signs_in_filters_opens_a_firm_answers_and_exports(browser, address, width):
    with opened(browser, address, "paris", **wide(width)) as page:
        page.get_by_label("Nom, SIREN ou SIRET").fill("552 100 554")
        page.get_by_role("button", name="Afficher").click()
        page.wait_for_url("**q=552*")
        expect = sync_api.expect
        expect(page.locator("table.firms tbody tr")).to_have_count(1)
        page.get_by_role("link", name="ATELIERS DURAND").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("ATELIERS DURAND")
        points = [float(x) for x in page.locator("[data-points]").evaluate_all("all => all.map(x => x.dataset.points)")]
        start, end = page.locator("[data-risk]").evaluate_all("all => all.map(x => Number(x.dataset.risk))")
        assert round(start + sum(points), 1) == end
        shown = page.locator(".risk .figure").inner_text()
        assert float(re.sub("[^0-9,]", "", shown).replace(",", ".")) == end
        page.get_by_label("utile", exact=True).check()
        page.get_by_label("Motif").select_option("already_known")
        page.get_by_role("button", name="Enregistrer l'avis").click()
        expect(page.get_by_role("status")).to_have_text("Votre réponse est enregistrée.")
        expect(page.get_by_role("status")).to_be_in_viewport()
        form = page.locator("form[action*=wrong-data]")
        if not form.is_visible():
            page.locator("summary", has_text="La signaler").click()
        form.locator("textarea").fill("12 salariés, pas 20")
        with page.expect_navigation():
            form.get_by_role("button").click()
        expect(page.get_by_role("status")).to_be_in_viewport()
        # The points of each theme are there to be read, whatever the width.
        for cell in page.locator("#effects .number[data-points], #effects .number[data-risk]").all():
            box = cell.bounding_box()
            assert box["x"] + box["width"] <= width
        with page.expect_download() as download:
            page.get_by_role("link", name="Fiche de visite").click()
        assert download.value.suggested_filename == "weaksignals-552100554-2024-02.pdf"
        page.goto("/lists/2024-02")
        with page.expect_download() as download:
            page.get_by_role("link", name="XLSX").click()
        assert download.value.suggested_filename == "weaksignals-2024-02.xlsx"


def test_a_box_ticked_filters_without_leaving_the_page_and_the_address_keeps_it(browser, address):
    with opened(browser, address, "admin") as page:
        before = page.locator("table.firms tbody tr").count()
        page.get_by_label("sans alerte").check()
        page.wait_for_url("**alert=none*")
        sync_api.expect(page.locator("table.firms tbody tr")).not_to_have_count(before)
        page.reload()
        assert page.get_by_label("sans alerte").is_checked()


@WIDTHS
def test_back_forward_reload_and_a_new_tab_show_the_whole_page_of_what_was_asked(browser, address, width):
    with opened(browser, address, "admin", **wide(width)) as page:
        rows, expect = page.locator("table.firms tbody tr"), sync_api.expect
        before = rows.count()
        page.get_by_label("sans alerte").check()
        page.wait_for_url("**alert=none*")
        expect(rows).not_to_have_count(before)
        after = rows.count()
        page.go_back()
        expect(rows).to_have_count(before)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert not page.get_by_label("sans alerte").is_checked()
        page.go_forward()
        expect(rows).to_have_count(after)
        tab = page.context.new_page()
        tab.goto(page.url)
        expect(tab.locator("table.firms tbody tr")).to_have_count(after)
        assert tab.get_by_label("sans alerte").is_checked()
        tab.close()
        rows.locator("th a").first.click()
        page.go_back()
        expect(rows).to_have_count(after)
        assert page.get_by_label("sans alerte").is_checked()


@WIDTHS
def test_a_session_that_ended_is_told_and_loses_nothing_of_what_was_typed(browser, address, width):
    with opened(browser, address, "paris", is_quiet=False, **wide(width)) as page:
        page.goto("/firms/552100554/follow-up?list=2024-02")
        note = page.locator("form[data-draft*=follow-ups] textarea[name=note]")
        page.locator("summary", has_text="Difficultés constatées").click()
        page.get_by_label("trésorerie").check()
        note.fill("vue le 3\nà rappeler")
        page.context.clear_cookies()
        page.get_by_role("button", name="Enregistrer le suivi").click()
        sync_api.expect(page.get_by_role("alert")).to_contain_text("cet onglet a gardé votre saisie")
        page.get_by_label("Nom du compte").fill("paris")
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url("**/firms/552100554/follow-up*")
        assert note.input_value() == "vue le 3\nà rappeler"
        ticked = page.locator("input[name=difficulties]:checked")
        assert ticked.evaluate_all("all => all.map(one => one.value)") == ["cash"]
        page.get_by_role("button", name="Enregistrer le suivi").click()
        status = page.get_by_role("status")
        sync_api.expect(status).to_be_in_viewport()
        page.locator("select[name=state]").select_option("closed")
        page.get_by_role("button", name="Enregistrer le suivi").click()
        sync_api.expect(page.get_by_role("alert")).to_be_in_viewport()
        page.goto("/firms/552100554/follow-up?list=2024-02")
        assert note.input_value() == ""
        assert page.locator(".log .note").first.inner_text() == "vue le 3\nà rappeler"
        note.fill("autre chose")
        page.reload()
        assert note.input_value() == "autre chose"
        page.goto("/lists/2024-02")
        page.context.clear_cookies()
        # Not `check`: the box may be gone before it is seen to be ticked.
        page.get_by_label("sans alerte").click()
        page.wait_for_url("**/sign-in?next=*alert*")


def test_everything_works_without_javascript(browser, address):
    with opened(browser, address, "paris", java_script_enabled=False) as page:
        page.get_by_label("Nom, SIREN ou SIRET").fill("boulangerie")
        page.get_by_role("button", name="Afficher").click()
        page.get_by_role("link", name="BOULANGERIE").click()
        page.get_by_role("link", name="Suivre cette entreprise").click()
        page.get_by_label("Date", exact=True).fill("2024-02-05")
        page.get_by_label("Prochaine échéance").fill("2024-03-05")
        page.get_by_label("Responsable").select_option("paris")
        page.get_by_role("button", name="Enregistrer le suivi").click()
        assert page.get_by_role("status").inner_text() == "Votre réponse est enregistrée."
        page.get_by_role("link", name="Suivis").click()
        page.get_by_label("Présentation").select_option("board")
        page.get_by_role("button", name="Afficher").click()
        assert "BOULANGERIE" in page.locator(".board").inner_text()
        with page.expect_download() as download:
            page.get_by_role("link", name="Agenda (.ics)").click()
        assert download.value.suggested_filename == "weaksignals-follow-ups.ics"


@pytest.mark.parametrize(
    ("name", "theirs", "others"),
    [("paris", "552100554", "350000008"), ("bretagne", "350000008", "552100554"), ("lyon", "690000001", "552100554")],
)
def test_each_user_reaches_their_firms_and_no_other(browser, address, name, theirs, others):
    with opened(browser, address, name) as page:
        assert page.goto(f"/firms/{theirs}").status == 200
    with opened(browser, address, name, is_quiet=False) as page:
        assert page.goto(f"/firms/{others}").status == 404
        assert "hors de votre territoire" in page.locator("h1").inner_text()


# Each width in one theme: contrast does not depend on the width, nor what fits on the colours.
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (400, "dark")])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/lists/2024-02?q=a",
        "/lists/2024-02?q=zzz",
        "/firms/552100554",
        "/firms/552100554/history",
        "/firms/552100554/lineage",
        "/firms/552100554/follow-up",
        "/firms/350000008/follow-up",
        "/follow-ups?scope=all",
        "/follow-ups?scope=all&view=board",
        "/follow-ups?scope=all&view=calendar",
        "/account",
        "/accounts",
        "/audit",
        "/wrong-data",
        "/algorithm",
        "/algorithm/data",
        "/algorithm/evaluation",
        "/algorithm/register",
        "/guide",
        "/sign-in",
    ],
)
def test_pages_are_accessible_and_fit_their_screen(browser, session_of, address, path, width, theme):
    with opened(
        browser, address, "admin", session=session_of(address, "admin"), color_scheme=theme, **wide(width)
    ) as page:
        # An address that sends one on to sign in would be looked at in its place.
        assert page.goto(path).url == f"{address}{path}"
        check_page(page, width)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (400, "dark"), (1280, "dark")])
@pytest.mark.parametrize("path", ["/", "/territory", "/figures", "/lists/2024-02"])
def test_pages_of_figures_are_accessible_and_fit_their_screen(browser, session_of, figures, path, width, theme):
    with opened(
        browser, figures, "bretagne", session=session_of(figures, "bretagne"), color_scheme=theme, **wide(width)
    ) as page:
        assert page.goto(path).url == f"{figures}{path}"
        check_page(page, width)


def check_page(page, width):
    """No rule of accessibility is broken, and nothing is wider than the screen, with all details open."""
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    found = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    said = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", ["parts", "beside"])
def test_the_long_name_of_an_activity_fits_a_narrow_screen(browser, session_of, address, kind):
    cells = "<td class=number>Activités spécialisées, scientifiques et techniques (section M)</td><td class=number>+0,3</td>"
    table = f"<table class={kind}><tbody><tr><th>Section d'activité (NAF)</th>{cells}</tr></tbody></table>"
    with opened(browser, address, "admin", session=session_of(address, "admin"), **wide(400)) as page:
        page.goto("/firms/552100554")
        page.evaluate("table => document.querySelector('main .card').insertAdjacentHTML('beforeend', table)", table)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_keyboard_alone_reaches_the_content(browser, address):
    with opened(browser, address, "paris") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_a_square_of_the_map_leads_by_keyboard_to_the_firms_of_its_departement(browser, figures):
    with opened(browser, figures, "bretagne") as page:
        page.goto("/territory")
        square = page.get_by_role("link", name="Ille-et-Vilaine : 30 en alerte, soit 30 % de ses entreprises")
        square.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/lists/2024-02?departement=35")
        sync_api.expect(page.locator(".counts strong")).to_have_text("30")


def test_several_departements_are_chosen_in_a_menu_that_closes_as_menus_do(browser, figures):
    with opened(browser, figures, "bretagne") as page:
        expect, menu = sync_api.expect, page.locator("details.many").first
        menu.locator("summary").click()
        page.get_by_label("35 – Ille-et-Vilaine").check()
        expect(page.locator(".counts strong")).to_have_text("30")
        page.get_by_label("22 – Côtes-d'Armor").check()
        expect(page.locator(".counts strong")).to_have_text("33")
        page.wait_for_url("**departement=22&departement=35**")
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        menu.locator("summary").click()
        page.locator("h1").click()
        expect(menu).not_to_have_attribute("open", "")
        page.reload()
        expect(page.locator(".chips li")).to_have_count(1)


def test_a_chart_tells_its_values_by_keyboard_and_under_the_pointer(browser, address):
    with opened(browser, address, "paris") as page:
        page.goto("/firms/552100554")
        plot = page.get_by_role("slider").first
        plot.focus()
        newest = plot.get_attribute("aria-valuetext")
        assert re.match(r"à 18 mois : [\d,]+ % \(.* à .*\)$", newest)
        page.keyboard.press("Home")
        before = plot.get_attribute("aria-valuetext")
        assert re.match(r"01/2024 – [\d,]+ %$", before)
        assert plot.locator(".said").inner_text().split() == before.split()
        plot.locator(".reading").last.hover()
        assert plot.get_attribute("aria-valuetext") == newest


def test_what_is_printed_is_light_and_holds_no_menu(browser, address):
    with opened(browser, address, "paris", color_scheme="dark") as page:
        page.goto("/firms/552100554")
        page.emulate_media(media="print", color_scheme="dark")
        assert not page.get_by_role("navigation").first.is_visible()
        colour = "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
        assert page.evaluate(colour) == "#1b1b1f"


def test_the_first_steps_are_taken_without_javascript_and_seen_again(browser, address):
    with opened(browser, address, "lyon", java_script_enabled=False) as page:
        for button in ("Suivante", "Suivante", "J'ai compris"):
            page.get_by_role("complementary", name="Premiers pas").get_by_role("button", name=button).click()
        assert page.get_by_text("Premiers pas,").count() == 0
        page.get_by_role("link", name="Guide").click()
        page.get_by_role("button", name="Revoir les premiers pas").click()
        sync_api.expect(page.get_by_role("heading", name="Premiers pas, 1 sur 3")).to_be_visible()
