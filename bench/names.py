"""Names in texts: the matcher compared with `re` alternation, pyahocorasick and flashtext2, in one run.

The other engines find folded full names in folded texts, and nothing else. The matcher is given articles: it folds
them, checks diacritics, capitals and context, finds titled and short forms, and evaluates rules. Each engine runs in
its own process; times are processor time, the best of three passes.

    python bench/names.py [--quick]
"""

import json
import random
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from frame import ROOT, Rows, Scale, main
from venvs import PeerMissing, interpreter

ENGINES = ("re", "pyahocorasick", "flashtext2")


def split_words(text: str) -> list[str]:
    """Return the words of a list separated by bars."""
    return text.split("|")


FAMILIES = split_words("Nguyễn|Trần|Lê|Phạm|Hoàng|Phan|Vũ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Trịnh|Đinh|Lương|Mai|Tô|Võ")
MIDDLES = split_words("Văn|Hữu|Đức|Minh|Quốc|Thanh|Xuân|Trọng|Đình|Ngọc|Quang|Công|Thị|Bá|Duy|Hồng|Tiến|Viết|Thế|Tấn")
GIVENS = split_words("Giang|Cường|Hưng|Hùng|Thắng|Sơn|Dũng|Nghĩa|Trung|Bình|Tú|Hải|Long|Nam|Phong|Bảo|An|Hòa|Lâm|Tâm")
SOUNDS = split_words(
    "ba|be|bo|da|de|do|fa|fe|ga|go|ha|he|jo|ka|ke|ko|la|le|lo|ma|me|mi|mo|na|ne|no|pa|pe|ra|re|ri|ro|sa"
)
ENDS = split_words("n|r|l|s|ng|k|m|t|nd|rd|ll|ck|st|vic|sen|man|son|ton|ley|berg")
POSTS = ("Minister of National Defence", "Minister of Foreign Affairs", "Prime Minister", "Ambassador")
PLAIN = split_words(
    "the|talks|on|border|trade|went|on|late|into|the|night|while|rain|fell|over|the|valley|and|farmers|waited|for"
    "|news|of|prices|and|roads|that|the|ministry|had|promised|to|mend|before|the|harvest|came|in|from|the|norther"
    "n|districts|where|schools|opened|again|after|floods|had|closed|bridges|and|cut|power|to|homes|along|the|rive"
    "r|said|officials"
)
CAPITALS = split_words("Monday|Tuesday|Hanoi|Jakarta|ASEAN|Mekong|Europe|Paris|Party|Politburo|River|Committee|August")

OURS = """
import gc, json, sys, time
from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Rule, Watchlist
from monitor.match.engine import compile_watchlist
listed, texts, _ = json.load(open(sys.argv[1]))
people = tuple(Official(f"p{i}", name, country, roles=(Role(post),)) for i, (name, country, post) in enumerate(listed))
query = Rule("query", query="trawler* NEAR/5 patrol NOT football")
watchlist = Watchlist(people, (Rule("people", officials=("all",)), query))
before, start = resident(), time.process_time()
matcher = compile_watchlist(watchlist)
built(before, start)
gc.collect(), gc.freeze()
articles = [Article(url="", body=text, language="en") for text in texts]
measure(lambda: sum(len(matcher.match(article).mentions) for article in articles), texts)
"""
THEIRS = r"""
import json, re, sys, time
listed, texts, engine = json.load(open(sys.argv[1]))
before, start = resident(), time.process_time()
if engine == "re":
    texts = texts[: max(2, 40_000 // len(listed))]
    find = re.compile(r"\b(?:" + "|".join(map(re.escape, listed)) + r")\b").findall
elif engine == "pyahocorasick":
    import ahocorasick
    automaton = ahocorasick.Automaton()
    for name in listed:
        automaton.add_word(name, len(name))
    automaton.make_automaton()
    def find(text):
        padded = f" {text} "
        return [end for end, size in automaton.iter(text) if not (padded[end + 2] + padded[end - size + 1]).strip()]
else:
    from flashtext2 import KeywordProcessor
    processor = KeywordProcessor(case_sensitive=True)
    for name in listed:
        processor.add_keyword(name, name)
    find = processor.extract_keywords
built(before, start)
measure(lambda: sum(len(find(text)) for text in texts), texts)
"""
COMMON = """
import json, time
result = {}
def resident():
    return next(int(line.split()[1]) / 1000 for line in open("/proc/self/status") if line.startswith("VmRSS"))
def built(before, start):
    result.update(build=time.process_time() - start, memory=resident() - before)
def measure(work, texts):
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        result["found"] = work()
        best = min(best, time.process_time() - start)
    print(json.dumps({**result, "speed": sum(len(text.encode()) for text in texts) / 1e6 / best}))
"""


