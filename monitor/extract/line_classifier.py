"""Line classification: recognizes the kind of a line by its wording, such as byline, credit, dateline or imprint.

The phrases come from the data of all languages.
"""

import re
from functools import cache
from typing import Any

import re2
from msgspec import Struct

from monitor.extract.agencies import find_agencies, find_first_agency, find_last_agency, find_signature, is_agency
from monitor.language.load import language_data, page_phrases
from monitor.language.schema import Page
from monitor.text.dates import month_numbers
from monitor.text.tokens import SENTENCE_STOPS

_LINE_START = r"^(?:(?![\"'“”‘’«»„])[\W_])*"  # what is quoted was said by somebody
_DATE_FORM = re.compile(r"\d\s?[./:年月日년월일-]\s?\d|\d\s?[年月日년월일]|(?<!\d)(?:\d{8}|(?:19|20|25)\d\d)(?!\d)")
_MAX_OTHER_LETTERS = 6  # letters of other words in a line with a date
_MAX_LABEL_CHARS = 80  # characters: a longer line that begins with such a word, or a sentence, is about it
_MAX_PATTERN_BYTES = 64 << 20
_MAX_OFFER_CHARS = 300  # characters: a longer line that mentions an offer is about it


class _Patterns(Struct, frozen=True):
    """Compiled patterns, one for each kind of line. Each pattern covers all languages."""

    appeal: re.Pattern[str]
    label: re.Pattern[str]
    offer: Any  # patterns of RE2, which has no types
    sales_pitch: Any
    machine_summary_label: Any
    biography: Any
    rights: Any
    imprint: Any
    byline: re.Pattern[str]
    byline_word: re.Pattern[str]
    credit: re.Pattern[str]
    credit_markers: tuple[str, ...]
    """Texts of which every picture credit contains at least one. They are searched for before the pattern ``credit`` is
    used, because this takes a tenth of the time."""
    date_line_word: re.Pattern[str]
    standalone_signature: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Return the patterns, which are compiled at the first call."""
    words = {field: "|".join(page_phrases(field)) for field in Page.model_fields}
    summary, made, machine = words["summary"], words["made"], words["machine"]
    return _Patterns(
        appeal=re.compile(rf"{_LINE_START}(?:{words['appeals']})", re.IGNORECASE),
        label=re.compile(rf"{_LINE_START}(?:{words['labels']})", re.IGNORECASE),
        offer=re2.compile(rf"(?i)(?:{words['offers']})", options=_large_pattern_options()),
        sales_pitch=re2.compile(rf"(?i)(?:{words['sales']})"),
        machine_summary_label=re2.compile(
            rf"(?i)(?:{summary}).{{0,50}}(?:(?:{made}).{{0,40}}(?:{machine})|(?:{machine}).{{0,20}}(?:{made}))"
        ),
        biography=re2.compile(rf"(?i)(?:{words['biographies']})"),
        rights=re2.compile(rf"(?i)(?:{words['rights']})"),
        imprint=re2.compile(rf"(?i)(?:{words['rights']}|{words['imprint']})"),
        byline=re.compile(rf"^(?:{words['bylines']})\s*(?:[:：៖＝]|\s|(?<=[:：៖／/=＝・]))\s*\S", re.IGNORECASE),
        byline_word=re.compile(rf"(?:{words['bylines']})\s*[:：៖]?$", re.IGNORECASE),
        credit=re.compile(
            rf"(?:[©Ⓒⓒ]|\(c\)|\b(?:{words['credits']})"
            r"\s*(?:[:：/／៖=＝]|by\b|credit\b|courtesy\b)|"
            r"\b(?:fot|nuotr|φωτ)\.|getty images|shutterstock|istock|picture alliance|ap photo|"
            r"[摄攝]\s*[)）]?$|\b(?:afp|reuters|epa|vna|vns|xinhua|ttxvn)\s*(?:/\s*\w+\s*)?(?:photo|via)|[—–-]\s*\S+\s+photos?\b).{0,60}$|"
            r"\([^()/]{2,40}/[^()]{2,40}\)$",
            re.IGNORECASE,
        ),
        credit_markers=(*_CREDIT_MARKERS, *page_phrases("credits")),
        date_line_word=re.compile(rf"\b(?:{words['date_line']})\b", re.IGNORECASE),
        standalone_signature=re.compile(
            rf"^\(?(?:(?:{words['agency_sources']})\s*:?\s*)?([A-ZĐ]{{2,8}}(?:\s?/\s?[A-ZĐ][\w+]{{1,14}})*)\)?\.?$",
            re.IGNORECASE,
        ),
    )


# The abbreviations mean "photo" in Polish, Lithuanian and Greek.
_CREDIT_MARKERS = ("©", "ⓒ", "(c)", "getty", "shutterstock", "istock", " via", "/", "fot.", "nuotr.", "φωτ.")


def _large_pattern_options() -> Any:
    """Return options that allow RE2 more memory: the pattern of all offers needs 13 MB, and the default is 8 MB.

    With too little memory, RE2 constantly discards its cached states, and a search takes four times as long.
    """
    options = re2.Options()
    options.max_mem = _MAX_PATTERN_BYTES
    return options


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-/.年]|(?!\d))")
_NAMED_BEGINNING = re.compile(r"^[^\W\d_]+\s*:?\s*(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*\s+){2}|.*[:：]", re.DOTALL)
_INITIALED_END = re.compile(r"\s*\(([a-zà-ÿ]{1,4}\s?/[^()]{2,30})\)$")
_FIELD_SEPARATOR = re.compile(r"\s*[|•·]\s*")
_MIN_FACT_FIELDS = 3
_LETTER_RUN = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(rf"[{SENTENCE_STOPS}](?:[\"'”’»」』)\]]|\s)*$")
_DASHED_DATELINE = re.compile(r"^(.{2,80}?)\s*(?:[—–]|--|(?<=[\s)])-)\s*(?=\S)")
_MAX_DATELINE_CHARS = 90  # characters within which a dateline has its dash
_CHINESE_DATELINE = re.compile(r"^.{2,14}\d{1,2}月\d{1,2}日电\s*(?:题：|[（(].{2,12}[）)])?\s*")
_BRACKETED_AGENCY = re.compile(r"\s*[(（]([^()（）]{2,25})[)）]\s*$")
_AGENCY_NAME = re.compile(r"[A-ZĐ][\w .&/+-]{1,24}")
_OPENING_BRACKETS = re.compile(r"^\s*[(（【\[]([^()（）【】\[\]]{2,40})[)）】\]]\s*(?:[-—–:：]+\s*)?(?=\S)")
_CHINESE_REPORT = re.compile("(?:[电電讯訊]|报道|報導|報道)$")
_ENDED_DATELINE = re.compile(r"^([^\W\d][^/]{1,60}?)\s*[.,]?\s*(?:/([^/]{2,20})/\.?|[—–-]\s*([^.—–]{2,25})\.)\s+(?=\S)")
_BRACKETED_END = re.compile(r"\s*[(（\[]([^()（）\[\]]{2,50})[)）\]]\s*\.?$")
_LAST_FRAGMENT = re.compile(rf"(?<=[{SENTENCE_STOPS}\"”»])\s+([^{SENTENCE_STOPS}]{{2,40}})\.?$")
_TRAILING_DATE = re.compile(r",?\s*(?:\d{1,2}\s+)?[^\W\d_]{3,10}\.?\s*(?:\d{1,2})?(?:,?\s*\d{4})?$")
_AGENCY_SIGNATURE = re.compile(r"\s*(?:[—–]|--|\s-)\s*([A-ZĐ]{2,8}(?:\s?/\s?[A-ZĐ][\w+]{1,14})*)\s*(?:\./?\.?)?$")


def is_sentence(text: str) -> bool:
    """Return whether a line ends as a sentence does, with a full stop or a similar sign."""
    return _SENTENCE_END.search(text[-12:]) is not None


def is_reader_appeal(text: str) -> bool:
    """Return whether a line addresses the reader (an appeal, offer or label) instead of reporting news."""
    if len(text) < _MAX_LABEL_CHARS and _patterns().label.match(text) and not is_sentence(text):
        return True
    return _patterns().appeal.match(text) is not None or (
        len(text) < _MAX_OFFER_CHARS and _patterns().offer.search(text) is not None
    )


def is_sales_pitch(text: str) -> bool:
    """Return whether a line offers a subscription, an account or something similar.

    Such a line shows that the box around it is promotional.
    """
    return _patterns().sales_pitch.search(text) is not None


def is_machine_summary_label(text: str) -> bool:
    """Return whether a line is the label of a machine-generated summary."""
    return len(text) < _MAX_OFFER_CHARS and _patterns().machine_summary_label.search(text) is not None


def is_credit(text: str) -> bool:
    """Return whether a line ends with a picture credit, which makes it a caption."""
    tail = text[-110:].lower()
    return any(map(tail.__contains__, _patterns().credit_markers)) and _patterns().credit.search(tail) is not None


def is_signed_by_agency(text: str) -> bool:
    """Return whether a sentence is followed by initials and an agency in brackets, as in "The end. (hv/dpa)"."""
    match = _INITIALED_END.search(text)
    return match is not None and is_sentence(text[: match.start()]) and bool(find_last_agency(match[1]))


def is_byline(text: str) -> bool:
    """Return whether a line is a byline, or only the word before the name in a byline.

    It must begin like a byline. If it is a sentence, it must also contain a year, and a name after its first word. "By
    2030 the bridge will be open." is therefore not a byline.
    """
    if _patterns().byline.match(text) is None:
        return _patterns().byline_word.match(text) is not None
    return not is_sentence(text) or (_YEAR.search(text) is not None and _NAMED_BEGINNING.match(text) is not None)


def is_biography(text: str) -> bool:
    """Return whether a line describes an author ("Ann Example is a reporter at ...").

    Call it only for lines below the article.
    """
    return len(text) < _MAX_OFFER_CHARS and _patterns().biography.search(text) is not None


def is_rights_notice(text: str) -> bool:
    """Return whether a line is a copyright notice, or a statement about whether the text may be copied."""
    return len(text) < _MAX_OFFER_CHARS and _patterns().rights.search(text) is not None


def is_imprint(text: str) -> bool:
    """Return whether a line belongs to the imprint of a page: copyright, address or licence.

    Call it only for lines below the article.
    """
    return len(text) < 2 * _MAX_OFFER_CHARS and _patterns().imprint.search(text) is not None


def is_date_line(text: str) -> bool:
    """Return whether a line contains little more than a date."""
    if sum(map(str.isdigit, text)) < 3:
        return False
    if _count_other_letters(text) > _MAX_LABEL_CHARS:  # a quick test
        return False
    if not _DATE_FORM.search(text) and not any(map(_is_month_or_day, _LETTER_RUN.findall(text))):
        return False  # such as a name and a number of votes
    return _count_other_letters(_patterns().date_line_word.sub(" ", text)) <= _MAX_OTHER_LETTERS


def _count_other_letters(text: str) -> int:
    """Return the number of letters in words that are not months or days of the week."""
    return sum(len(word) for word in _LETTER_RUN.findall(text) if not _is_month_or_day(word))


def _is_month_or_day(word: str) -> bool:
    folded = word.casefold()
    return folded in month_numbers() or folded in _weekday_words()


@cache
def _weekday_words() -> frozenset[str]:
    days = (day for language in language_data().languages.values() for day in language.calendar.weekdays)
    return frozenset(word.casefold() for day in days for word in _LETTER_RUN.findall(day))


def is_dated_fact_line(text: str) -> bool:
    """Return whether a line lists data about the article, as in "Ann Example • 4 May 2026 • 2 min read".

    It must have at least three fields between bars or bullets. One of them must be a date.
    """
    fields = _FIELD_SEPARATOR.split(text)
    return len(fields) >= _MIN_FACT_FIELDS and not is_sentence(text) and any(map(is_date_line, fields))


def is_fact_line(text: str) -> bool:
    """Return whether a line near the headline lists data about the article and is not a sentence.

    It must contain a year, or several fields that are separated by bars or bullets.
    """
    return not is_sentence(text) and (text.count("|") + text.count(" • ") >= 2 or _YEAR.search(text) is not None)


def _has_dash(text: str) -> bool:
    """Return whether a text contains a dash. This quick test is made before slow patterns that need a dash."""
    return "-" in text or "—" in text or "–" in text


def split_dateline(text: str) -> tuple[str, str, str]:
    """Split the first paragraph into its dateline, the remaining text, and the agency in the dateline.

    "HANOI (VNA) — The" gives "HANOI (VNA) —", "The" and "VNA". Without a dateline, the first and the last part are
    empty.
    """
    found = _split_agency_dateline(text)
    if found:
        return found
    match = _DASHED_DATELINE.match(text) if _has_dash(text[:_MAX_DATELINE_CHARS]) else None
    if not match:
        return "", text, ""
    place, agency = match[1].strip(), ""
    named = _BRACKETED_AGENCY.search(f" {place}")
    if named and (_AGENCY_NAME.fullmatch(named[1]) or find_agencies(named[1])):
        agency = named[1]
        place = place[: max(0, named.start() - 1)].strip()
    elif find_agencies(place):
        place, agency = "", place
    remaining = text[match.end() :]
    if remaining[:1].islower() or not _is_dateline_place(place, agency):
        return "", text, ""
    return text[: match.end()].strip(), remaining, agency


def _split_agency_dateline(text: str) -> tuple[str, str, str] | None:
    """Split off a dateline that names a known agency: return the dateline, the remaining text, and the agency.

    If the text has no such dateline, return None. The dateline may end with a dash or not. Examples: "(KPL) The",
    "МОСКВА, 5 мая. /ТАСС/. В", "新华社河内5月5日电 部长".
    """
    match = _CHINESE_DATELINE.match(text)
    if match:
        return match[0].strip(), text[match.end() :], find_first_agency(match[0])
    match = _OPENING_BRACKETS.match(text)
    if match:
        agency = find_agencies(match[1])
        if not agency and _CHINESE_REPORT.search(match[1]):
            agency = find_first_agency(match[1])
        return (match[0].strip(), text[match.end() :], agency) if agency else None
    match = _ENDED_DATELINE.match(text[: 2 * _MAX_DATELINE_CHARS])
    agency = (match[2] or match[3]).strip() if match else ""
    return (match[0].strip(), text[match.end() :], agency) if match and is_agency(agency) else None


def _is_dateline_place(place_text: str, agency: str) -> bool:
    """Return whether a text is the place in a dateline: in capitals, optionally with a date after it.

    If the dateline names an agency, the place may be in lower case or missing.
    """
    if place_text and place_text != place_text.upper():
        day = _TRAILING_DATE.search(place_text)
        month = day and any(word.casefold() in month_numbers() for word in _LETTER_RUN.findall(day[0]))
        place_text = place_text[: day.start()] if day and month else place_text
    letters = "".join(_LETTER_RUN.findall(place_text))
    if not letters:
        return bool(agency)
    if place_text == place_text.upper():
        return len(letters) >= 3 and letters.lower() != letters and len(place_text.split()) <= 6
    return bool(agency) and len(place_text.split()) <= 5 and place_text[:1].isupper()


def split_agency_signature(text: str) -> tuple[str, str]:
    """Split the last paragraph of an article into its text and the agency that signs it, which may be empty.

    "... in each country. — VNA/VNS" gives "... in each country." and "VNA/VNS".
    """
    signature = find_signature(text)
    if signature:
        return "", signature
    alone = _patterns().standalone_signature.match(text)
    if alone and (alone[1].isupper() or "/" in alone[1]):
        return "", alone[1]
    at = max(0, len(text) - 60)
    match = _AGENCY_SIGNATURE.search(text, at) if _has_dash(text[at:]) else None
    if match and is_sentence(text[: match.start()]):
        return text[: match.start()], match[1]
    match = _BRACKETED_END.search(text, at)
    if match:
        agency = find_agencies(match[1])
        if not agency and is_sentence(text[: match.start()]):
            agency = find_last_agency(match[1])
        return (text[: match.start()], agency) if agency else (text, "")
    match = _LAST_FRAGMENT.search(text, at)
    agency = find_agencies(match[1]) if match else ""
    return (text[: match.start()], agency) if match and agency else (text, "")
