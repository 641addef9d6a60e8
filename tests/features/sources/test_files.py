"""The reader of text files: odd bytes, line ends and quotes cost at most the line that they are on."""

import gzip
from pathlib import Path

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.files import open_text, plain, read_lines
from features.sources.mending import mend
from features.sources.scanning import CHUNK, KEPT_OF_TOO_LONG, LINE_BREAK, LONGEST_LINE, UNREADABLE, is_regular

CON = ibis.duckdb.connect()
HEADER = "siren;name;town"
WHOLE = (2, ["1", "x", "y"])


def lines_of(folder: Path, content: bytes, name: str = "file.csv"):
    """(line, cells) of the lines that can be cut, and the numbers of the others."""
    path = folder / name
    path.write_bytes(content)
    rows = read_lines(CON, open_text(CON, path, folder)).to_pyarrow().to_pylist()
    whole = [(row["line"], [cell.replace(LINE_BREAK, "\n") for cell in row["cells"]]) for row in rows]
    return [line for line, row in zip(whole, rows, strict=True) if not row["fault"]], [
        row["line"] for row in rows if row["fault"]
    ]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"siren;name;town\n1;x;y\n2;z;w\n", [WHOLE, (3, ["2", "z", "w"])], id="LF"),
        pytest.param(b"siren;name;town\r\n1;x;y\r\n2;z;w\r\n", [WHOLE, (3, ["2", "z", "w"])], id="CRLF"),
        pytest.param(b"siren;name;town\r\r\n1;x;y\r\r\n2;z;w\r\r\n", [WHOLE, (3, ["2", "z", "w"])], id="CR CR LF"),
        pytest.param(b"siren;name;town\r1;x;y\r2;z;w\r", [WHOLE, (3, ["2", "z", "w"])], id="CR"),
        pytest.param(b"siren;name;town\r\n1;x;y\n2;z;w\r3;a;b", [WHOLE, (3, ["2", "z", "w"]), (4, ["3", "a", "b"])], id="all of them"),
        pytest.param(b"siren;name;town\r1;x;y\n2;z;w\n", [WHOLE, (3, ["2", "z", "w"])], id="CR after the header"),
        pytest.param(b"siren;name;town\n1;x;y\n2;A\rB;w\n", [WHOLE, (3, ["2", "A B", "w"])], id="a stray CR"),
        pytest.param(b"siren;name;town\n1;x;y\n2;A\x1fB;w\0\n", [WHOLE, (3, ["2", "A B", "w "])], id="NUL, 0x1F"),
        pytest.param("siren;name;town\n1;x;y\n2;A\u2028B;\x85\n".encode(), [WHOLE, (3, ["2", "A\u2028B", "\x85"])], id="U+2028"),
        pytest.param(b"siren;name;town\n1;x;y\n\x1a", [WHOLE], id="Ctrl-Z at the end"),
        pytest.param(b'siren;name;town\n1;"x";y\n2;"A\nB";w\n3;a;b\n', [WHOLE, (3, ["2", "A\nB", "w"]), (5, ["3", "a", "b"])], id="a line break in quotes"),
        pytest.param(b'siren;name;town\r\n1;x;y\r\n2;"A\n;""B";w\r\n3;a;b', [WHOLE, (3, ["2", 'A\n;"B', "w"]), (5, ["3", "a", "b"])], id="LF in quotes in CRLF"),
        pytest.param(b'siren;name;town\n1;x;y\n2;"A;w\n3;a;b\n4;"c";d\n', [WHOLE, (4, ["3", "a", "b"]), (5, ["4", "c", "d"])], id="a quote that is not closed"),
        pytest.param(b'siren;name;town\n1;x;y\n2;5" PIPE;w\n', [WHOLE, (3, ["2", '5" PIPE', "w"])], id="an inch"),
        pytest.param(b"\n  \n;;\n\xef\xbb\xbfsiren;name;town\n\n1;x;y\n", [(6, WHOLE[1])], id="blank lines before the header"),
        pytest.param(b'siren;"na\nme";town\n1;x;y\n', [(3, WHOLE[1])], id="a line break in the header"),
        pytest.param("siren;name;town\r\n1;x;y\r\n2;é;w".encode("utf-16"), [WHOLE, (3, ["2", "é", "w"])], id="UTF-16"),
        pytest.param("siren;name;town\n1;x;y\n2;é;w\n".encode("utf-16-be"), [WHOLE, (3, ["2", "é", "w"])], id="UTF-16 without mark"),
        pytest.param("siren;name;town\n1;x;y\n2;é;w\n".encode("cp1252"), [WHOLE, (3, ["2", "é", "w"])], id="Windows-1252"),
        pytest.param("siren;name;town\n1;x;y\n2;é".encode() + b"\xe9;w\n", [WHOLE, (3, ["2", "éé", "w"])], id="both on a line"),
        pytest.param(b"siren;name;town\n1;x;y\n2;\x81;w\n", [WHOLE, (3, ["2", UNREADABLE, "w"])], id="neither"),
        pytest.param(gzip.compress(b"siren;name;town\n1;x;y\n"), [WHOLE], id="gzipped under another name"),
    ],
)  # fmt: skip
def test_odd_bytes_and_line_ends_cost_at_most_their_own_line(tmp_path, content, lines):
    assert lines_of(tmp_path, content)[0] == lines


