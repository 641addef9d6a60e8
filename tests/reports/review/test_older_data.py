"""Pages and their exports say which figures are made of data that are older than the newest delivery."""

import re
from datetime import date

from reports.reasons import FEATURES, REASON_SETTINGS, ReasonSettings
from tests.reports.review.conftest import app_on, rewrite, shown, signed_in

FIRM = "552100554"


def test_a_firms_figures_its_exports_and_its_list_say_from_when_older_data_are(copied, tmp_path):
    settings = ReasonSettings({"debt": 1.0}, 5, {"debts": date(2023, 11, 1)}).as_json()
    path = copied / "lists" / "2024-02" / "target_list.parquet"
    rewrite(path, lambda table: table.replace_schema_metadata({"simulated": "true", REASON_SETTINGS: settings}))
    agent = signed_in(app_on(copied, tmp_path), "paris")
    french = {"accept-language": "fr"}
    page = shown(agent.get(f"/firms/{FIRM}?list=2024-02", **french))
    assert f"{FEATURES['debt'].fr} (données arrêtées à novembre 2023)</summary>" in page
    assert f"{FEATURES['paydex'].fr}</summary>" in page
    sentence = "Données plus anciennes que la dernière livraison : débits de cotisations (URSSAF)"
    assert sentence in page
    assert sentence in shown(agent.get("/lists/2024-02", **french))
    document = agent.get(f"/firms/{FIRM}/firm.json?list=2024-02", **french).json()
    assert any(notice.startswith(sentence) for notice in document["notices"])
    assert any("(données arrêtées à novembre 2023)" in reason["sentence"] for reason in document["reasons"])
    assert "arrêtées à novembre 2023" in shown(agent.get("/lists/2024-02/export.json", **french))
    sheet = agent.get(f"/firms/{FIRM}/sheet.pdf?list=2024-02", **french).content
    # Each letter with an accent is a code of the embedded font.
    assert re.search(rb"es \\\d{3} novembre 2023", sheet)
