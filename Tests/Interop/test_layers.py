"""`script/check-layers` refuses what it is there to refuse. It needs no service."""

import io
import runpy
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "script/check-layers"
TABLES = runpy.run_path(str(SCRIPT))
TARGETS = sorted(TABLES["MAY_IMPORT"])
# Every module that some target may import, the targets themselves, and one of nobody's.
MODULES = sorted(
    {module for modules in TABLES["MAY_IMPORT"].values() for module in modules.split()}
    | {module for modules in TABLES["MAY_ALSO_IMPORT"].values() for module in modules.split()}
    | {target for target in TARGETS if "-" not in target}
    | {"Crypto"}
)


def check(root):
    """The exit status and the lines that report something."""
    errors = io.StringIO()
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        status = TABLES["main"](["", str(root)])
    return status, errors.getvalue().splitlines()


def write(root, name, text):
    file = root / "Sources" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_sources_keep_to_their_layers():
    assert check(ROOT) == (0, [])


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_imports_what_it_may_and_nothing_else(tmp_path, target):
    allowed = TABLES["MAY_IMPORT"][target].split()
    for module in MODULES:
        write(tmp_path, f"{target}/{module}.swift", f"import {module}\n")
    only = {name.split()[0]: (t, module) for (t, module), name in TABLES["ONLY_IN"].items() if t == target}
    refused = {module for module in MODULES if module not in allowed} | {module for _, module in only.values()}
    status, lines = check(tmp_path)
    assert {Path(line.split(":")[0]).stem for line in lines} == refused
    assert status == 1
    assert all(f"{target} may not import" in line for line in lines)


@pytest.mark.parametrize("name", sorted(TABLES["MAY_ALSO_IMPORT"]))
def test_a_file_may_import_more_than_its_target(tmp_path, name):
    modules = TABLES["MAY_ALSO_IMPORT"][name].split()
    text = "".join(f"import {module}\n" for module in modules)
    write(tmp_path, name.removeprefix("Sources/"), text)
    assert check(tmp_path) == (0, [])
    write(tmp_path, "writ/KeysCommand.swift", text)
    assert len(check(tmp_path)[1]) == len(modules)


@pytest.mark.parametrize("only", sorted(TABLES["ONLY_IN"]))
def test_a_module_is_imported_by_the_files_that_need_it(tmp_path, only):
    target, module = only
    for name in TABLES["ONLY_IN"][only].split():
        write(tmp_path, name.removeprefix("Sources/"), f"import {module}\n")
    assert check(tmp_path) == (0, [])
    write(tmp_path, f"{target}/Other.swift", f"import {module}\n")
    assert len(check(tmp_path)[1]) == 1


@pytest.mark.parametrize(
    "line",
    [
        "package import NIOCore",
        "@testable import NIOCore",
        "@preconcurrency internal import NIOCore",
        "import struct NIOCore.ByteBuffer",
        "import Yams; import NIOCore",
    ],
)
def test_no_way_of_writing_an_import_gets_past(tmp_path, line):
    write(tmp_path, "ServiceFiles/File.swift", line + "\n")
    assert len(check(tmp_path)[1]) == 1


def test_an_import_in_a_comment_or_in_text_is_none(tmp_path):
    write(tmp_path, "ServiceFiles/File.swift", '// import NIOCore\nlet text = """\n    import NIOCore\n    """\n')
    assert check(tmp_path) == (0, [])


def test_a_target_that_is_not_in_the_table_is_refused(tmp_path):
    write(tmp_path, "Utils/File.swift", "struct Text {}\n")
    assert "not in the table" in check(tmp_path)[1][0]


