"""Check texts for wording that this project avoids: `python tools/check_language.py`.

Texts are docstrings, comments and messages of Python files, paragraphs of Markdown pages, and comments of other files.
Each rule names the wording and what to write instead. A line that means the word literally carries the comment
`# language: ok - reason`, in Markdown `<!-- language: ok - reason -->`. Exits with 1 if there is a finding.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CHECKED = [
    "tools",
    *(f"monitor/{name}" for name in ("language", "fetch", "extract", "parse", "deliver", "digest", "stories", "text")),
    *(f"monitor/{name}" for name in ("telemetry", "schedule", "match", "pipeline", "domain", "config", "cli", "demo")),
    *("monitor/store", "monitor/records", "monitor/web", "monitor/insight", "monitor/feedback"),
    *(f"monitor/{name}.py" for name in ("app", "daemon", "desk", "jobs", "worker")),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "seeds", ".github", "tests"),
    *("bench", "deploy", "sources.yaml", "pyproject.toml", "Makefile"),
]
"""Folders and files that must have no finding. Everything is to be in here."""
UNCHECKED = ("bench/peers",)
"""Folders that are checked only if they are given: installed programs."""
COMMENTED_FILES = {".yaml", ".yml", ".toml", ".service", ".example", "Makefile", "Dockerfile"}  # comments begin with #
CHECKED_FILES = COMMENTED_FILES | {".md", ".py"}

RULES = {
    r"^(Tell|Say) (whether|why|what|who|how)\b": "Return whether ...; Return the reason ...",
    r"^(What|Who|Whom|Whose|Whether|How|Where|When|By what)\b(?!.*\?$)": "begin with a verb or a noun",
    r"\b(un|re)?told\b|\btells? (of|apart)\b": "reported, undelivered, distinguish",
    r"(?<!here )\b(is|are|were) no (?!longer|more|such)[a-z]+": "is not a valid ...; there is no ...",
    r"\bstands? (in|at|for|on|before|after|beside|alone|there|by)\b": "is, is in, means",
    r"\b(beside|aside)\b": "next to, in addition to, in a worker process",
    r"\bthose (who|that|which|of)\b": "the ... that",
    r"\bsays? (so|of|nothing|which|what)\b": "reports, states",
    r"\bso (many|few|much|long)\b": "give the number or the limit",
    r"\b(crew|errands?|foreman|roster|shelf|ledger|hand(s|ed)? out)\b": "workers, job, enqueue, index, key-value store",
    r"\b(it|who|they|that) rests?\b|\bat rest\b": "pauses, waits",
    r"\b(came|comes?|became|become) of\b": "result of",
    r"\b(he|his|him|himself)\b": "the official, the user, they",
    r"\bwho(m|ever)\b": "the user, the caller",
    r"\b(at a glance|in the midst of|for ever|in place of)\b": "quickly, during, permanently, instead of",
    r"\btake[ns]? (over|back)\b": "apply, requeue",
    r"\b(mend(s|ed|ing)?|remed(y|ies))\b": "fix, suggestion",
    r"\b(foreseen?|lacking|hasten|awake|woken|belied|fate|credence)\b": "use the standard term",
    r"\b(is|are|was|were|be|feels?) (ill|well)\b": "unhealthy, healthy",
    r"\b(heard|hear of|ears)\b": "received, learned",
    r"\blet(s|ting)? go\b": "delete, expire, release",
    r"\blooks? again\b|\banother look\b": "recheck",
    r"\b(give[ns]?|gave) up\b": "stop, abandon",
    r"\bballast\b|\bthrow(n)? off\b": "reserve file, release",
    r"\banew\b|\bfor good\b": "again, permanently",
    r"\bstands? (nowhere|twice)\b": "does not occur, is repeated",
}
PATTERNS = [(re.compile(pattern), advice) for pattern, advice in RULES.items()]
PAGE_PATTERNS = [(pattern, advice) for pattern, advice in PATTERNS if not pattern.pattern.startswith("^(What")]
"""Rules for pages: headings, cells and instructions may begin with a question word."""
NOT_PROSE = re.compile(
    r"^(?P<fence>```|~~~).*?^(?P=fence)[ ]*$|^(?:    |\t).*?$|<!-- measured:.*|<(?!!--)[^>\n]*>|\]\([^)\n]*\)",
    re.MULTILINE | re.DOTALL,
)
"""Parts of a page that are not checked: code, what `make bench` writes, HTML tags and the targets of links."""
NAMES = re.compile(
    r"(?:^|_)(?:told|untold|heard|aside|beside|crew|fate|errand|shelf|ledger|alerter|roster|foreman|remedy|row_\d+)(?:_|$)"
)
MESSAGE_CALLS = {"Option", "Argument", "Field", "Typer"}  # their texts are read by users


class Finding(NamedTuple):
    """A place and what to write instead."""

    path: Path
    line: int
    wording: str
    advice: str


def find_in_file(path: Path) -> list[Finding]:
    """Return the findings of one file, by its kind."""
    if path.suffix == ".py":
        return list(_find_in_python(path))
    return list(_find_in_page(path) if path.suffix == ".md" else _find_in_comments(path))


def _find_in_python(path: Path) -> Iterator[Finding]:
    source = path.read_text(encoding="utf-8")
    lines, nodes = source.splitlines(), list(ast.walk(ast.parse(source)))
    for line, text in sorted([*_docstrings(nodes), *_messages(nodes), *_comments(source)]):
        allowed = any("language: ok" in lines[number] for number in range(line - 1, line + text.count("\n")))
        if not allowed:
            yield from _find_in_text(path, line, text, PATTERNS)
    for line, name in _defined_names(nodes):
        if "language: ok" not in lines[line - 1] and NAMES.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()):
            yield Finding(path, line, name, "use the glossary's term in names")


def _find_in_page(path: Path) -> Iterator[Finding]:
    """Yield the findings of a Markdown page; a paragraph, list item or table row is one text."""
    page = NOT_PROSE.sub(lambda part: "\n" * part[0].count("\n"), path.read_text(encoding="utf-8"))
    page = re.sub(r"^(?=[ ]*(?:[-*|#]|\d+\.)[ ]?)", "\0", page, flags=re.MULTILINE)
    line = 1
    for text in re.split(r"(\n[ ]*\n|\0)", page):
        if "language: ok" not in text:
            yield from _find_in_text(path, line, text.strip(" |#*-"), PAGE_PATTERNS)
        line += text.count("\n")


def _find_in_comments(path: Path) -> Iterator[Finding]:
    """Yield the findings of the comments in a file whose comments begin with #; adjacent comment lines are one text."""
    start, texts = 0, list[str]()
    for line, content in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        comment = re.search(r"(?:^|\s)#\s+(.*)", content)
        if texts and not content.lstrip().startswith("#"):
            yield from _find_in_text(path, start, " ".join(texts), PATTERNS)
            texts = []
        if comment is None or "language: ok" in content:
            continue
        if content.lstrip().startswith("#"):
            start = start if texts else line
            texts.append(comment[1])
        else:
            yield from _find_in_text(path, line, comment[1], PATTERNS)


