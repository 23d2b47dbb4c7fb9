"""Parts of names in other scripts, said again after the whole name or beside a title.

Posts without a name: "the Lao Defence Minister" is whoever held the post when the article was written.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from monitor.domain.mention import MatchForm
from monitor.match.decisions.context import MatchContext
from monitor.match.titles.parser import TITLE_WORD_PATTERN
from monitor.match.titles.positions import RoleFit, Title, parse_title, rate_role_fit
from monitor.match.types import Candidate, Candidates
from monitor.match.vocabulary import country_words, parse_words, title_words
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced


def decide_native_short_names(context: MatchContext, candidates: Candidates) -> None:
    """Find the parts said again of names in other scripts, after the whole name and where nothing goes on with them."""
    page = context.article_text
    taken = sorted(context.claimed_spans)
    for pattern, start, end in candidates.native_short_names:
        padded = page.spaced[start] == " "
        first, last = (start, end - 2) if padded else (start - 1, end - 1)
        if _is_claimed(taken, first):
            continue
        owners = [
            owner for owner in context.name_index.short_name_officials(pattern) if owner in context.first_accepted_at
        ]
        if len(owners) != 1:
            continue
        apart = (
            _is_cased_family_name(page.cased, first, last) if padded else _is_separated(page.folded.text, first, last)
        )
        if apart:
            context.accept(
                owners[0],
                Candidate(first, last, tuple(owners)),
                MatchForm.SHORT,
                0.8,
                "stands alone after the full name",
            )


def _is_cased_family_name(cased: str, start: int, end: int) -> bool:
    """Tell whether a Greek or Cyrillic word has a capital, and no word with a capital right before or after it."""
    left = (
        cased[max(0, start - _LEFT_CONTEXT_CHARS) : start - 1].rpartition(" ")[2]
        if cased[start - 1 : start] == " "
        else ""
    )
    right = cased[end + 1 : end + 2] if cased[end : end + 1] == " " else ""
    named_before = left[:1].isupper() and left[-1:].isalpha() and fold_key(left) not in _SENTENCE_OPENERS
    return cased[start].isupper() and not named_before and not right.isupper() and cased[end : end + 1] != "-"


def _is_separated(text: str, start: int, end: int) -> bool:
    """Tell whether a part of a script without word breaks is set off, on one side where it is long.

    A Chinese one goes on with a sign or a word that follows names; one in South-East Asia may follow a title.
    """
    left, right = text[start - 1 : start], text[end : end + 1]
    if text[start] >= "\u2e80":
        return left != "·" and (not right or right in _HAN_WORDS_AFTER_NAME or not is_unspaced(right)) and right != "·"
    free = [not sign or not is_unspaced(sign) for sign in (left, right)]
    if text[max(0, start - _MAX_TITLE_CHARS) : start].rstrip(" ").endswith(_SOUTHEAST_ASIAN_TITLES):
        return free[1] or (
            end - start >= _MIN_TITLED_CHARS
            and right not in _CONTINUING_SIGNS
            and unicodedata.category(right)[0] != "M"
        )
    return all(free) or (any(free) and end - start >= _MIN_DISTINCTIVE_CHARS)


def decide_han_names_by_position(context: MatchContext) -> None:
    """Find Chinese and Japanese family names right before a post, once the whole name stands in the text."""
    text = context.article_text.folded.text
    taken = sorted(context.claimed_spans)
    bearers: dict[str, list[int]] = defaultdict(list)
    for owner in sorted(context.first_accepted_at):
        for family in _list_family_names(context, owner):
            bearers[family].append(owner)
    for family, owners in bearers.items():
        places = [at for at in _find_family_name(text, family) if not _is_claimed(taken, at)]
        titled = [at for at in places if _HAN_POSITION.match(text, at + len(family))]
        others = [at for at in places if at not in titled and "\u3400" <= text[at + len(family)] <= "\u9fff"]
        for at in titled if len(owners) == 1 and not others else ():
            seen = Candidate(at, at + len(family), tuple(owners))
            context.accept(owners[0], seen, MatchForm.WITH_TITLE, 0.85, "before a post, after the full name")


def decide_korean_names_by_position(context: MatchContext) -> None:
    """Find Korean family names in hangul before the post that was said with the whole name in the text."""
    text = context.article_text.folded.text
    taken = sorted(context.claimed_spans)
    bearers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in context.accepted:
        name = text[one.start : one.end].replace(" ", "")
        if _KOREAN_NAME.fullmatch(name):
            family = name[: 2 if name[:2] in _KOREAN_TWO_SYLLABLE_FAMILY_NAMES else 1]
            if (said := _KOREAN_POSITION.match(text, one.end)) is not None:
                bearers[family, said[1]].add(one.official_index)
    for (family, post), owners in bearers.items():
        stranger = re.compile(f"(?<![가-힣]){family}[가-힣]{{1,2}} ?(?:[가-힣]+ )?{post}")
        if len(owners) != 1 or any(not _is_claimed(taken, match.start()) for match in stranger.finditer(text)):
            continue
        for match in re.finditer(f"(?<![가-힣]){family}(?= ?{post})", text):
            seen = Candidate(match.start(), match.end(), tuple(owners))
            context.accept(
                seen.official_indexes[0], seen, MatchForm.WITH_TITLE, 0.85, "before the post said with the full name"
            )


def _list_family_names(context: MatchContext, official_index: int) -> Iterator[str]:
    """Yield what may be the family name in each of an official's names in Chinese characters."""
    person = context.name_index.prepared_official(official_index)
    for name in dict.fromkeys(map(fold_key, (person.official.name, *person.official.aliases))):
        if not all("\u3400" <= char <= "\u9fff" or char == " " for char in name):
            continue
        if " " in name:
            yield name.partition(" ")[0]
        elif person.name_parts.convention == "japanese":
            yield from (name[:size] for size in (1, 2, 3) if size < len(name))
        else:
            yield name[: 2 if name[:2] in _HAN_TWO_CHARACTER_FAMILY_NAMES else 1]


