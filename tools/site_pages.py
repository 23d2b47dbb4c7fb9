"""Hooks of mkdocs: pages of the site that are outside of docs/, links between all pages, and the list of commands."""

import posixpath
import re
from pathlib import Path
from typing import Any

import typer.main
from mkdocs.structure.files import File, Files

from monitor.cli.main import create_app
from monitor.cli.man import format_reference

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CHANGELOG.md": "changes.md",
    "tests/quality/README.md": "quality-data.md",
    "seeds/README.md": "seeds.md",
}
"""Pages outside of docs/, by their path in the repository, with their path in the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_MARKS = re.compile(r"^(```\w+) [^\n]*$", re.MULTILINE)
"""Words after the language of a code block, which are for the tests."""

_CODE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside of docs/ and the list of commands."""
    for path, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text(encoding="utf-8")))
    files.append(File.generated(config, "commands.md", content=format_reference(typer.main.get_command(create_app()))))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page with links that fit the site; a link to another file of the repository becomes its name."""
    place = next((path for path, name in PAGES.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")

    def put(found: re.Match[str]) -> str:
        image, text, target, anchor = found[1], found[2], found[3], found[4] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        if path not in PAGES and not path.startswith("docs/"):
            return f"{text} (`{path}`)" if (ROOT / path).exists() else found[0]
        name = PAGES.get(path, path.removeprefix("docs/"))
        relative = posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or ".")
        return f"{image}[{text}]({relative}{anchor})"

    parts = _CODE.split(_MARKS.sub(r"\1", markdown))
    return "".join(part if part.startswith("```") else _LINK.sub(put, part) for part in parts)