def test_folders_in_a_circle_are_refused_with_both_places(tmp_path):
    write(tmp_path, "ServiceFiles/Keys/Key.swift", "package struct Key {\n    let name: Name\n}\n")
    write(tmp_path, "ServiceFiles/Names/Name.swift", "package struct Name {}\n")
    assert check(tmp_path) == (0, [])
    write(tmp_path, "ServiceFiles/Names/Name.swift", "package struct Name {\n\n    var key: Key?\n}\n")
    status, lines = check(tmp_path)
    assert status == 1
    assert [line.split(": ")[0] for line in lines] == [
        "Sources/ServiceFiles/Keys/Key.swift:2", "Sources/ServiceFiles/Names/Name.swift:3",
    ]


def test_a_circle_of_three_folders_is_refused(tmp_path):
    for folder, used in [("A", "InB"), ("B", "InC"), ("C", "InA")]:
        write(tmp_path, f"TokenHTTP/{folder}/In{folder}.swift", f"struct In{folder} {{\n    let other: {used}?\n}}\n")
    status, lines = check(tmp_path)
    assert status == 1
    assert len(lines) == 3


@pytest.mark.parametrize("target", TABLES["WITHOUT_CLOCK"])
@pytest.mark.parametrize("text", ["NumericDate.now", "isCurrent(at: .now)", "ContinuousClock.now", "SystemClock.seconds"])
def test_rules_do_not_read_the_clock(tmp_path, target, text):
    write(tmp_path, f"{target}/File.swift", f"let now = {text}\n")
    assert len(check(tmp_path)[1]) == 1


@pytest.mark.parametrize("target", TABLES["WITHOUT_ASYNC"])
def test_some_targets_never_wait(tmp_path, target):
    write(tmp_path, f"{target}/File.swift", "func read() async {}\n")
    assert len(check(tmp_path)[1]) == 1


def test_unsafe_stays_where_memory_is_owned(tmp_path):
    write(tmp_path, "JOSE/File.swift", "let pointer = unsafe start\n")
    write(tmp_path, "Libcrypto/File.swift", "let pointer = unsafe start\n")
    status, lines = check(tmp_path)
    assert [line.split(":")[0] for line in lines] == ["Sources/JOSE/File.swift"]


@pytest.mark.parametrize("line", ["public struct Key {}", "    public init() {}", "public import JOSE", "open class Key {}"])
def test_public_is_for_what_other_packages_use(tmp_path, line):
    for target in ["ServiceFiles", "TokenVerifier"]:
        write(tmp_path, f"{target}/File.swift", line + "\n")
    write(tmp_path, "Signing/File.swift", "// public here\nfunc open(_ path: String) {}\nlet file = try open(path)\nfile.public\n")
    reports = [report for report in check(tmp_path)[1] if "`public`" in report]
    assert [report.split(":")[0] for report in reports] == ["Sources/ServiceFiles/File.swift"]


