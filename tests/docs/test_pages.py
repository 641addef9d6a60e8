"""The site is whole: every page has its place, what is generated is complete, and nothing comes from the network."""

import re
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po

from docs.generate import rooms
from docs.generate.commands import all_commands
from docs.generate.pages import pages
from features.assemble import CATALOG
from features.sources import SOURCES
from flows.settings import Settings
from reports.list_columns import LIST_COLUMNS
from reports.review.codes import FIELDS
from reports.review.columns import COLUMNS
from reports.review.configuration import Configuration

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def generated():
    return pages()


def places(navigation):
    for entry in navigation:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from [below] if isinstance(below, str) else places(below)


def test_the_navigation_holds_every_page_once(generated):
    written = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if "reference" not in path.parts}
    made = {f"reference/{name}" for name in generated if name.endswith(".md")}
    found = list(places(SITE["nav"]))
    assert len(found) == len(set(found))
    assert set(found) == written | made


def test_nothing_is_fetched_from_the_network():
    assert SITE["theme"]["font"] is False
    assert not {"extra_css", "extra_javascript"} & set(SITE)
    assert "analytics" not in SITE.get("extra", {})
    for page in DOCS.rglob("*.md"):
        assert not re.search(r"!\[[^]]*]\(https?:|<(script|img|iframe)", page.read_text(encoding="utf-8")), page


def test_every_command_and_every_option_is_in_the_reference(generated):
    commands = dict(all_commands())
    assert {"weaksignals run", "weaksignals explain", "weaksignals models", "weaksignals models promote"} <= set(
        commands
    )
    for name, command in commands.items():
        section = generated["commands.md"].split(f"## {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert all(
                    f"`{', '.join(parameter.opts + parameter.secondary_opts)}`" in section for _ in parameter.opts
                )
            else:
                assert (parameter.metavar or parameter.name.upper()) in section


@pytest.mark.parametrize("settings", [Settings, Configuration])
def test_every_setting_has_its_variable_and_its_meaning(generated, settings):
    prefix = settings.model_config["env_prefix"]
    for name, field in settings.model_fields.items():
        (row,) = [
            line
            for line in generated["settings.md"].splitlines()
            if f"`{prefix}{name.upper()}`" in line and line.startswith("|")
        ]
        assert field.description in row
        default = field.get_default(call_default_factory=True)
        for nested in fields(default) if is_dataclass(default) else ():
            assert f"| `{nested.name}` |" in generated["settings.md"], nested.name


def test_every_source_column_and_feature_is_in_the_reference(generated):
    for source in SOURCES:
        section = generated["sources.md"].split(f"## {source.name}\n")[1].split("\n## ")[0]
        assert all(f"`{name}`" in section for name in source.columns)
        assert all(f"`{pattern}`" in section for pattern in source.files)
    assert all(f"`{feature.name}`" in generated["dictionary.md"] for feature in CATALOG)


def test_every_column_of_the_list_is_in_the_reference_with_its_right(generated):
    ours, theirs = generated["files.md"].split("## Columns in the agents' application")
    assert all(f"| `{name}` | {column.title.en} |" in ours for name, column in LIST_COLUMNS.items())
    assert all(f"| `{column.name}` |" in theirs for column in COLUMNS)
    (debt,) = [line for line in theirs.splitlines() if line.startswith("| `debt` |")]
    assert "`social_debt`" in debt


def test_the_map_names_every_package_and_room_of_the_contracts(generated):
    tool = PYPROJECT["tool"]["importlinter"]
    for package in tool["root_packages"]:
        assert f">{package}/<" in generated["rooms.svg"]
    for contract in tool["contracts"]:
        assert contract["name"] in generated["rooms.md"]
        for container in contract.get("containers", []):
            for room in (room for layer in contract["layers"] for room in layer.split(" | ")):
                assert f"<title>{container}.{room}:" in generated["rooms.svg"]
                assert f"`{container}.{room}`" in generated["rooms.md"]


def test_the_map_is_the_same_for_the_same_contracts():
    assert rooms.svg(ROOT) == rooms.svg(ROOT)


def test_a_higher_floor_is_drawn_above_a_lower_one(generated):
    drawn = generated["rooms.svg"]
    assert drawn.index(">flows/<") < drawn.index(">reports/<") < drawn.index(">models/<") < drawn.index(">features/<")


def test_every_dependency_says_why_it_is_there_and_no_other():
    project = PYPROJECT["project"]
    every = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    told = [line.split("|")[1] for line in (DOCS / "dependencies.md").read_text().splitlines() if line.startswith("| ")]
    named = re.findall(r"[\w-]+", re.sub(r"\(.*?\)|package", "", " ".join(told)).lower())
    assert sorted(set(named)) == sorted({re.match(r"[\w.-]+", one)[0].lower() for one in every})


@pytest.mark.parametrize(
    ("page", "start", "end"),
    [
        ("agent.en.md", "## A firm", "## Following a firm"),
        ("agent.fr.md", "## Une entreprise", "## Suivre une entreprise"),
    ],
)
def test_the_labels_that_agents_are_told_of_are_those_of_the_application(page, start, end):
    words = {tuple(field.title) for field in FIELDS}
    for name in ("review", "cases"):
        with (ROOT / f"reports/locale/fr/LC_MESSAGES/{name}.po").open("rb") as file:
            words |= {(message.id, message.string) for message in read_po(file)}
    told = (ROOT / "reports/guide" / page).read_text(encoding="utf-8").split(start)[1].split(end)[0]
    labels = {label.removesuffix(".") for label in re.findall(r"\*\*(.+?)\*\*", told)}
    assert len(labels) > 8
    assert labels - {english if ".en." in page else french for english, french in words} == set()


def shape(page):
    lines = (ROOT / "reports/guide" / page).read_text(encoding="utf-8").splitlines()
    return [match[0] for line in lines if (match := re.match(r"## |- |\||!\[|\*\*", line))]


def test_both_agents_guides_say_as_much():
    assert shape("agent.en.md") == shape("agent.fr.md")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_pages_beside_the_site_link_to_what_is_there(page):
    links = re.findall(r"]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists() and not link.startswith("docs/reference/")] == []


def test_pages_name_only_files_that_are_there():
    pages = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")]
    named = {
        (page.name, path)
        for page in pages
        if "reference" not in page.parts
        for path in re.findall(
            r"`((?:features|models|reports|flows|simulation|benchmarks|tests)/[\w/.-]*\w)/?`", page.read_text()
        )
    }
    of_features = ("features/build.json", "features/undecided.parquet", "features/labels.parquet")
    in_data_folder = ("models/promotions.json", *of_features)
    assert [one for one in named if not (ROOT / one[1]).exists() and one[1] not in in_data_folder] == []
