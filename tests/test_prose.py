"""Words are kept: docstrings are claims, every exception has its reason, and names are the project's own."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from registry_conformance.judge.requirement import Register
from tests.tree import FUNCTIONS, ROOT, Source, files, sources

CLAIM_WORDS = range(5, 15)
NO_CLAIM = re.compile(r"(test|check|verif|ensure|assert|make sure|should)\w*\b", re.IGNORECASE)
NOT_PRESENT = re.compile(r"\b(should|shall|will|would)\b", re.IGNORECASE)
EXCEPTION = re.compile(r"#\s*(noqa|type:\s*ignore)\b")
EXCUSED = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w, -]+\])\s*(?:-|#\s*(?!\s|noqa|type:))\s*\S"
)
EXCUSES = ("skip", "skipif", "xfail")
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X(?!-\d))\b")
TEXTS = (".py", ".md", ".toml", ".yaml", ".yml", ".lua", ".ini", ".json", "")
SYNONYMS = {
    "mock": "the real part",
    "fake": "the real part, or a fault",
    "dummy": "the real part",
    "stub": "the real part",
    "test case": "check",
    "testcase": "check",
    "test bed": "stack",
    "testbed": "stack",
    "system under test": "deployment",
    "sut": "deployment",
    "chaos": "fault",
    "artefact": "artifact",
}
SYNONYM = re.compile(rf"\b({'|'.join(SYNONYMS)})s?\b", re.IGNORECASE)
OWN_WORDS = ("registry_conformance", "fixtures", "suites", "docker", "benchmarks")


def wrong_claims(source: Source) -> Iterator[str]:
    """Name each check whose docstring is no claim: one sentence in the present tense, 5 to 14 words, a full stop."""
    for check in source.checks:
        claim = ast.get_docstring(check) or ""
        place = f"{source.at(check)}: {check.name}: {claim!r}"
        if len(claim.split()) not in CLAIM_WORDS:
            yield f"{place} has {len(claim.split())} words, not 5 to 14"
        if not claim.endswith(".") or ". " in claim or "\n" in claim:
            yield f"{place} is not one sentence with a full stop"
        if NO_CLAIM.match(claim) or NOT_PRESENT.search(claim):
            yield f"{place} says what is done, not what is so"


def without_reason(source: Source) -> Iterator[str]:
    """Name each line that excuses itself from a rule, and each skip or expected failure, that does not say why."""
    for token in comments(source) if EXCEPTION.search(source.text) else ():
        if EXCEPTION.search(token.string) and not EXCUSED.search(token.string):
            yield f"{source.path}:{token.start[0]}: {token.string}"
    nodes = list(ast.walk(source.tree))
    functions = [node.func for node in nodes if isinstance(node, ast.Call)]
    for node in nodes:
        bare = isinstance(node, ast.Attribute) and node not in functions
        if (excuses(node) and bare and ".mark." in ast.unparse(node)) or (
            isinstance(node, ast.Call) and excuses(node.func) and not gives_reason(node)
        ):
            yield f"{source.at(node)}: {ast.unparse(node)}"


def comments(source: Source) -> Iterator[tokenize.TokenInfo]:
    """Yield the comments of a file."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token


def excuses(node: ast.AST) -> bool:
    """Return whether an expression is pytest's skip, skipif or xfail, or the mark of that name."""
    named_so = isinstance(node, ast.Attribute) and node.attr in EXCUSES
    return named_so and ast.unparse(node) in {f"{of}.{name}" for of in ("pytest", "pytest.mark") for name in EXCUSES}


def gives_reason(call: ast.Call) -> bool:
    """Return whether a call carries words: ``reason=``, or a first argument if that is no condition."""
    words = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if "skipif" not in ast.unparse(call.func):
        words += call.args[:1]
    return any(isinstance(word, ast.JoinedStr) or (isinstance(word, ast.Constant) and word.value) for word in words)


