"""Decoding: converts the bytes of a document to text and never raises, even if the declared encoding is wrong.

The bytes themselves are more reliable than the declaration: many UTF-8 pages declare utf-16 or a legacy code page. A
declared name means the encoding that browsers use for it (WHATWG Encoding Standard): latin-1 is windows-1252, and
gb2312 is gb18030.
"""

import codecs
import re
from collections import Counter

from monitor.text.references import repair_numeric_references

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD_BYTES = 4096  # browsers read 1,024 bytes, but some pages declare their encoding later than that
_DECLARED_ENCODING = re.compile(
    rb"""(?:<\?xml[^>]{0,200}?encoding|<meta[^>]{0,300}?charset)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_BROWSER_ENCODINGS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-8-sig": "utf-8",
}
_STATEFUL_ENCODINGS = {
    "iso2022_jp",
    "iso2022_jp_1",
    "iso2022_jp_2",
    "iso2022_kr",
    "hz",
}  # these encodings use only ASCII bytes, so their texts are also valid UTF-8
_WIDE_ENCODINGS = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7"}
_FREQUENT_HAN = (
    "的一是不了在人有我他这個个們们中大来來上国國到说說为為子和地出也时時年得就要下以生会會自之后後部方前同发發两兩长長"
)
_ENCODING_GUESSES = (  # codec, the frequent characters of its language, their minimum share of all non-ASCII characters
    ("gb18030", re.compile(f"[{_FREQUENT_HAN}，。、]"), 0.15),
    ("big5hkscs", re.compile(f"[{_FREQUENT_HAN}，。、]"), 0.15),
    ("cp932", re.compile("[\u3041-\u3093\u30a1-\u30f6。、]"), 0.35),
    ("euc_jp", re.compile("[\u3041-\u3093\u30a1-\u30f6。、]"), 0.35),
    ("cp949", re.compile("[이의다는을에가하고한를은도로지사대기자]"), 0.15),
    ("cp874", re.compile("[\u0e01-\u0e2e](?!\\W{3})|(?<=[\u0e01-\u0e2e])[\u0e30-\u0e3a\u0e47-\u0e4e]"), 0.75),
    ("cp1251", re.compile("[аеиоунтрсв](?![А-Я])"), 0.45),
    ("koi8_r", re.compile("[аеиоунтрсв](?![А-Я])"), 0.45),
    ("cp1253", re.compile("[αοιετσνςηρ](?![Α-Ω])"), 0.45),
    ("cp1255", re.compile("[יולהאמרבתש]"), 0.45),
    ("cp1256", re.compile("[ايلمونتربةع]"), 0.45),
)
_LATIN_GUESSES = (  # codec, the letters beyond ASCII of each language; if two languages fit equally, the first is used
    (
        "cp1252",
        "äöüß éàèùâêîôûëïüÿœæç áéíóúñüªº ãõáéíóúâêôçàüªº àèéìòùî æøåéòóô åäöé äöåšž éëïöüèê áéíóúýðþæö àèéíïòóúüç",
    ),
    ("cp1250", "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ çë"),
    ("iso8859_2", "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ"),
    ("cp1254", "çğı\u0307öşüâîû"),
    ("cp1257", "ąčęėįšųūž āčēģīķļņōŗšūž äöõüšž"),
)
_PUNCTUATION = re.compile("[\\s‘’‚“”„«»‹›–—…•·°€£§¿¡]")
_MIN_LATIN_SHARE = 0.9
"""An encoding is accepted only if, in the decoded text, at least this share of the non-ASCII letters belongs to one
language. The other letters may be in foreign names."""
_NEXT_TO_LATIN = re.compile("(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")
_MAX_NEXT_TO_LATIN = 0.2
"""If a larger share of the non-ASCII characters is next to an ASCII letter, the text is in Latin letters.

In a word such as "niño", every non-ASCII character is next to an ASCII letter. In Cyrillic or Chinese texts, few are.
"""
_SAMPLE_BYTES = 20_000
_ENCODED_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
"""Pattern of a surrogate pair whose two halves are each encoded in UTF-8, or of a single surrogate.

Some databases write a character outside the Basic Multilingual Plane as such a pair.
"""


def _decode_invalid_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes as windows-1252 because they are not valid UTF-8; an error handler for ``bytes.decode``.

    Such bytes are common in pages that were assembled from several sources.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.end >= len(error.object) and "unexpected end" in error.reason:
        return "", error.end
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


MIXED_ERRORS = "monitor.mixed"
"""Name of the error handler that decodes bytes as windows-1252 if they are not valid UTF-8."""
codecs.register_error(MIXED_ERRORS, _decode_invalid_as_cp1252)


def decode(body: bytes, content_type: str = "") -> str:
    """Decode ``body``, the bytes of a document. ``content_type`` is the header of that name, unchanged.

    The first of these encodings that applies is used:

    - the encoding that the byte order mark shows,
    - UTF-16, if every other byte is NUL (a declared utf-16 without NULs is ignored),
    - a declared encoding that uses only ASCII bytes, such as ISO-2022-JP,
    - UTF-8, if all or nearly all bytes are valid UTF-8,
    - the encoding in ``content_type``,
    - the encoding that the document declares,
    - a guess.

    NULs are removed. Numeric references that denote characters which XML does not allow, such as ``&#0;``, are
    repaired. All other characters and the line ends remain.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(name, MIXED_ERRORS if name == "utf-8" else "replace"))
    wide = _detect_utf16(body)
    if wide:
        return _clean(body.decode(wide, "replace"))
    labels = _find_declared_encodings(body, content_type)
    for label in labels:
        if label in _STATEFUL_ENCODINGS:
            return _clean(body.decode(label, "replace"))
    try:
        return repair_numeric_references(body.replace(b"\0", b"").decode("utf-8"))  # a search in bytes is faster
    except UnicodeDecodeError:
        pass
    try:
        return _clean(_ENCODED_SURROGATES.sub(_join_surrogates, body).decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(_decode_legacy(body, labels))


def _join_surrogates(surrogates: re.Match[bytes]) -> bytes:
    """Replace surrogate pairs that are encoded in UTF-8 by the characters they mean. A single surrogate is removed."""
    wide = surrogates.group().decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return wide.decode("utf-16-le", "ignore").encode()


def _clean(text: str) -> str:
    """Remove NULs from a text, and repair numeric references that denote characters which XML does not allow."""
    return repair_numeric_references(text.replace("\0", "") if "\0" in text else text)


def _detect_utf16(body: bytes) -> str:
    """Return "utf-16-le" or "utf-16-be" if the data are UTF-16, otherwise an empty string.

    UTF-16 is recognized by its NULs: every other byte of Latin text is NUL.
    """
    head = body[:_HEAD_BYTES]
    pairs = len(head) // 2
    if pairs < 2 or head.count(0) < pairs // 5:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else ""


def _find_declared_encodings(body: bytes, content_type: str) -> list[str]:
    """Return the encodings that the header and the document declare, as names of Python codecs.

    UTF-16 and UTF-32 are left out, because their declarations are often wrong.
    """
    header = _HEADER_CHARSET.search(content_type)
    declared = _DECLARED_ENCODING.search(body[:_HEAD_BYTES])
    raw = [header.group(1)] if header else []
    if declared:
        raw.append(declared.group(1).decode("ascii", "ignore"))
    labels: list[str] = []
    for label in raw:
        try:
            name = codecs.lookup(label).name
        except LookupError:
            continue
        name = _BROWSER_ENCODINGS.get(name, name)
        if name not in _WIDE_ENCODINGS and name not in labels:
            labels.append(name)
    return labels


def _decode_legacy(body: bytes, labels: list[str]) -> str:
    """Decode bytes that are not valid UTF-8, with the first of these encodings that fits.

    - UTF-8, if only a few bytes are invalid,
    - the declared encodings, which are ``labels``,
    - an encoding that is guessed.
    """
    sample = body[:_SAMPLE_BYTES]
    high = sum(byte > 0x7F for byte in sample)
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    limit = (
        0.3 if "utf-8" in labels else 0.02 if labels else 0.1
    )  # share of the non-ASCII bytes that may be invalid in UTF-8
    if broken <= max(3 if "utf-8" in labels else 0, high * limit):
        return body.decode("utf-8", MIXED_ERRORS)
    labels = [label for label in labels if label != "utf-8"]
    for label in labels:
        text = _try_decode(body, label)
        if text is not None:
            return text
    return _decode_by_guess(body, sample) or body.decode(labels[0] if labels else "cp1252", "replace")


def _try_decode(body: bytes, label: str) -> str | None:
    """Decode bytes with a codec. Return None if the codec fails or does not seem to be the right one.

    It does not seem right if the text has many replacement characters.
    """
    try:
        text = body.decode(label, "replace")
    except (LookupError, ValueError, TypeError):
        return None
    return text if text.count("\ufffd") <= len(text) // 200 + 3 else None


def _decode_by_guess(body: bytes, sample: bytes) -> str:
    """Decode bytes with the code page that fits them best. The result is an empty string if no code page fits."""
    label = _guess_code_page(sample)
    return body.decode(label, "replace") if label else ""


def _guess_code_page(sample: bytes) -> str:
    """Return the code page that probably encodes the text, to judge by the share of letters that are usual for it.

    Each code page requires a minimum share, and the one whose minimum is exceeded most is chosen. If none is reached,
    the code pages for Latin letters are tried. The result is an empty string if no code page fits.
    """
    best, label = 0.0, ""
    for name, usual, least in _ENCODING_GUESSES:
        text = sample.decode(name, "replace")
        foreign = sum(char > "\x7f" for char in text)
        if foreign <= 3 or len(_NEXT_TO_LATIN.findall(text)) > foreign * _MAX_NEXT_TO_LATIN:
            continue
        share = len(usual.findall(text)) / foreign
        if share >= least and share / least > best:
            best, label = share / least, name
    return label or _guess_latin_code_page(sample)


def _guess_latin_code_page(sample: bytes) -> str:
    best, label = 0.0, ""
    for name, alphabets in _LATIN_GUESSES:
        counts = Counter(sample.decode(name, "replace").lower())
        foreign = {char: count for char, count in counts.items() if char > "\x7f" and not _PUNCTUATION.match(char)}
        for alphabet in alphabets.split():
            known = sum(count for char, count in foreign.items() if char in alphabet)
            share = known / sum(foreign.values()) if foreign else 1.0
            if share >= _MIN_LATIN_SHARE and share > best:
                best, label = share, name
    return label


def detect_wide_encoding(head: bytes) -> str:
    """Return the encoding of a file that begins with a byte order mark or has the NULs of UTF-16.

    The result is an empty string for any other file. ``head`` has the first bytes of the file.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    return _detect_utf16(head)


def guess_file_encoding(sample: bytes) -> str:
    """Guess the encoding of a file that is not valid UTF-8.

    ``sample`` has lines of the file with non-ASCII bytes. The result is "utf-8" if only few of these bytes are invalid.
    If no other code page fits, the result is windows-1252.
    """
    high = sum(byte > 0x7F for byte in sample)
    if sample.decode("utf-8", "replace").count("\ufffd") <= high * 0.1:
        return "utf-8"
    return _guess_code_page(sample) or "cp1252"
