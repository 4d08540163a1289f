"""`script/check-words` finds the words that it is there to find. It needs no service."""

import io
import runpy
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "script/check-words"
CHECK = runpy.run_path(str(SCRIPT))


def check(root):
    """The exit status and the lines that report something."""
    errors = io.StringIO()
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        status = CHECK["main"](["", str(root)])
    return status, errors.getvalue().splitlines()


def check_source(tmp_path, text):
    (tmp_path / "Sources").mkdir()
    (tmp_path / "Sources/File.swift").write_text(text)
    return check(tmp_path)


def test_the_sources_and_the_names_of_tests_use_plain_words():
    assert check(ROOT) == (0, [])


@pytest.mark.parametrize(
    "words",
    [
        *("whoever", "Whomever", "nobody", "no one", "somebody", "everybody", "those who", "is told", "are told", "of late"),
        *("nil where there is none", "also where it is off", "Throws: where the key is wrong", "Where there is no key, it waits"),
    ],
)
@pytest.mark.parametrize("form", ["/// {}\nlet a = 1\n", "let a = 1  // it {} b\n", 'let a = "{}"\n', 'let a = """\n    {}\n    """\n'])
def test_a_word_is_found_in_comments_and_strings(tmp_path, words, form):
    status, lines = check_source(tmp_path, form.format(words))
    assert status == 1
    assert len(lines) == 1


def test_a_phrase_is_found_across_the_lines_of_a_comment(tmp_path):
    assert check_source(tmp_path, "/// The operator is\n/// told why.\nlet a = 1\n")[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        "for case let key in keys where key.isOld { _ = key }\n",
        "extension Array where Element == UInt8 {}\n",
        "let nobody = 1\n",
        "/// Where the file lies.\nlet a = 1\n",
        "/// The place where it begins.\nlet a = 1\n",
        "/// If there is no key, it waits until one is there.\nlet a = 1\n",
    ],
)
def test_code_and_places_are_left_alone(tmp_path, text):
    assert check_source(tmp_path, text) == (0, [])


@pytest.mark.parametrize(
    "attribute, status",
    [
        ("@Test func rule() {}", 1),
        ("@Test(arguments: [1]) func rule(number: Int) {}", 1),
        ('@Test("Nobody gets a token") func rule() {}', 1),
        ('@Test("A client without a secret gets no token") func rule() {}', 0),
        ('@Test(\n    "A client without a secret gets no token",\n    arguments: [1]) func rule(number: Int) {}', 0),
    ],
)
def test_each_test_has_a_name_that_says_its_rule(tmp_path, attribute, status):
    (tmp_path / "Tests").mkdir()
    (tmp_path / "Tests/Tests.swift").write_text(attribute + "\n")
    assert check(tmp_path)[0] == status