def words_of(source: Source) -> Iterator[tuple[str, str]]:
    """Yield place and text of every name that a file defines and of every docstring."""
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
            yield source.at(node), ast.get_docstring(node) or ""
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            yield source.at(node), spoken(node.name.removeprefix("test_"))  # case may be that of letters
        elif isinstance(node, ast.arg):
            yield source.at(node), spoken(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield source.at(node), spoken(node.id)
    yield source.path, spoken(source.path)


def spoken(name: str) -> str:
    """Return a name as words: ``test_caseOfOne`` is ``test case of one``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_/.]", " ", name).lower()


def foreign_words(texts: Iterator[tuple[str, str]]) -> list[str]:
    """Name each place that says a synonym, with the word to use instead."""
    return [
        f"{place}: {found[1]!r}: say {SYNONYMS[found[1].lower()]!r}"
        for place, text in texts
        for found in SYNONYM.finditer(text)
    ]


def test_docstrings_of_checks_are_claims() -> None:
    """Each check's docstring is a short sentence about the deployment, in the present tense."""
    assert not [problem for source in sources("suites") for problem in wrong_claims(source)]


def test_every_module_says_what_it_is() -> None:
    """Each module has a docstring that is a sentence."""
    silent = [source.path for source in sources() if not re.search(r"\.$|\.\n", ast.get_docstring(source.tree) or "")]

    assert not silent


def test_every_exception_has_its_reason() -> None:
    """Each suppressed finding, skip and expected failure says why on its line."""
    assert not [problem for source in sources() for problem in without_reason(source)]


def test_nothing_is_left_to_do() -> None:
    """No file of the project holds a mark for work that is left."""
    marked = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        if path.suffix in TEXTS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if UNFINISHED.search(line)
    ]

    assert not marked


def test_requirements_are_sentences_with_a_source() -> None:
    """Each requirement is one sentence with a full stop, and names its source."""
    register = Register.load(ROOT / "suites" / "requirements")

    assert not [one for one in register.values() if not re.fullmatch(r"[A-Z/](?:(?!\.\s).)*\.", one.text)]
    assert not [one for one in register.values() if not one.source.strip()]


def test_words_are_the_projects_own() -> None:
    """Names and docstrings use the words that the project defined, and none of their synonyms."""
    assert not foreign_words(found for source in sources(*OWN_WORDS) for found in words_of(source))


def test_pages_use_the_projects_words() -> None:
    """Pages for people use no synonym either."""
    assert not foreign_words((str(path.relative_to(ROOT)), path.read_text()) for path in files(".", ".md"))


@pytest.mark.parametrize(
    "claim",
    [
        "",
        "It works well.",
        "A door serves MLflow to everyone",
        "A door serves MLflow. It does so quickly.",
        "Test that a door serves MLflow to everyone.",
        "Verifies the door serves MLflow to everyone.",
        "A door should serve MLflow to everyone.",
        "A door serves MLflow to each and every one of them all, whoever they may be.",
    ],
)
def test_wrong_claim_is_named(claim: str) -> None:
    """A docstring that is no claim is named."""
    assert list(wrong_claims(Source("suites/test_x.py", f'def test_x():\n    """{claim}"""')))


def test_claim_is_left_alone() -> None:
    """A docstring that is a claim is not named."""
    assert not list(wrong_claims(Source("suites/test_x.py", 'def test_x():\n    """A door serves MLflow to all."""')))


@pytest.mark.parametrize(
    ("line", "excused"),
    [
        ("import os  # no" + "qa", False),
        ("import os  # no" + "qa: F401", False),
        ("import os  # no" + "qa: F401 - the plugin needs it", True),
        ("x = 1  # type: ig" + "nore[misc]", False),
        ("x = 1  # type: ig" + "nore[misc]  # no" + "qa: F401", False),
        ("x = 1  # type: ig" + "nore[misc] # a pipe carries no types", True),
        ("pytest.skip()", False),
        ("pytest.skip('no store here')", True),
        ("pytest.mark.xfail", False),
        ("pytest.mark.xfail(strict=True)", False),
        ("pytest.mark.skipif(True, reason='no store here')", True),
        ("pytest.mark.skipif('no reason')", False),
        ("except_ = pytest.skip.Exception", True),
    ],
)
def test_exception_needs_its_reason(line: str, excused: bool) -> None:
    """A line that excuses itself is named unless it says why."""
    assert (not list(without_reason(Source("fixtures/x.py", line + "\n")))) is excused


@pytest.mark.parametrize("text", ["def mock_store(): ...", "fakeDoor = 1", '"""A test case."""', "class Dummy: ..."])
def test_foreign_word_is_named(text: str) -> None:
    """A synonym in a name or a docstring is named."""
    assert foreign_words(words_of(Source("fixtures/x.py", text)))
