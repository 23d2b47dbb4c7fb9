"""Which language a text is in: by its script where the script tells, else by what the page claims."""

import re

_SCRIPTS = (
    ("lo", re.compile("[\u0e80-\u0eff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("km", re.compile("[\u1780-\u17ff]")),
    ("my", re.compile("[\u1000-\u109f]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
)
_SHARED = (
    ("ar", re.compile("[\u0600-\u06ff]"), frozenset(("ar", "fa", "ur", "ps", "ckb", "ug", "sd"))),
    (
        "ru",
        re.compile("[\u0400-\u04ff]"),
        frozenset(("ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg", "tt")),
    ),
)
_VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"^([A-Za-z]{2,3})(?:[-_]|$)")
_OTHERS = {
    "english": "en",
    "vietnamese": "vi",
    "lao": "lo",
    "thai": "th",
    "khmer": "km",
    "chinese": "zh",
    "cn": "zh",
    "vn": "vi",
}


def find_language(text: str, claims: list[str]) -> str:
    """Return a two-letter code, or nothing. A claim that the script contradicts is no claim."""
    claimed = next(filter(None, map(_code, claims)), "")
    sample = text[:3000]
    letters = len(_LETTER.findall(sample))
    if letters < 20:
        return claimed
    for code, script in _SCRIPTS:
        if len(script.findall(sample)) > letters * 0.25:
            return code
    for code, script, family in _SHARED:
        if len(script.findall(sample)) > letters * 0.5:
            return claimed if claimed in family else code
    if len(_VIETNAMESE.findall(sample)) > letters * 0.1:
        return "vi"
    foreign = {code for code, _ in _SCRIPTS} | {code for _, _, family in _SHARED for code in family}
    return "" if claimed in foreign - {"sr", "kk", "tt"} else claimed


def _code(claim: str) -> str:
    claim = claim.strip().lower()
    match = _CODE.match(claim)
    return _OTHERS.get(claim, match[1] if match else "")