def person(rng: random.Random, kind: int) -> tuple[str, str]:
    """Generate a name and its country."""
    if kind == 0:
        return (
            f"{rng.choice(FAMILIES)} {rng.choice(MIDDLES)} {rng.choice(GIVENS)}{rng.choice(('', 'h', 'a'))}",
            "Vietnam",
        )
    words = ["".join(rng.choice(SOUNDS) for _ in range(rng.randint(1, 3))) + rng.choice(ENDS) for _ in range(2)]
    return " ".join(word.capitalize() for word in words), ("Laos", "Indonesia", "France", "Poland")[kind - 1]


def generate_officials(count: int) -> list[tuple[str, str, str]]:
    """Generate officials: name, country and position."""
    rng = random.Random(11)
    names: dict[str, str] = {}
    while len(names) < count:
        name, country = person(rng, rng.randrange(5))
        names.setdefault(name, country)
    return [(name, country, rng.choice(POSTS)) for name, country in names.items()]


def texts(officials: list[tuple[str, str, str]], count: int, named: int) -> list[str]:
    """Generate articles of about 3,000 characters that name ``named`` of the first thousand officials, twice each.

    Each names three other people, too, who share name parts with officials.
    """
    rng = random.Random(12)
    watched = {name for name, _, _ in officials}
    made = []
    for _ in range(count):
        words: list[str] = []
        while sum(map(len, words)) + len(words) < 2900:
            words += [*rng.sample(PLAIN, 12), rng.choice(CAPITALS) + rng.choice((",", ".", ""))]
        for name, _, _ in rng.sample(officials[:1000], named):
            at = rng.randrange(len(words))
            words.insert(at, f"{rng.choice(('General', 'Minister', 'President'))} {name}")
            words.insert(rng.randrange(at, len(words)), name.split()[-1] + " said")
        strangers = (person(rng, rng.choice((0, 3)))[0] for _ in range(300))
        for name in islice((name for name in strangers if name not in watched), 3):
            words.insert(rng.randrange(len(words)), name)
        made.append(" ".join(words))
    return made


def measure_engine(python: str | Path, script: str, *given: object) -> dict[str, float]:
    """Run an engine in its own process and return the values that it printed."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(given, file)
        file.flush()
        command = [str(python), "-c", COMMON + script, file.name]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip().splitlines()[-1])
    result: dict[str, float] = json.loads(ran.stdout)
    return result


def run(scale: Scale = Scale.USUAL) -> Rows:
    """Compare the engines and return rows."""
    from monitor.text.fold import fold_key

    many, few = scale.of(10_000, 100_000, 100_000), 1000
    officials = generate_officials(many)
    count = scale.of(200, 500, 2000)
    without_names, with_names = texts(officials, count, 0), texts(officials, count, 3)
    ours = {(size, at): measure_engine(sys.executable, OURS, officials[:size], given, "")
            for size in (few, many) for at, given in enumerate((without_names, with_names))}  # fmt: skip
    rows = [
        _row(f"{many:,} officials, none named: MB/s", "target 20 MB/s", ours[many, 0]["speed"], 20, ">= 1"),
        _row(f"{many:,} officials, three named twice: MB/s", "target 20 MB/s", ours[many, 1]["speed"], 20, ">= 1"),
        _row(f"{many:,} officials: seconds to build", "target 10 s", ours[many, 0]["build"], 10, "<= 1"),
        _row(f"{many:,} officials: megabytes", "target 300 MB", ours[many, 0]["memory"], 300, "<= 1"),
    ]
    for at, what in enumerate(("none named", "three named twice")):
        slow, fast = ours[many, at]["speed"], ours[few, at]["speed"]
        rows.append(_row(f"cost with {many:,} relative to {few:,}, {what}", "itself", 1 / slow, 1 / fast, "<= 4"))
    folded = [fold_key(text) for text in with_names]
    listed = [fold_key(name) for name, _, _ in officials]
    for engine in ENGINES:
        try:
            peer = measure_engine(interpreter("names"), THEIRS, listed, folded, engine)
        except PeerMissing as error:
            print(f"not compared: {error}", flush=True)
            break
        what = f"{many:,} officials, three named twice: MB/s (peer: only full names, text already folded)"
        rows.append(_row(what, engine, ours[many, 1]["speed"], peer["speed"], ""))
    return rows


def _row(what: str, peer: str, ours: float, theirs: float, target: str) -> dict[str, Any]:
    figures = {"ours": round(ours, 2), "theirs": round(theirs, 3), "ratio": round(ours / theirs, 3)}
    return {"what": what, "peer": peer, **figures, "target": target}


if __name__ == "__main__":
    main(__doc__, run)