def _find_in_text(path: Path, line: int, text: str, patterns: list[tuple[re.Pattern[str], str]]) -> Iterator[Finding]:
    for sentence in _sentences(text):
        for pattern, advice in patterns:
            if found := pattern.search(sentence):
                yield Finding(path, line, found[0], advice)


def _sentences(text: str) -> list[str]:
    """Split a text into sentences without code in backticks or quotes."""
    bare = re.sub(r"`+[^`]*`+|\"[^\"]*\"|“[^”]*”", "CODE", text)
    return [part.strip() for part in re.split(r"(?<=[.:;?])\s+|\n\s*\n", bare) if part.strip()]


def _docstrings(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each docstring, those of attributes included."""
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def _messages(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each error message and help text."""
    for node in nodes:
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            parts = node.exc.args
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in MESSAGE_CALLS:
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        else:
            continue
        for part in parts:
            texts = [leaf.value for leaf in ast.walk(part) if isinstance(leaf, ast.Constant)]
            message = "".join(text for text in texts if isinstance(text, str))
            if " " in message:
                yield part.lineno, message


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each comment, without directives to tools."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = re.sub(r"^#!?\s*", "", token.string)
            if not re.match(r"(noqa|type:|fmt:|language: ok)", text):
                yield token.start[0], text


def _defined_names(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each function, class, parameter and assigned variable."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def list_files(path: Path) -> list[Path]:
    """Return a file, or the files of a folder that can be checked."""
    if not path.is_dir():
        return [path]
    given = path.relative_to(ROOT).as_posix()
    omitted = tuple(folder for folder in UNCHECKED if not given.startswith(folder))
    files = [file for file in path.rglob("*") if {file.suffix, file.name} & CHECKED_FILES and file.is_file()]
    return sorted(file for file in files if not file.relative_to(ROOT).as_posix().startswith(omitted))


def main(places: list[str]) -> int:
    """Check ``places``, or all that must be clean; return the exit code."""
    files = [file for place in places or CHECKED for file in list_files(ROOT / place)]
    checked = [file for file in files if file != Path(__file__)]
    with ProcessPoolExecutor() as workers:
        findings = [finding for found in workers.map(find_in_file, checked, chunksize=32) for finding in found]
    for path, line, wording, advice in findings:
        sys.stdout.write(f"{path.relative_to(ROOT)}:{line}: {wording!r}: {advice}\n")
    sys.stdout.write(f"{len(findings)} findings in {len(files)} files\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
