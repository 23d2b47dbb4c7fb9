"""Parts of names in other scripts, said again after the whole name or beside a title."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from monitor.domain.mention import Form
from monitor.match.hits import Hits, Seen
from monitor.match.lexicon import words
from monitor.match.search import Search
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced


def find_native_parts(search: Search, hits: Hits) -> None:
    """Find the parts said again of names in other scripts, after the whole name and where nothing goes on with them."""
    page = search.page
    taken = sorted(search.taken)
    for pattern, start, end in hits.parts:
        padded = page.spaced[start] == " "
        first, last = (start, end - 2) if padded else (start - 1, end - 1)
        if _is_taken(taken, first):
            continue
        owners = [owner for owner in search.roster.short_owners(pattern) if owner in search.named]
        if len(owners) != 1:
            continue
        apart = _is_family_name(page.cased, first, last) if padded else _is_set_off(page.folded.text, first, last)
        if apart:
            search.accept(
                owners[0], Seen(first, last, tuple(owners)), Form.SHORT, 0.8, "stands alone after the full name"
            )


def _is_family_name(cased: str, first: int, last: int) -> bool:
    """Tell whether a Greek or Cyrillic word has a capital, and no word with a capital right before or after it."""
    left = cased[max(0, first - _NEAR) : first - 1].rpartition(" ")[2] if cased[first - 1 : first] == " " else ""
    right = cased[last + 1 : last + 2] if cased[last : last + 1] == " " else ""
    named_before = left[:1].isupper() and left[-1:].isalpha() and fold_key(left) not in _OPENERS
    return cased[first].isupper() and not named_before and not right.isupper() and cased[last : last + 1] != "-"


def _is_set_off(text: str, first: int, last: int) -> bool:
    """Tell whether a part of a script without word breaks is set off, on one side where it is long.

    A Chinese one goes on with a sign or a word that follows names; one in South-East Asia may follow a title.
    """
    left, right = text[first - 1 : first], text[last : last + 1]
    if text[first] >= "\u2e80":
        return left != "·" and (not right or right in _HAN_AFTER or not is_unspaced(right)) and right != "·"
    free = [not sign or not is_unspaced(sign) for sign in (left, right)]
    if text[max(0, first - _REACH) : first].rstrip(" ").endswith(_TITLES):
        return free[1] or (last - first >= _TITLED and right not in _FINALS and unicodedata.category(right)[0] != "M")
    return all(free) or (any(free) and last - first >= _LONG)


def find_by_post(search: Search) -> None:
    """Find Chinese and Japanese family names right before a post, once the whole name stands in the text."""
    text = search.page.folded.text
    taken = sorted(search.taken)
    bearers: dict[str, list[int]] = defaultdict(list)
    for owner in sorted(search.named):
        for family in _families(search, owner):
            bearers[family].append(owner)
    for family, owners in bearers.items():
        places = [at for at in _places(text, family) if not _is_taken(taken, at)]
        titled = [at for at in places if _POST.match(text, at + len(family))]
        others = [at for at in places if at not in titled and "\u3400" <= text[at + len(family)] <= "\u9fff"]
        for at in titled if len(owners) == 1 and not others else ():
            seen = Seen(at, at + len(family), tuple(owners))
            search.accept(owners[0], seen, Form.TITLED, 0.85, "before a post, after the full name")


def find_by_korean_post(search: Search) -> None:
    """Find Korean family names in hangul before the post that was said with the whole name in the text."""
    text = search.page.folded.text
    taken = sorted(search.taken)
    bearers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in search.found:
        name = text[one.start : one.end].replace(" ", "")
        if _KOREAN_NAME.fullmatch(name):
            family = name[: 2 if name[:2] in _KOREAN_DOUBLE else 1]
            if (said := _KOREAN_POST.match(text, one.end)) is not None:
                bearers[family, said[1]].add(one.owner)
    for (family, post), owners in bearers.items():
        stranger = re.compile(f"(?<![가-힣]){family}[가-힣]{{1,2}} ?(?:[가-힣]+ )?{post}")
        if len(owners) != 1 or any(not _is_taken(taken, match.start()) for match in stranger.finditer(text)):
            continue
        for match in re.finditer(f"(?<![가-힣]){family}(?= ?{post})", text):
            seen = Seen(match.start(), match.end(), tuple(owners))
            search.accept(seen.owners[0], seen, Form.TITLED, 0.85, "before the post said with the full name")


def _families(search: Search, owner: int) -> Iterator[str]:
    """Yield what may be the family name in each of an official's names in Chinese characters."""
    person = search.roster.person(owner)
    for name in dict.fromkeys(map(fold_key, (person.official.name, *person.official.aliases))):
        if not all("\u3400" <= char <= "\u9fff" or char == " " for char in name):
            continue
        if " " in name:
            yield name.partition(" ")[0]
        elif person.shape.convention == "japanese":
            yield from (name[:size] for size in (1, 2, 3) if size < len(name))
        else:
            yield name[: 2 if name[:2] in _DOUBLE else 1]


