"""Documentation/Conformance.md names files and tests that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "Documentation/Conformance.md"
HEADER = ["Section", "Requirement", "Enforced in", "Test"]
# A type at the beginning of a line, and a test of it at the first level below, such as swift-format writes them.
SWIFT_TYPE = re.compile(r"^(?:@\w+(?:\(.*\))? )*(?:(?:package|public|private|final) )*(?:struct|class|enum|extension) (\w+)")
SWIFT_FUNCTION = re.compile(r"^ {4}(?:@Test(?:\(.*\))? )?(?:mutating )?func (\w+)\(")


def sections(text):
    """Each section: its title, its text without the tables, and the rows of each table as dictionaries by its header."""
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, rest = section.partition("\n")
        tables = [table(found.splitlines()) for found in re.findall(r"(?:^\|.*\n?)+", rest, re.M)]
        yield title, re.sub(r"^\|.*\n?", "", rest, flags=re.M).strip(), tables


def table(lines):
    header, rule, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    assert set("".join(rule)) == {"-"} and rows, f"no table: {lines[0]}"
    for row in rows:
        assert len(row) == len(header), f"not {len(header)} cells: {row}"
    return [dict(zip(header, row)) for row in rows]


def names(cell):
    """The names in a cell, of which there is at least one and nothing beside them."""
    found = re.findall(r"`([^`]+)`", cell)
    assert found and cell == ", ".join(f"`{name}`" for name in found), f"no list of names: {cell}"
    return found


@cache
def swift_tests():
    """The tests in Swift as `Suite.function`, by the attribute that each of them has."""
    found = set()
    for file in (ROOT / "Tests").rglob("*.swift"):
        suite, is_test = None, False
        for line in file.read_text().splitlines():
            if declared := SWIFT_TYPE.match(line):
                suite = declared[1]
            if line.startswith("    @Test"):
                is_test = True
            if (function := SWIFT_FUNCTION.match(line)) and is_test:
                found.add(f"{suite}.{function[1]}")
                is_test = False
    return found


@cache
def interop_tests(file):
    """The tests of a module, as pytest names them."""
    path = ROOT / "Tests/Interop" / file
    assert path.is_file(), f"there is no Tests/Interop/{file}"
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{child.name}" for child in node.body if isinstance(child, ast.FunctionDef)}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def mistakes(text):
    """What is wrong with the sections of a page, a sentence for each mistake."""
    for title, _, tables in sections(text):
        for row in (row for rows in tables for row in rows):
            where = f"{title}, {next(iter(row.values()))}"
            for name in names(row["Enforced in"]) if "Enforced in" in row else []:
                if not (ROOT / "Sources" / name).is_file():
                    yield f"{where}: there is no Sources/{name}"
            for name in names(row["Test"]):
                file, separator, test = name.partition("::")
                if test not in interop_tests(file) if separator else name not in swift_tests():
                    yield f"{where}: there is no test {name}"
            if not row["Requirement"].endswith("."):
                yield f"{where}: the requirement is no sentence"


PARTS = [pytest.param(part, id=part[0].partition(":")[0]) for part in sections(PAGE.read_text())]


def test_there_are_sections():
    assert len(PARTS) >= 13
    assert len(swift_tests()) > 1000


@pytest.mark.parametrize("part", [part for part in PARTS if part.values[0][0].startswith("RFC")])
def test_an_rfc_has_a_sentence_and_a_table(part):
    title, text, tables = part
    assert re.fullmatch(r"RFC \d{4}(?:(?:,| and) RFC \d{4})*: .+", title)
    assert text.endswith(".")
    assert [list(rows[0]) for rows in tables] == [HEADER]


def test_files_and_tests_are_there():
    assert list(mistakes(PAGE.read_text())) == []


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("| 1 | A. | `OAuth/Nothing.swift` | `ValueTests.refusesScope` |", "there is no Sources/OAuth/Nothing.swift"),
        ("| 1 | A. | `AccessToken` | `ValueTests.refusesScope` |", "there is no Sources/AccessToken"),
        ("| 1 | A. | `AccessToken/Scope.swift` | `ValueTests.refuses` |", "there is no test ValueTests.refuses"),
        ("| 1 | A. | `AccessToken/Scope.swift` | `refusesScope` |", "there is no test refusesScope"),
        ("| 1 | A. | `AccessToken/Scope.swift` | `test_curl.py::test_a` |", "there is no test test_curl.py::test_a"),
        ("| 1 | A. | `AccessToken/Scope.swift` | `test_curl.py::curl` |", "there is no test test_curl.py::curl"),
        ("| 1 | A | `AccessToken/Scope.swift` | `ValueTests.refusesScope` |", "the requirement is no sentence"),
    ],
)
def test_a_name_that_is_not_there_is_found(row, mistake):
    page = f"# A\n\n## RFC 1: A\n\nB.\n\n| Section | Requirement | Enforced in | Test |\n|---|---|---|---|\n{row}\n"
    assert list(mistakes(page)) == [f"RFC 1: A, 1: {mistake}"]