def _find_family_name(text: str, family: str) -> Iterator[int]:
    """Yield where a family name in Chinese characters may begin: after a sign, or a word that names follow."""
    at = text.find(family, 0, len(text) - 1)
    while at >= 0:
        left = text[at - 1 : at]
        if not "\u3400" <= left <= "\u9fff" or left in _HAN_WORDS_BEFORE_NAME:
            yield at
        at = text.find(family, at + 1, len(text) - 1)


def _is_claimed(claimed_spans: list[tuple[int, int]], offset: int) -> bool:
    """Tell whether a place lies in a whole name."""
    index = bisect_left(claimed_spans, (offset + 1, 0))
    return bool(index) and claimed_spans[index - 1][1] > offset


_LEFT_CONTEXT_CHARS = 40
_MIN_DISTINCTIVE_CHARS = 5
_HAN_WORDS_AFTER_NAME = frozenset("说說称稱表在和与與对對将將会會指强強认認宣是的及同也于於向出参參访訪抵")
_HAN_WORDS_BEFORE_NAME = frozenset("与與和同对對向在由被请請的及为為据據跟")
_MAX_TITLE_CHARS = 30
_MIN_TITLED_CHARS = 4
_CONTINUING_SIGNS = frozenset("ะาำๆະາຳ")
_HAN_TWO_CHARACTER_FAMILY_NAMES = parse_words(
    "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 夏侯 皇甫 东方 東方 尉迟 公孙 慕容 令狐"
)
_HAN_POSITION = re.compile(
    "(?:副|前|新|代理|国家|國家|外交|国防|國防|财政|商务|公安)?(?:主席|总书记|總書記|总统|總統|总理|總理|首相|外长|外長|防长|防長|部长|部長|大使|书记|書記|省长|省長"
    "|市长|市長|州长|将军|將軍|司令|议长|議長|委员长|委員長|知事|院长|院長|代表|幹事長|国务卿|國務卿|先生|女士|氏)"
    "|(?:外|外務|防衛|財務|法|法務|総務|経産|経済産業|農水|農林水産|国交|国土交通|厚労|厚生労働|文科|文部科学|環境|復興|(?:内閣)?官房)"
    "副?(?:相|大臣|長官)"
)
_KOREAN_NAME = re.compile("[가-힣]{2,4}")
_KOREAN_TWO_SYLLABLE_FAMILY_NAMES = parse_words("남궁 황보 제갈 사공 선우 독고")
_KOREAN_POSITION = re.compile(
    " (?:[가-힣]{2,12} )?[가-힣0-9]{0,6}?"
    "(대통령|총리|장관|차관|의원|대표|위원장|의장|지사|시장|대사|사령관|총장|실장|원장|비서관|청장|총재|후보)"
)
_SOUTHEAST_ASIAN_TITLES = tuple(
    parse_words(
        """
        นาย นาง นางสาว น.ส. ดร. คุณ ท่าน นายกรัฐมนตรี นายกฯ รัฐมนตรี รมว. รมต. ประธานาธิบดี ประธาน โฆษก ปลัด พลเอก พล.อ.
        พลโท พล.ท. พลตรี พล.ต. พล.ต.อ. พล.ต.ท. พล.ร.อ. พล.อ.อ. พันเอก พ.อ. ผบ.ทบ. ทนาย
        ທ່ານ ທ່ານນາງ ນາງ ສະຫາຍ ພົນເອກ ພົນໂທ ພົນຕີ ພັນເອກ ດຣ. ນາຍົກລັດຖະມົນຕີ ລັດຖະມົນຕີ ປະທານປະເທດ ປະທານ ປະທານສະພາ
        លោក លោកស្រី សម្តេច ឯកឧត្តម ឧត្តមសេនីយ៍ នាយករដ្ឋមន្ត្រី រដ្ឋមន្ត្រី ប្រធាន
        """
    )
)
_SENTENCE_OPENERS = parse_words(
    """
    ο η το οι τα του τησ των τον την τουσ τισ στον στην στο στουσ και με για απο οταν ομωσ αλλα προσ κατα
    в во на с со к ко о об у за от до по из при для про без над под но а и как что когда если же также
    від до із з зі й і та це що як коли якщо після поки але
    """
)
"""Articles, prepositions and conjunctions, folded: with a capital they begin a sentence, not a name."""


