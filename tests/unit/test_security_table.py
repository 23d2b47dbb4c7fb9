"""The tables of docs/security.md and docs/operations.md name tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.split(" | ")
    for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


def test_each_attack_names_tests_that_exist() -> None:
    """The table must be updated with the tests; no row is without a test."""
    assert len(ROWS) > 60
    for row in ROWS:
        assert_tests_exist(row)


def test_each_step_that_handles_foreign_content_names_tests_that_exist() -> None:
    """Each step has a limit, and the test of it is in the table."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Content that makes a step fail")[2].partition("\n## ")[0]
    rows = [
        line.split(" | ") for line in section.splitlines() if line.startswith("| ") and not line.startswith("| step ")
    ]
    assert {row[0].removeprefix("| ") for row in rows} >= {"parse", "extract", "match", "group", "compose, render"}
    for row in rows:
        assert_tests_exist(row)


def assert_tests_exist(row: list[str]) -> None:
    """Fail if the last cell of a row names no test, or one that does not exist."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row[-1])
    assert named, row[0]
    for path, name in named:
        tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in defined, f"{path}::{name}"
