"""Pictures of the review application for the README. Run: python pictures/take.py DATA OUT

DATA: a data folder, e.g. that of `weaksignals demo`; its review database is not touched.
It needs Debian's chromium. `make pictures` makes the demo and takes them.
"""

import argparse
import re
import secrets
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

from reports.review import accounts
from reports.review.access import Kind
from reports.review.app import create_app
from reports.review.configuration import read_configuration

PORT = 8766
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Serve, sign in, and take a picture of home, territory, list, its first firm and its follow-up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    password = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        database = f"sqlite:///{scratch}/review.db"
        app = create_app(read_configuration(data=given.data, database=database, is_local=True))
        kinds = [str(kind) for kind in Kind]
        accounts.add_user(app.state.services.engine, "camille", "team_lead", ["FR"], kinds, password)
        server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="error"))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.05)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(base_url=f"http://127.0.0.1:{PORT}", viewport={"width": 1280, "height": 860})
        page.goto("/language/en?back=/sign-in")
        page.fill("[name=name]", "camille")
        page.fill("[name=password]", password)
        page.click("main button")
        page.wait_for_url(re.compile("/$"))
        page.click("text=Skip the first steps")
        page.screenshot(path=given.out / "home.png")
        page.goto("/territory")
        page.locator("#departements").scroll_into_view_if_needed()
        page.locator("section[aria-labelledby=departements]").screenshot(path=given.out / "territory.png")
        page.goto("/lists")
        page.screenshot(path=given.out / "list.png")
        page.set_viewport_size({"width": 1280, "height": 1200})
        page.click("table.firms tbody tr a")
        page.screenshot(path=given.out / "firm.png")
        follow(page)
        page.screenshot(path=given.out / "follow_up.png")
        browser.close()
        server.should_exit = True


def follow(page: Page) -> None:
    """Open a follow-up of the firm that is shown, so that there is one to take a picture of."""
    page.click("nav.tabs a[href*='/follow-up']")
    day = datetime.now(UTC).date()
    page.select_option("[name=state]", "contacted")
    page.select_option("[name=in_charge]", "camille")
    page.fill("[name=next_on]", f"{day + timedelta(days=5)}")
    page.fill("[name=next_step]", "Visit, with the accountant")
    page.fill("[name=note]", "First call: the manager asks for a payment plan.")
    page.locator("summary").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")
    page.check("[name=difficulties][value=cash]")
    page.fill("[name=action_payment_plan]", f"{day}")
    page.click("form[data-draft] button")
    page.wait_for_selector("[role=status]")
    page.evaluate("scrollTo(0, 0)")


if __name__ == "__main__":
    main()
