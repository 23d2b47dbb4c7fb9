"""The ways a watched name may be written, and what is wrong or risky in a watch list."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.mention import Form
from monitor.domain.official import Official
from monitor.domain.rule import Watch
from monitor.match.conventions import shape_of
from monitor.match.countries import country_key, country_words
from monitor.match.lexicon import COMMON, PLACES, SYLLABLE, WORD_NAMES
from monitor.match.natives import native_patterns
from monitor.match.people import is_native, printed_words
from monitor.match.posts import posts_of, words_of
from monitor.match.shape import Shape, Shorter, Words
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced


@dataclass(frozen=True, slots=True)
class NameForm:
    """One way a name may stand. ``risky`` forms need more evidence than themselves; ``why`` says which, or whence."""

    text: str
    form: Form
    risky: bool
    why: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about one value of a watch list: whose, which field, which item of it, and whether it is fatal.

    ``kind`` is "official" or "rule", ``id`` which of them; ``index`` is -1 where the field is no list.
    """

    kind: str
    id: str
    field: str
    index: int
    message: str
    fatal: bool


def name_forms(official: Official) -> tuple[NameForm, ...]:
    """List every form that is looked for, the surest first; each in any capitals and with fewer marks or none."""
    forms: dict[str, NameForm] = {}
    for name in (official.name, *official.aliases):
        for form in _native_forms(name) if is_native(name) else _latin_forms(name, official):
            forms.setdefault(fold_key(form.text), form)
    return tuple(sorted(forms.values(), key=lambda form: (form.risky, list(Form).index(form.form))))


def _native_forms(name: str) -> Iterator[NameForm]:
    _, parts = native_patterns(name)
    yield NameForm(name, Form.FULL, risky=False, why="in its own script, wherever it stands")
    words = {fold_key(word): word for word in name.replace("·", " ").split()}
    for part in parts[:1]:
        said = words.get(part.strip(), part.strip())
        yield NameForm(said, Form.SHORT, risky=True, why="set off from other words, after the whole name in the text")


def _latin_forms(name: str, official: Official) -> Iterator[NameForm]:
    shape = shape_of(name, official.country)
    printed = {fold_key(word): word for word in printed_words(name)}
    for number, whole in enumerate(shape.wholes):
        text = _printed(whole, printed)
        if len(whole) == 1:
            yield NameForm(text, Form.TITLED, risky=True, why=_single_reason(official))
        else:
            why = "the name as configured" if number == 0 and name == official.name else _order(whole, shape)
            yield NameForm(text if number else name, Form.FULL, risky=False, why=why)
    if shape.halves:
        text = f"spellings that sound like {name}"
        yield NameForm(text, Form.FULL, risky=False, why="both halves sound alike")
    for short in shape.shorts:
        yield from _short_forms(short, printed)


def _printed(words: Words, printed: dict[str, str]) -> str:
    return " ".join(printed.get(word, word.capitalize()) for word in words)


def _order(whole: Words, shape: Shape) -> str:
    same = sorted(whole) == sorted(shape.wholes[0])
    return "another order of the same words" if same else "a shorter or other spelling of the whole"


def _single_reason(official: Official) -> str:
    if official.country:
        return f"one word: counts beside a title, or in a text that speaks of {official.country}"
    return "one word and no country: counts beside a title alone"


def _short_forms(short: Shorter, printed: dict[str, str]) -> Iterator[NameForm]:
    text = _printed(short.words, printed)
    yield NameForm(f"[title] {text}", Form.TITLED, risky=False, why=f"{short.kind}, beside a post or rank that fits")
    if short.sure:
        why = _risk(" ".join(short.words)) or "counts after the whole name in the same text"
        yield NameForm(text, Form.SHORT, risky=True, why=f"{short.kind}; {why}")


def _risk(folded: str) -> str:
    """Tell what else a short form is, or an empty string."""
    if folded in PLACES:
        return "also a place: it needs a title"
    if folded in WORD_NAMES or folded in COMMON:
        return "also an ordinary word: not at the beginning of a sentence or in a headline"
    if SYLLABLE.match(folded):
        return "shared by many: counts after the whole name in the same text, in Vietnamese beside a title alone"
    return ""


def review(watch: Watch) -> tuple[Remark, ...]:
    """Remark on names that cannot work or would flood, on names shared by several, on roles that say nothing."""
    remarks = [remark for official in watch.officials for remark in _review_official(official)]
    return (*remarks, *_shared(watch))


def _review_official(official: Official) -> Iterator[Remark]:
    names = (official.name, *official.aliases)
    seen: set[str] = set()
    for index, name in enumerate(names, start=-1):
        field = "name" if index < 0 else "aliases"
        key = " ".join(words_of(name))
        for message, fatal in _review_name(name, official, is_alias=index >= 0):
            yield Remark("official", official.id, field, index, message, fatal)
        if key and key in seen and name.isascii():
            yield Remark(
                "official", official.id, field, index, f"{name!r} says nothing that another name does not", fatal=False
            )
        seen.add(key)
    country = country_key(" ".join(words_of(official.country)))
    if country and country not in country_words().values():
        message = f"{official.country!r} is no country known here: the name is read as given name and family name"
        yield Remark("official", official.id, "country", -1, message, fatal=False)
    for index, role in enumerate(official.roles):
        if not posts_of(role.title):
            message = f"no post is understood in {role.title!r}: write it as the press does, as in Minister of Finance"
            yield Remark("official", official.id, "roles", index, message, fatal=False)


def _review_name(name: str, official: Official, *, is_alias: bool) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one name, and whether it cannot be used at all."""
    words = words_of(name)
    if not any(char.isalpha() for char in fold_key(name)):
        yield f"{name!r} holds no letter", True
    elif is_native(name):
        letters = [char for char in name if char.isalpha()]
        if len(letters) < 2 or (len(letters) < 3 and is_unspaced(letters[0]) and letters[0] < "\u2e80"):
            yield f"{name!r} is too short to tell from parts of other words: give the full name", True
    elif len(words) == 1 and (words[0] in WORD_NAMES or words[0] in COMMON or len(words[0]) < 3):
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


def _shared(watch: Watch) -> Iterator[Remark]:
    """Yield remarks on names that several officials bear."""
    bearers: dict[str, list[tuple[Official, str, int]]] = defaultdict(list)
    for official in watch.officials:
        for index, name in enumerate((official.name, *official.aliases), start=-1):
            bearers[" ".join(words_of(name)) or name].append((official, name, index))
    for same in bearers.values():
        first = same[0][0]
        for official, name, index in same[1:]:
            if official is first or not _same_marks(name, (first.name, *first.aliases)):
                continue
            field = "name" if index < 0 else "aliases"
            message = f"{name!r} is also a name of {first.id}: it counts only where post, country or date decides"
            if not (official.roles and first.roles) and official.country == first.country:
                message = f"{name!r} is also a name of {first.id}, and nothing tells them apart: give country and roles"
            yield Remark("official", official.id, field, index, message, fatal=False)


def _same_marks(name: str, others: tuple[str, ...]) -> bool:
    """Tell whether a name equals another in all but capitals, or one of them is written without marks."""
    folded = [other for other in others if words_of(other) == words_of(name)]
    return any(name.isascii() or other.isascii() or name.casefold() == other.casefold() for other in folded)
