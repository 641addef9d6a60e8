"""The notebooks are two files of one text, hold no output and no logic, and run on a small simulated set."""

import ast
import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from flows import listing, modelling
from flows.settings import load
from models.protocol import Hyperparameters
from models.training import training
from tests.economy import SHORT, made_once

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NAMES = ("explore_features", "train_challenger", "read_explanations", "gains")
# It trains as of a month that leaves little history here, and some thirty times.
SETTINGS = {
    "gains": {
        "VALIDATION_MONTHS": "2",
        "TEST_MONTHS": "2",
        "EVERY_MONTHS": "1",
        "HYPERPARAMETERS": '{"n_estimators": 20, "min_child_samples": 50}',
    }
}
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def stored(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_every_notebook_is_tested():
    assert {path.stem for path in FOLDER.iterdir() if path.suffix in (".py", ".ipynb")} == set(NAMES)


def test_both_files_are_one_text(name):
    assert cells(jupytext.read(FOLDER / f"{name}.py")) == cells(stored(name))


def test_no_output_is_stored(name):
    code = [cell for cell in stored(name).cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_notebooks_import_logic_and_define_none(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, LOGIC)]
    imported = {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported & {"features", "models"}


def test_notebooks_say_simulated_and_name_no_folder_of_a_machine(name):
    for path in (FOLDER / f"{name}.py", FOLDER / f"{name}.ipynb"):
        text = path.read_text()
        assert "**simulated**" in text
        assert "WEAKSIGNALS_DATA" in text
        assert not [word for word in ("/home/", "/root/", "/Users/", str(ROOT)) if word in text]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A published list of some 700 firms, by a model as small as serves, without other challengers beside it."""
    root = tmp_path_factory.mktemp("notebooks") / "data"
    shutil.copytree(made_once(tmp_path_factory), root, symlinks=True)
    few = Hyperparameters(n_estimators=60, min_child_samples=50)
    settings = load(data=root, language="en", refits=1, hyperparameters=few, **SHORT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "CHALLENGERS", {})
        modelling.train(settings, None, print)
    listing.score(settings, None, print)
    return root


@pytest.mark.slow
# The kernel's client and the libraries that it starts warn of what is not ours.
@pytest.mark.filterwarnings("ignore")
def test_each_notebook_runs_from_top_to_bottom(name, data, tmp_path, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_DATA", str(data))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for variable, value in SETTINGS.get(name, {}).items():
        monkeypatch.setenv(f"WEAKSIGNALS_{variable}", value)
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    notebook = stored(name)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert "simulated" in json.dumps(outputs)