def test_a_stray_quote_and_a_stray_return_reject_their_own_line_by_its_number(tmp_path):
    assert lines_of(tmp_path, b'siren;name;town\n1;x;y\n2;"A;w\n3;a\rb\n4;c;d\n') == (
        [WHOLE, (5, ["4", "c", "d"])],
        [3, 4],
    )


def test_lines_that_are_not_utf8_and_lines_with_control_characters_are_counted(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes("siren;name;town\n1;é;y\n".encode() + b"2;\xe9;\xe9\n3;\0;\x1f\n")
    mended = open_text(CON, path, tmp_path).mended
    assert (mended.redecoded, mended.cleaned) == (1, 1)


def test_a_header_is_matched_without_regard_to_accents_case_quotes_and_blanks():
    assert {plain(header) for header in ("État Organisation", '"etat\u00a0organisation "', "ÉTATORGANISATION")} == {
        "etatorganisation"
    }


def test_a_clean_file_is_read_where_it_is(tmp_path):
    for n, content in enumerate((b"a;b\n1;2\n", b"a;b\r\n1;2\r\n", 'a;b\n"é;\u2028";2'.encode(), b"\n\na;b\n1;2")):
        path = tmp_path / f"{n}.csv"
        path.write_bytes(content)
        assert is_regular(path), content


def test_a_fault_across_two_chunks_is_seen(tmp_path):
    path = tmp_path / "file.csv"
    line = b"1;x;y\r\n"
    filling = line * (CHUNK // len(line) + 1)
    path.write_bytes(filling[: CHUNK - 1] + b"\r\n" + line)
    assert is_regular(path) == (filling[: CHUNK - 1].count(b"\n") == filling[: CHUNK - 1].count(b"\r"))
    path.write_bytes(filling[: CHUNK - 1].replace(b"y\r\n", b'"y\n') + line)
    assert not is_regular(path)


def test_a_line_that_is_too_long_is_cut_and_its_neighbours_are_read(tmp_path):
    path, copy = tmp_path / "file.csv", tmp_path / "copy"
    path.write_bytes(b"a;b\n1;2\n" + b"x" * (LONGEST_LINE + CHUNK) + b"\n3;4\n")
    mend(path, copy, ";", 2)
    first, second, long, last = copy.read_bytes().splitlines()
    assert (first, second, last, len(long.decode())) == (b"a;b", b"1;2", b"3;4", KEPT_OF_TOO_LONG + 1)


# What a cell may hold, written as RFC 4180 wants it where it holds a delimiter, a quote or a line break.
CELLS = st.text(st.sampled_from("ab é1,'\u2028\u00a0€"), max_size=6) | st.sampled_from(
    ["a;b", 'say "hi"', "two\nlines", "é\n\n;x", "", '"', "12,5"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r\r\n"])
NOISE = st.lists(
    st.sampled_from([*b';"\r\0\x1a\x1f\xe9\x81\xff', 0xC3, 0xA9, ord("a"), ord("1"), 0xEF, 0xB7, 0x90]), max_size=12
).map(bytes)


def written(cell: str) -> str:
    quoted = '"' + cell.replace('"', '""') + '"'
    return quoted if any(mark in cell for mark in ';"\n') else cell


@st.composite
def records(draw):
    """Lines of three cells, the first of which is never blank: a blank line is no record."""
    first = draw(st.text(st.sampled_from("123"), min_size=1, max_size=4))
    return [first, draw(CELLS), draw(CELLS)]


@st.composite
def files(draw):
    """A valid file with one line of noise somewhere: its bytes, its records with their line numbers, the noise."""
    rows = draw(st.lists(records(), min_size=1, max_size=6))
    place, noise = draw(st.integers(0, len(rows))), draw(NOISE)
    content, line, expected = HEADER.encode() + b"\n", 2, []
    for n, row in enumerate([*rows, None]):
        if n == place:
            content += noise + b"\n"
            line += 1
        if row is not None:
            end = draw(ENDS)
            text = ";".join(written(cell) for cell in row)
            expected.append((line, row))
            content += (text + end).encode()
            line += 1 + text.count("\n")
    return content, expected, noise


def check_that_no_valid_line_is_lost(folder, file):
    content, expected, noise = file
    read, _ = lines_of(folder, content)
    if b"\r" in noise:  # it may be two lines, or one
        expected, read = [(0, row) for _, row in expected], [(0, row) for _, row in read]
    lost = [row for row in expected if row not in read]
    assert not lost, content
    assert len(read) - len(expected) <= noise.count(b"\r") + 1


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_whatever_one_line_holds_all_others_are_read_with_their_cells_and_numbers(tmp_path_factory, file):
    check_that_no_valid_line_is_lost(tmp_path_factory.getbasetemp(), file)


def check_that_no_bytes_crash(folder, content):
    try:
        read, _ = lines_of(folder, content)
    except InputError:
        return
    assert all(line >= 2 for line, _ in read)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60) | st.tuples(NOISE, files(), NOISE).map(lambda t: t[0] + t[1][0] + t[2]))
def test_no_bytes_crash_the_reader(tmp_path_factory, content):
    check_that_no_bytes_crash(tmp_path_factory.getbasetemp(), content)
