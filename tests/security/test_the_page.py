"""docs/security.md promises nothing that no test shows."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
RISKS = re.compile(r"^\| API(\d+) .*\|$", re.MULTILINE)


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef) and not skipped(each))


def skipped(function: ast.FunctionDef) -> bool:
    return any(word in ast.unparse(mark) for mark in function.decorator_list for word in ("skip", "xfail"))


def test_every_test_on_the_page_exists_and_runs():
    missing = [f"{path}::{name}" for path, name in NAMED.findall(PAGE) if name not in named_in(path)]

    assert missing == [] and len(NAMED.findall(PAGE)) > 45
    assert all(name.startswith("test_") for _, name in NAMED.findall(PAGE))


def test_each_of_the_ten_risks_has_its_row_and_each_row_its_test():
    rows = {int(row[1]): row[0] for row in RISKS.finditer(PAGE)}

    assert sorted(rows) == list(range(1, 11))
    assert [number for number, row in rows.items() if not NAMED.search(row)] == []
