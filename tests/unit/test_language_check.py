"""tools/check_language.py finds avoided wording in Python files, pages and comments."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "check_language.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Import the script as a module."""
    spec = importlib.util.spec_from_file_location("check_language", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("page.md", "# Title\n\nThe article is\nlooked at, and the reader is told.\n", [(3, "told")]),
        ("page.md", "| a | b |\n|---|---|\n| `told` | it is told |\n", [(3, "told")]),
        ("page.md", "- one item\n- those who read\n", [(2, "those who")]),
        ("page.md", "```sh\nmonitor run  # told\n```\n\n    told\n\n## What is read\n", []),
        ("page.md", "The word is told. <!-- language: ok - a quotation -->\n", []),
        ("page.md", "See [the page](told.md).\n", []),
        ("deploy.yaml", "key: told  # a comment\n# the user is\n# told\nnext: 1\n", [(2, "told")]),
        ("Dockerfile", "RUN told  # told\n", [(1, "told")]),
        ("module.py", '"""Return the value."""\n\nerror = 1  # told\n', [(3, "told")]),
    ],
)
def test_avoided_wording_is_found(
    tool: ModuleType, tmp_path: Path, name: str, text: str, expected: list[tuple[int, str]]
) -> None:
    """Each finding has the first line of its text; code, link targets and marked lines are not checked."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert [(finding.line, finding.wording) for finding in tool.find_in_file(path)] == expected


def test_python_files_of_all_folders_are_checked(tool: ModuleType) -> None:
    """Tests and benches are checked like the product; installed programs and folders in work only if given."""
    files = [
        file.relative_to(tool.ROOT).as_posix() for place in tool.CHECKED for file in tool.list_files(tool.ROOT / place)
    ]
    assert {"monitor/app.py", "tests/unit/test_language_check.py", "bench/run.py", "docs/glossary.md"} <= {*files}
    assert not [file for file in files if file.startswith(tool.UNCHECKED)]
    assert tool.list_files(tool.ROOT / "tests/integration/store")
