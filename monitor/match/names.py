"""The ways a watched name may be written, and what is wrong or risky in a watch list."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.mention import MatchForm
from monitor.domain.official import Official
from monitor.domain.rule import Watchlist
from monitor.match.conventions import parse_name
from monitor.match.countries import country_words, find_country_key
from monitor.match.lexicon import COMMON_WORDS, ORDINARY_WORD_NAMES, VIETNAMESE_PLACES, VIETNAMESE_SYLLABLE
from monitor.match.natives import build_native_patterns
from monitor.match.people import is_native, printed_words
from monitor.match.posts import fold_words, parse_positions
from monitor.match.shape import NameParts, NameWords, ShortForm
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced


@dataclass(frozen=True, slots=True)
class NameForm:
    """One way a name may stand. ``risky`` forms need more evidence than themselves; ``why`` says which, or whence."""

    text: str
    form: MatchForm
    risky: bool
    why: str


@dataclass(frozen=True, slots=True)
class NameIssue:
    """Something to say about one value of a watch list: whose, which field, which item of it, and whether it is fatal.

    ``kind`` is "official" or "rule", ``id`` which of them; ``index`` is -1 where the field is no list.
    """

    kind: str
    id: str
    field: str
    index: int
    message: str
    is_fatal: bool


def list_name_forms(official: Official) -> tuple[NameForm, ...]:
    """List every form that is looked for, the surest first; each in any capitals and with fewer marks or none."""
    forms: dict[str, NameForm] = {}
    for name in (official.name, *official.aliases):
        for form in _list_native_forms(name) if is_native(name) else _list_latin_forms(name, official):
            forms.setdefault(fold_key(form.text), form)
    return tuple(sorted(forms.values(), key=lambda form: (form.risky, list(MatchForm).index(form.form))))


def _list_native_forms(name: str) -> Iterator[NameForm]:
    _, parts = build_native_patterns(name)
    yield NameForm(name, MatchForm.FULL, risky=False, why="in its own script, wherever it stands")
    words = {fold_key(word): word for word in name.replace("·", " ").split()}
    for part in parts[:1]:
        said = words.get(part.strip(), part.strip())
        yield NameForm(
            said, MatchForm.SHORT, risky=True, why="set off from other words, after the whole name in the text"
        )


def _list_latin_forms(name: str, official: Official) -> Iterator[NameForm]:
    shape = parse_name(name, official.country)
    printed = {fold_key(word): word for word in printed_words(name)}
    for number, whole in enumerate(shape.full_forms):
        text = _to_printed(whole, printed)
        if len(whole) == 1:
            yield NameForm(text, MatchForm.WITH_TITLE, risky=True, why=_explain_single_word(official))
        else:
            why = (
                "the name as configured" if number == 0 and name == official.name else _explain_word_order(whole, shape)
            )
            yield NameForm(text if number else name, MatchForm.FULL, risky=False, why=why)
    if shape.phonetic_parts:
        text = f"spellings that sound like {name}"
        yield NameForm(text, MatchForm.FULL, risky=False, why="both halves sound alike")
    for short in shape.short_forms:
        yield from _list_short_forms(short, printed)


def _to_printed(words: NameWords, printed_by_folded: dict[str, str]) -> str:
    return " ".join(printed_by_folded.get(word, word.capitalize()) for word in words)


def _explain_word_order(full_form: NameWords, name_parts: NameParts) -> str:
    same = sorted(full_form) == sorted(name_parts.full_forms[0])
    return "another order of the same words" if same else "a shorter or other spelling of the whole"


def _explain_single_word(official: Official) -> str:
    if official.country:
        return f"one word: counts beside a title, or in a text that speaks of {official.country}"
    return "one word and no country: counts beside a title alone"


def _list_short_forms(short_form: ShortForm, printed_by_folded: dict[str, str]) -> Iterator[NameForm]:
    text = _to_printed(short_form.words, printed_by_folded)
    yield NameForm(
        f"[title] {text}", MatchForm.WITH_TITLE, risky=False, why=f"{short_form.label}, beside a post or rank that fits"
    )
    if short_form.sufficient:
        why = _explain_risk(" ".join(short_form.words)) or "counts after the whole name in the same text"
        yield NameForm(text, MatchForm.SHORT, risky=True, why=f"{short_form.label}; {why}")


def _explain_risk(folded: str) -> str:
    """Tell what else a short form is, or an empty string."""
    if folded in VIETNAMESE_PLACES:
        return "also a place: it needs a title"
    if folded in ORDINARY_WORD_NAMES or folded in COMMON_WORDS:
        return "also an ordinary word: not at the beginning of a sentence or in a headline"
    if VIETNAMESE_SYLLABLE.match(folded):
        return "shared by many: counts after the whole name in the same text, in Vietnamese beside a title alone"
    return ""


def lint_names(watchlist: Watchlist) -> tuple[NameIssue, ...]:
    """Remark on names that cannot work or would flood, on names shared by several, on roles that say nothing."""
    remarks = [remark for official in watchlist.officials for remark in _lint_official(official)]
    return (*remarks, *_lint_shared_names(watchlist))


def _lint_official(official: Official) -> Iterator[NameIssue]:
    names = (official.name, *official.aliases)
    seen: set[str] = set()
    for index, name in enumerate(names, start=-1):
        field = "name" if index < 0 else "aliases"
        key = " ".join(fold_words(name))
        for message, fatal in _lint_name(name, official, is_alias=index >= 0):
            yield NameIssue("official", official.id, field, index, message, fatal)
        if key and key in seen and name.isascii():
            yield NameIssue(
                "official",
                official.id,
                field,
                index,
                f"{name!r} says nothing that another name does not",
                is_fatal=False,
            )
        seen.add(key)
    country = find_country_key(" ".join(fold_words(official.country)))
    if country and country not in country_words().values():
        message = f"{official.country!r} is no country known here: the name is read as given name and family name"
        yield NameIssue("official", official.id, "country", -1, message, is_fatal=False)
    for index, role in enumerate(official.roles):
        if not parse_positions(role.title):
            message = f"no post is understood in {role.title!r}: write it as the press does, as in Minister of Finance"
            yield NameIssue("official", official.id, "roles", index, message, is_fatal=False)


def _lint_name(name: str, official: Official, *, is_alias: bool) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one name, and whether it cannot be used at all."""
    words = fold_words(name)
    if not any(char.isalpha() for char in fold_key(name)):
        yield f"{name!r} holds no letter", True
    elif is_native(name):
        letters = [char for char in name if char.isalpha()]
        if len(letters) < 2 or (len(letters) < 3 and is_unspaced(letters[0]) and letters[0] < "\u2e80"):
            yield f"{name!r} is too short to tell from parts of other words: give the full name", True
    elif len(words) == 1 and (words[0] in ORDINARY_WORD_NAMES or words[0] in COMMON_WORDS or len(words[0]) < 3):
        known = official.country or official.roles
        yield f"{name!r} alone is an ordinary word, and counts beside a title only: give the full name", not known
    elif len(words) == 1 and not (official.country or official.roles):
        yield (
            f"{name!r} is one word, and without country or roles nothing tells its bearer from others: add them",
            False,
        )
    elif len(words) == 1 and not is_alias:
        yield (
            f"{name!r} is one word: it counts beside a title, or where the text speaks of its country",
            False,
        )


def _lint_shared_names(watchlist: Watchlist) -> Iterator[NameIssue]:
    """Yield remarks on names that several officials bear."""
    bearers: dict[str, list[tuple[Official, str, int]]] = defaultdict(list)
    for official in watchlist.officials:
        for index, name in enumerate((official.name, *official.aliases), start=-1):
            bearers[" ".join(fold_words(name)) or name].append((official, name, index))
    for same in bearers.values():
        first = same[0][0]
        for official, name, index in same[1:]:
            if official is first or not _is_same_name(name, (first.name, *first.aliases)):
                continue
            field = "name" if index < 0 else "aliases"
            message = f"{name!r} is also a name of {first.id}: it counts only where post, country or date decides"
            if not (official.roles and first.roles) and official.country == first.country:
                message = f"{name!r} is also a name of {first.id}, and nothing tells them apart: give country and roles"
            yield NameIssue("official", official.id, field, index, message, is_fatal=False)


def _is_same_name(name: str, others: tuple[str, ...]) -> bool:
    """Tell whether a name equals another in all but capitals, or one of them is written without marks."""
    folded = [other for other in others if fold_words(other) == fold_words(name)]
    return any(name.isascii() or other.isascii() or name.casefold() == other.casefold() for other in folded)
