"""Golden output: writes the results of the program on fixed inputs, so that two versions can be compared byte by byte.

    python tools/golden.py match > before.jsonl

`match` writes the findings of the matching engine, one text per line as JSON with sorted keys: the articles of seeds/,
every labelled text of tests/quality, the texts in tests/unit/match, and texts that are generated from their words.
The texts of one folder are matched against the officials of all folders, so that names are shared and rejected.
Both versions must read the same tests/ and seeds/.
"""

import ast
import json
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from msgspec.structs import asdict

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from quality.measures import load_matcher  # noqa: E402 - the path is set above
from support.seed_pipeline import cases, findings_by_document  # noqa: E402 - as above

from monitor.domain.article import Article  # noqa: E402 - as above
from monitor.domain.mention import Findings  # noqa: E402 - as above
from monitor.domain.watchlist import Official, Role, Rule, Watchlist  # noqa: E402 - as above
from monitor.match.engine import Matcher, compile_watchlist  # noqa: E402 - as above

QUALITY = ROOT / "tests" / "quality"
UNIT_TESTS = ROOT / "tests" / "unit" / "match"
SETS = ("names", "people", "abroad", "passages")
LANGUAGES = ("en", "vi", "fr", "de", "pl", "")
GENERATED_TEXTS = 1500
"""Generated texts: enough to reach each branch of the decisions about names several times."""
PIECE_LIST = (
    "General|Minister|President|Mr|Gen.|PM|Ambassador|the|of|and|said|in|on|,|.|,|.|:|(|)|-|A.|B.|J.|Photo:|By"
    '|Dr|Street|singer|Bac|Monday|Lao|Vietnam\'s|Vietnamese|Indonesian|bin|Jr.|"Bob"|Defence|Foreign|Chief|tailor|'
    "\n"
)
PIECES = PIECE_LIST.split("|")


def read_texts() -> Iterator[tuple[str, Article]]:
    """Yield a label and an article for every labelled text and every text of the unit tests."""
    for name in SETS:
        for line in (QUALITY / name / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            published = (
                datetime.fromisoformat(str(case["published"])).replace(tzinfo=UTC) if case["published"] else None
            )
            yield (
                f"{name}/{case['id']}",
                Article(
                    url="",
                    title=case.get("title", ""),
                    body=case["text"],
                    language=case["language"],
                    published_at=published,
                ),
            )
    for path in sorted((QUALITY / "documents").glob("*.txt")):
        yield f"documents/{path.name}", Article(url="", body=path.read_text(encoding="utf-8"), language="en")
    for text in sorted(_unit_test_texts()):
        for language in LANGUAGES:
            when = datetime(2025, 5, 5, tzinfo=UTC)
            yield f"unit/{language}/{text[:40]}", Article(url="", body=text, language=language, published_at=when)


def generate_texts(officials: list[Official]) -> Iterator[tuple[str, Article]]:
    """Yield texts that mix whole and partial names of officials with titles, signs and other names."""
    rng = random.Random(5)  # noqa: S311 - must be the same in every run
    for number in range(GENERATED_TEXTS):
        words: list[str] = []
        chosen = rng.sample(officials, 4)
        for _ in range(rng.randint(5, 60)):
            official = rng.choice(chosen)
            name = rng.choice((official.name, *official.aliases))
            parts = name.split()
            role = rng.choice(official.roles).title if official.roles else "Minister"
            words.append(
                rng.choice(
                    (
                        name,
                        parts[-1],
                        parts[0],
                        f"{role} {parts[-1]}",
                        f"{parts[0][0]}. {parts[-1]}",
                        f"{parts[0]} {rng.choice(PIECES)} {parts[-1]}",
                        name.upper(),
                        name.replace(" ", "-"),
                        f"{name}, {role}",
                        _swap_letters(name, rng),
                        *(rng.choice(PIECES) for _ in range(8)),
                    )
                )
            )
        published = datetime(rng.choice((2016, 2025)), 5, 5, tzinfo=UTC)
        text, language = " ".join(words), rng.choice(LANGUAGES)
        yield f"generated/{number}", Article(url="", body=text, language=language, published_at=published)


def _swap_letters(name: str, rng: random.Random) -> str:
    at = rng.randrange(max(1, len(name) - 1))
    return name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]


def _unit_test_texts() -> set[str]:
    """Return the strings of several words in the unit tests, without docstrings and patterns."""
    found: set[str] = set()
    for path in UNIT_TESTS.glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value.strip()
            and id(node) not in documentation
        }
    return found


def _unit_test_officials() -> list[Official]:
    """Return the officials that the unit tests define with constant values."""
    known = {"Official": Official, "Role": Role, "date": date}
    found: dict[str, Official] = {}
    for path in sorted(UNIT_TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Official":
                used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                if used <= known.keys():
                    official = eval(ast.unparse(node), known)  # noqa: S307 - our own tests
                    found.setdefault(official.name, official)
    return [
        Official(f"unit-{number}", one.name, one.country, one.aliases, one.roles, one.exclude_phrases)
        for number, one in enumerate(found.values())
    ]


def read_officials() -> list[Official]:
    """Return the officials of the unit tests and of all sets, each with an id of its own."""
    every = _unit_test_officials()
    for name in SETS:
        listed: dict[str, Any] = yaml.safe_load((QUALITY / name / "officials.yaml").read_text(encoding="utf-8"))
        for key, fields in listed["officials"].items():
            roles = tuple(
                Role(role) if isinstance(role, str) else Role(role["title"], role.get("from"), role.get("until"))
                for role in fields.get("roles", ())
            )
            every.append(
                Official(
                    f"{name}-{key}",
                    fields["name"],
                    fields.get("country", ""),
                    tuple(fields.get("aliases", ())),
                    roles,
                    tuple(fields.get("not", ())),
                )
            )
    return every


def build_matchers(officials: list[Official]) -> dict[str, Matcher]:
    """Return a matcher for each set of officials, and one for all of them together."""
    rules = (Rule("positions", officials=("all",), match_positions=True), Rule("query", query="minister* NEAR/5 visit"))
    matchers = {name: load_matcher(QUALITY / name / "officials.yaml") for name in SETS}
    return matchers | {"all": compile_watchlist(Watchlist(tuple(officials), rules))}


def format_findings(label: str, findings: Findings) -> str:
    """Return findings as one line of JSON."""
    return json.dumps({"text": label, **asdict(findings)}, default=_to_json, sort_keys=True)


def _to_json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{value!r} cannot be written as JSON; add its type here")


def write_match() -> Iterator[str]:
    """Yield the findings of each text, a line each."""
    for case in cases():
        yield format_findings(f"seeds/{case.name}", findings_by_document()[case.name])
    officials = read_officials()
    matchers = build_matchers(officials)
    texts = list(read_texts())
    for name, matcher in matchers.items():
        for label, article in texts:
            yield format_findings(f"{name}:{label}", matcher.match(article))
    for label, article in generate_texts(officials):
        yield format_findings(label, matchers["all"].match(article))


OUTPUTS: dict[str, Callable[[], Iterator[str]]] = {"match": write_match}


def main(arguments: list[str]) -> int:
    """Write the named output; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in OUTPUTS:
        sys.stderr.write(f"usage: python tools/golden.py {'|'.join(OUTPUTS)}\n")
        return 2
    for line in OUTPUTS[arguments[0]]():
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