# Each takes a text apart by `Character` or compares it by canonical equivalence, or is the same on octets.
BY_CHARACTER = {
    "split": [
        'text.split(separator: ",")', 'text.split(separator: comma)', 'text.split(maxSplits: 1, separator: ",")',
        "text.split { $0.isWhitespace }", 'text.split(whereSeparator: { $0 == other })',
    ],
    "components": ['text.components(separatedBy: ",")', "text.split(by: comma)"],
    "prefix": ['text.hasPrefix("Bearer ")', "text.hasSuffix(suffix)"],
    "search": [
        'text.contains("@")', 'text.firstIndex(of: ":")', 'text.lastIndex(of: "\\n")', 'text.firstRange(of: "kid.")',
    ],
    "replace": ['text.replacing("+", with: " ")', 'text.replacingOccurrences(of: "a", with: "b")'],
    "case": ["text.lowercased()", "text.uppercased()", 'text.caseInsensitiveCompare("a")'],
    "trim": ["text.trimmingCharacters(in: .whitespaces)", 'text.trimmingPrefix("a")'],
    "character": ["text.filter { $0.isLetter }", "if character.isNumber {}"],
    "equal": [
        'if scheme == "bearer" {}', 'if "bearer" == scheme {}', 'if scheme != "bearer" {}', 'text.first == "/"',
        'text.last != "/"', 'text.drop { $0 == " " }', 'guard "a" ~= text else {}', 'if text == """\n  a\n  """ {}',
        'if text == #"a"# {}', 'if text=="a" {}', 'if text == "\\(other)" {}',
    ],
    "switch": ['case "max-age": break', 'case .some, "max-age": break'],
}
BY_OCTET = [
    'text.utf8.split(separator: UInt8(ascii: ","))', "octets.split(at: comma)", 'octets.begins(with: "//")',
    'octets.contains(ascii: "@")', 'octets.isSame(as: "basic")', "octets.lowercased", 'text.isSameText(as: "sig")',
    'octet == UInt8(ascii: "a")', 'UInt8(ascii: "a") == octet', 'case UInt8(ascii: "+"): break', "ASCII.isLetter(octet)",
    'let text = "a == b"', '// text == "a"', 'names.contains(where: text.isSameText(as:))', "count == 2", 'case a = "a"',
    'octets.utf8.firstIndex(of: UInt8(ascii: ":"))', 'let text = isGood ? "a" : "b"', '/* text.hasPrefix("a") */',
    'text.contains(.string("sig"))', "text.isEmpty", 'first === second',
]


@pytest.mark.parametrize("place", TABLES["READS_THE_WIRE"])
def test_text_from_outside_is_octets(tmp_path, place):
    name = (place if place.endswith(".swift") else f"{place}/File.swift").removeprefix("Sources/")
    for rule, lines in BY_CHARACTER.items():
        for line in lines:
            write(tmp_path, name, line + "\n")
            reports = [report for report in check(tmp_path)[1] if "text from outside" in report]
            assert any(report.endswith(f"({rule})") for report in reports), line
    write(tmp_path, name, "\n".join(BY_OCTET) + "\n")
    assert [line for line in check(tmp_path)[1] if "text from outside" in line] == []


def test_each_rule_of_octets_has_a_line_that_breaks_it():
    assert set(BY_CHARACTER) == set(TABLES["BY_CHARACTER"])


def test_text_of_the_operator_may_be_read_by_character(tmp_path):
    for rule in BY_CHARACTER.values():
        write(tmp_path, "ServiceFiles/File.swift", "\n".join(rule) + "\n")
        write(tmp_path, "OAuth/Clients/File.swift", "\n".join(rule) + "\n")
        assert [line for line in check(tmp_path)[1] if "text from outside" in line] == []


@pytest.mark.parametrize("exception", sorted(TABLES["MAY_READ_BY_CHARACTER"]))
def test_an_exception_has_a_reason_and_is_for_one_rule_in_one_file(tmp_path, exception):
    name, rule = exception
    assert TABLES["MAY_READ_BY_CHARACTER"][exception].strip()
    write(tmp_path, name.removeprefix("Sources/"), BY_CHARACTER[rule][0] + "\n")
    assert [line for line in check(tmp_path)[1] if line.endswith(f"({rule})")] == []
    other = next(each for each in BY_CHARACTER if each != rule)
    write(tmp_path, name.removeprefix("Sources/"), BY_CHARACTER[other][0] + "\n")
    assert len([line for line in check(tmp_path)[1] if line.endswith(f"({other})")]) == 1
    write(tmp_path, str(Path(name.removeprefix("Sources/")).parent / "Other.swift"), BY_CHARACTER[rule][0] + "\n")
    assert len([line for line in check(tmp_path)[1] if line.endswith(f"({rule})")]) == 1


def test_a_file_of_more_than_400_lines_is_refused(tmp_path):
    write(tmp_path, "JOSE/File.swift", "//\n" * 400)
    assert check(tmp_path) == (0, [])
    write(tmp_path, "JOSE/File.swift", "//\n" * 401)
    assert "401 lines" in check(tmp_path)[1][0]