def _places(text: str, family: str) -> Iterator[int]:
    """Yield where a family name in Chinese characters may begin: after a sign, or a word that names follow."""
    at = text.find(family, 0, len(text) - 1)
    while at >= 0:
        left = text[at - 1 : at]
        if not "\u3400" <= left <= "\u9fff" or left in _HAN_BEFORE:
            yield at
        at = text.find(family, at + 1, len(text) - 1)


def _is_taken(taken: list[tuple[int, int]], at: int) -> bool:
    """Tell whether a place lies in a whole name."""
    index = bisect_left(taken, (at + 1, 0))
    return bool(index) and taken[index - 1][1] > at


_NEAR = 40
_LONG = 5
_HAN_AFTER = frozenset("说說称稱表在和与與对對将將会會指强強认認宣是的及同也于於向出参參访訪抵")
_HAN_BEFORE = frozenset("与與和同对對向在由被请請的及为為据據跟")
_REACH = 30
_TITLED = 4
_FINALS = frozenset("ะาำๆະາຳ")
_DOUBLE = words("欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 夏侯 皇甫 东方 東方 尉迟 公孙 慕容 令狐")
_POST = re.compile(
    "(?:副|前|新|代理|国家|國家|外交|国防|國防|财政|商务|公安)?(?:主席|总书记|總書記|总统|總統|总理|總理|首相|外长|外長|防长|防長|部长|部長|大使|书记|書記|省长|省長"
    "|市长|市長|州长|将军|將軍|司令|议长|議長|委员长|委員長|知事|院长|院長|代表|幹事長|国务卿|國務卿|先生|女士|氏)"
    "|(?:外|外務|防衛|財務|法|法務|総務|経産|経済産業|農水|農林水産|国交|国土交通|厚労|厚生労働|文科|文部科学|環境|復興|(?:内閣)?官房)"
    "副?(?:相|大臣|長官)"
)
_KOREAN_NAME = re.compile("[가-힣]{2,4}")
_KOREAN_DOUBLE = words("남궁 황보 제갈 사공 선우 독고")
_KOREAN_POST = re.compile(
    " (?:[가-힣]{2,12} )?[가-힣0-9]{0,6}?"
    "(대통령|총리|장관|차관|의원|대표|위원장|의장|지사|시장|대사|사령관|총장|실장|원장|비서관|청장|총재|후보)"
)
_TITLES = tuple(
    words(
        """
        นาย นาง นางสาว น.ส. ดร. คุณ ท่าน นายกรัฐมนตรี นายกฯ รัฐมนตรี รมว. รมต. ประธานาธิบดี ประธาน โฆษก ปลัด พลเอก พล.อ.
        พลโท พล.ท. พลตรี พล.ต. พล.ต.อ. พล.ต.ท. พล.ร.อ. พล.อ.อ. พันเอก พ.อ. ผบ.ทบ. ทนาย
        ທ່ານ ທ່ານນາງ ນາງ ສະຫາຍ ພົນເອກ ພົນໂທ ພົນຕີ ພັນເອກ ດຣ. ນາຍົກລັດຖະມົນຕີ ລັດຖະມົນຕີ ປະທານປະເທດ ປະທານ ປະທານສະພາ
        លោក លោកស្រី សម្តេច ឯកឧត្តម ឧត្តមសេនីយ៍ នាយករដ្ឋមន្ត្រី រដ្ឋមន្ត្រី ប្រធាន
        """
    )
)
_OPENERS = words(
    """
    ο η το οι τα του τησ των τον την τουσ τισ στον στην στο στουσ και με για απο οταν ομωσ αλλα προσ κατα
    в во на с со к ко о об у за от до по из при для про без над под но а и как что когда если же также
    від до із з зі й і та це що як коли якщо після поки але
    """
)
"""Articles, prepositions and conjunctions, folded: with a capital they begin a sentence, not a name."""
