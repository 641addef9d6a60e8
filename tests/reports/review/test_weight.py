"""What a worker of the application carries from its start."""

import subprocess
import sys

# Each is needed by some requests or some installations only; or by what trains models, never by the application.
NOT_AT_START = (
    "pandas",
    "pyarrow",
    "reportlab",
    "authlib",
    "httpx2",
    "lightgbm",
    "sklearn",
    "numba",
    "optuna",
    "shap",
    "matplotlib",
    "prefect",
)


def test_a_worker_starts_without_what_few_requests_need():
    code = "import sys, reports.review.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(NOT_AT_START) & set(loaded) == set()