_WORD_GAPS = {" ", "-", "'s ", "' "}


def decide_positions(context: MatchContext, official_indexes: Iterable[int]) -> None:
    """Find posts that stand for one of these officials: dated, of his country, and followed by no name."""
    if context.article_date is None:
        return
    asked = tuple(official_indexes)
    for start, end, title in _find_titles(context.article_text.cased):
        if any(start < found.end and found.start <= end + 2 for found in context.accepted):
            continue
        holders = [owner for owner in asked if _is_holder(context, owner, title)]
        if len(holders) == 1:
            context.accept(
                holders[0],
                Candidate(start, end, (holders[0],)),
                MatchForm.POSITION,
                0.6,
                f"the post as held on {context.article_date}",
            )


def _find_titles(cased: str) -> Iterable[tuple[int, int, Title]]:
    """Yield each run of title words that names a post and leads up to no other capitalised word."""
    run: list[tuple[int, int, str]] = []
    for match in TITLE_WORD_PATTERN.finditer(cased):
        word = match.group().lower()
        known = word in title_words() or word in country_words()
        joined = bool(run) and cased[run[-1][1] : match.start()] in _WORD_GAPS
        if run and not (known and joined):
            if not (joined and match.group()[0].isupper()):
                yield from _finish_run(run)
            run = []
        if known:
            run.append((match.start(), match.end(), word))
    yield from _finish_run(run)


def _finish_run(run: list[tuple[int, int, str]]) -> Iterable[tuple[int, int, Title]]:
    while run and run[0][2] in {"the", "a", "an", "of", "and", "to", "in", "by", "for", "his", "her", "their"}:
        run = run[1:]
    while run and run[-1][2] in {
        "the",
        "a",
        "an",
        "of",
        "and",
        "to",
        "in",
        "by",
        "for",
        "who",
        "is",
        "was",
        "at",
        "on",
    }:
        run = run[:-1]
    if run and (title := parse_title(tuple(word for _, _, word in run))).positions:
        yield run[0][0], run[-1][1], title


def _is_holder(context: MatchContext, official_index: int, title: Title) -> bool:
    """Tell whether an official held the post named, in the country named, at the time of the article."""
    person = context.name_index.prepared_official(official_index)
    if person.country not in title.countries or title.rank:
        return False
    posts = [post for post in title.positions if not post.is_vague and not post.is_former]
    return any(
        rate_role_fit(post, role, context.article_date) is RoleFit.CURRENT
        for post in posts
        for role in person.official.roles
    )
