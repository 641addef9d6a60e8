"""The one place where the application's SQL is put together."""

import ast
from pathlib import Path

import duckdb
import pytest

import reports
from reports.review.sql import FEW, Sql, beside, every, named, one_of, parquet, part_of, select

ROOM = Path(reports.__file__).parent / "review"


def rows(query: Sql) -> list[tuple]:
    return duckdb.execute(*query).fetchall()


@pytest.fixture
def firms(tmp_path) -> Path:
    path = tmp_path / "it's a path.parquet"
    duckdb.execute(
        f"COPY (VALUES ('1', 5), ('2', 7), ('3', 9)) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)"
    )
    return path


def test_a_query_holds_its_values_in_the_order_of_their_marks(firms):
    counted = Sql("col1 + ? AS more", (100,))
    query = select(["col0", counted], parquet(firms), every([one_of("col0", ["1", "2"]), Sql("col1 > ?", (5,))]))
    assert query.text.count("?") == len(query.values)
    assert rows(query) == [("2", 107)]


def test_a_table_is_joined_with_what_others_hold_of_its_firms(tmp_path):
    left, right = tmp_path / "left.parquet", tmp_path / "right.parquet"
    duckdb.execute(f"COPY (SELECT '1' AS siren UNION SELECT '2') TO '{left}' (FORMAT parquet)")
    duckdb.execute(f"COPY (SELECT '1' AS siren, 5 AS debt) TO '{right}' (FORMAT parquet)")
    only = one_of("siren", ["1", "2"])
    source = beside(part_of(parquet(left), "listed", only), part_of(parquet(right), "features", only))
    assert rows(select(["listed.siren", "features.debt"], source, None, "ORDER BY 1")) == [("1", 5), ("2", None)]
    assert rows(select(["features.debt"], source, Sql("listed.siren = ?", ("1",)))) == [(5,)]


def test_of_a_table_only_the_columns_that_are_named_are_read(firms):
    part = part_of(parquet(firms), "listed")
    query = select(["listed.a AS found"], part, Sql("listed.b[1].c > ? AND x.d", (1,)), "ORDER BY listed.e, f")
    assert "(SELECT siren, a, b, e FROM read_parquet" in query.text


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1])
def test_one_of_many_values_is_asked_like_one_of_few(count, firms):
    among = one_of("col0", ["2", *map(str, range(10, 9 + count))][:count])
    assert rows(select(["col0"], parquet(firms), among)) == ([("2",)] if count else [])


@pytest.mark.parametrize("name", ["", "a b", "a;", "a'", 'a"', "a--", "Accents", "é", "1a"])
def test_what_is_no_plain_name_is_refused(name):
    with pytest.raises(ValueError, match="no name of a column"):
        named(name)


def test_no_other_module_puts_a_query_together():
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr) and path.name != "sql.py":
                text = "".join(part.value for part in node.values if isinstance(part, ast.Constant)).upper()
                assert not {"SELECT", "FROM", "WHERE"} <= set(text.split()), f"{path.name}: {text}"
        assert path.name == "sql.py" or "S608" not in path.read_text()
