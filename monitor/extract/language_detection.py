"""Language detection: by script where it identifies the language, else by the page's claim or by function words."""

import re
from collections import Counter
from functools import lru_cache

_LANGUAGE_SCRIPTS = (
    ("lo", re.compile("[\u0e80-\u0eff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("km", re.compile("[\u1780-\u17ff]")),
    ("my", re.compile("[\u1000-\u109f]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
)
_SHARED_SCRIPTS = (
    ("ar", re.compile("[\u0600-\u06ff]"), frozenset(("ar", "fa", "ur", "ps", "ckb", "ug", "sd"))),
    (
        "ru",
        re.compile("[\u0400-\u04ff]"),
        frozenset(("ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg", "tt")),
    ),
)
_OWN_SCRIPT_LANGUAGES = {code for code, _ in _LANGUAGE_SCRIPTS} | {
    code for _, _, family in _SHARED_SCRIPTS for code in family
} - {
    "sr",
    "kk",
    "tt",
}
_VIETNAMESE_LETTERS = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_SAMPLE_CHARS = 1_500  # characters of the text that are examined
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_LETTER_TABLE = bytes(ord(chr(code).lower()) if chr(code).isalpha() else 0x20 for code in range(0x80)) + bytes(
    0x80
)
_FUNCTION_WORDS = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the of and to in is that for with was were has his by from said",
        "fr": "le les la des et est dans que du une pour qui sur au avec par",
        "de": "der die das und ist nicht mit den von zu im ein eine auf des dem",
        "es": "el los las que y del por una con para su como se ha al en",
        "pt": "os as que não uma do da em para com no na dos pelo foi ao",
        "it": "il che di non per una della dei del gli con nel alla sono si è",
        "id": "yang dan di dengan untuk dari pada ini itu dalam akan tidak ke oleh juga",
        "nl": "de het een van en dat niet met voor zijn op aan er bij ook te",
    }.items()
}
_LANGUAGES_BY_WORD: dict[str, tuple[str, ...]] = {
    word: tuple(code for code, small in _FUNCTION_WORDS.items() if word in small)
    for word in frozenset().union(*_FUNCTION_WORDS.values())
}
_LANGUAGE_CODE = re.compile(r"^([A-Za-z]{2,3})(?:[-_]|$)")
_LANGUAGE_ALIASES = {
    "english": "en",
    "vietnamese": "vi",
    "lao": "lo",
    "thai": "th",
    "khmer": "km",
    "chinese": "zh",
    "cn": "zh",
    "vn": "vi",
}


def detect_language(text: str, claims: list[str]) -> str:
    """Return the two-letter language code, or an empty string if unknown.

    A claimed language that contradicts the script is ignored.
    """
    claimed = next(filter(None, map(_normalize_language_code, claims)), "")
    sample = text[:_SAMPLE_CHARS]
    if sample.isascii():
        return _detect_ascii_language(sample, claimed)
    letters = sum(map(str.isalpha, sample))
    if letters < 20:
        return claimed
    detected = _detect_by_script(sample, letters, claimed)
    if detected or not claimed:
        return detected or _detect_by_function_words([word.casefold() for word in _WORD.findall(sample)])
    return "" if claimed in _OWN_SCRIPT_LANGUAGES else claimed


def _detect_ascii_language(sample: str, claimed: str) -> str:
    if claimed and claimed not in _OWN_SCRIPT_LANGUAGES:
        return claimed
    letters = sample.encode().translate(_ASCII_LETTER_TABLE)
    if len(letters) - letters.count(b" ") < 20:
        return claimed
    return "" if claimed else _detect_by_function_words(letters.decode().split())


def _detect_by_script(sample: str, letter_count: int, claimed: str) -> str:
    for code, script in _LANGUAGE_SCRIPTS:
        if len(script.findall(sample)) > letter_count * 0.25:
            return code
    for code, script, family in _SHARED_SCRIPTS:
        if len(script.findall(sample)) > letter_count * 0.5:
            return claimed if claimed in family else code
    return "vi" if len(_VIETNAMESE_LETTERS.findall(sample)) > letter_count * 0.1 else ""


def _detect_by_function_words(words: list[str]) -> str:
    """Return the language whose function words are most frequent in the text, or an empty string if they are rare."""
    counts = dict.fromkeys(_FUNCTION_WORDS, 0)
    for word, times in Counter(filter(_LANGUAGES_BY_WORD.__contains__, words)).items():
        for code in _LANGUAGES_BY_WORD[word]:
            counts[code] += times
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] >= max(3, len(words) // 10) else ""


@lru_cache(maxsize=256)
def _normalize_language_code(claim: str) -> str:
    claim = claim.strip().lower()
    match = _LANGUAGE_CODE.match(claim)
    return _LANGUAGE_ALIASES.get(claim, match[1] if match else "")
