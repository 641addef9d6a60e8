"""Delays in paying suppliers (Altares): one line per firm and date."""

from features.sources.formats import count, day, number, percentage, siren
from features.sources.source import After, Column, Source

PAYMENT_DELAYS = Source(
    name="payment_delays",
    en="supplier payment delays",
    fr="retards de paiement aux fournisseurs",
    provider="Altares",
    files=("altares_paydex*.csv",),
    columns={
        "siren": Column("siren", siren),
        "measured_on": Column("date", day),
        "paydex": Column("paydex", number, unit="days"),
        "suppliers": Column("n_fournisseurs", count, unit="suppliers", required=False),
        "outstanding": Column("encours_étudiés", number, unit="EUR", required=False),
        "late_30_days_share": Column("fpi_30", percentage, unit="share", required=False),
        "late_90_days_share": Column("fpi_90", percentage, unit="share", required=False),
    },
    known_at=After("measured_on", 1),
    flow_key=("siren", "measured_on"),
)
