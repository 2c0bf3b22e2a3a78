"""Files under ``suites/`` hold checks, and nothing but checks."""

from __future__ import annotations

import ast

import pytest

from tests.tree import FUNCTIONS, Function, Source, imports, sources

CLIENT_MODULES = {"boto3", "botocore", "http", "httpx", "mlflow", "requests", "socket", "subprocess", "urllib3"}
CLIENTS = {"MlflowHttp", "HttpSender", "Bucket", "IsolatedProcess", "Registry", "Stack", "OwnedStack"}
BRANCHES = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.IfExp, ast.Try, ast.TryStar, ast.Match)


def more_than_checks(source: Source) -> list[str]:
    """Name everything in a file of ``suites/`` that is no check, or that a check leaves to fixtures."""
    return [
        *(
            f"{source.at(node)}: imports {name}: clients are fixtures"
            for name, node in imports(source, ()).items()
            if name.split(".")[0] in CLIENT_MODULES
        ),
        *(
            f"{source.at(node)}: is no check: helpers stand in fixtures/"
            for node in source.tree.body
            if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and node not in source.checks
        ),
        *(f"{source.at(check)}: {check.name} {what}" for check in source.checks for what in left_to_fixtures(check)),
    ]


def left_to_fixtures(check: Function) -> list[str]:
    """Say what a check does that it should not."""
    missing = [] if ast.get_docstring(check) else ["has no docstring"]
    nodes = list(ast.walk(check))
    calls = {called(node) for node in nodes}
    return [
        *missing,
        *(f"loops or branches ({type(node).__name__})" for node in nodes if isinstance(node, BRANCHES)),
        *(["sleeps"] if "sleep" in calls else []),
        *(f"builds a client ({client})" for client in sorted(calls & CLIENTS)),
    ]


def called(node: ast.AST) -> str:
    """Return the last name of what a call calls, empty for anything but a call."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def test_suites_hold_checks_only() -> None:
    """Files under ``suites/`` hold checks with a claim, and nothing that fixtures own."""
    assert not [problem for source in sources("suites") for problem in more_than_checks(source)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def test_it():\n    pass", "has no docstring"),
        ('def test_it():\n    """Is."""\n    for _ in "ab": pass', "(For)"),
        ('def test_it(x):\n    """Is."""\n    x and (1 if x else 2)', "(IfExp)"),
        ('def test_it():\n    """Is."""\n    time.sleep(1)', "sleeps"),
        ('def test_it(door):\n    """Is."""\n    MlflowHttp(door, None)', "builds a client (MlflowHttp)"),
        ("import requests", "clients are fixtures"),
        ("def helper(): pass", "is no check"),
        ("class Helper: pass", "is no check"),
    ],
)
def test_more_than_a_check_is_named(text: str, problem: str) -> None:
    """Whatever a file of ``suites/`` holds beyond checks is named."""
    assert [problem in found for found in more_than_checks(Source("suites/contract/test_x.py", text))] == [True]
