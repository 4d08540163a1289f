"""What the documentation names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "Documentation").glob("*.md")], key=lambda page: page.name)


def files(*folders):
    return [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]


def test_the_threat_model_names_files_and_tests_that_are_there():
    text = (ROOT / "Documentation/ThreatModel.md").read_text()
    rows = [line for line in text[text.index("## Advice") :].splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) > 30
    names = {file.name for file in files("Sources", "Tests")} | {folder.name for folder in (ROOT / "Tests").iterdir()}
    tests = set(re.findall(r"func (\w+)\(", "".join(file.read_text() for file in files("Tests") if file.suffix == ".swift")))
    for row in rows:
        _, section, where, test, _ = row.split("|")
        for name in re.findall(r"`([\w+]+\.(?:swift|py))`", row):
            assert name in names, f"{section}: there is no {name}"
        for name in re.findall(r"`(\w+)`", test):
            assert name in tests | names, f"{section}: there is no test {name}"
        assert test.strip() or "not met" in where or "nothing is compressed" in where, f"{section}: no test"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: there is no {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_are_there(page):
    for script in set(re.findall(r"\bscript/[\w-]+", page.read_text())):
        assert (ROOT / script).exists(), f"{page.name}: there is no {script}"
