"""Words for numbers, states and languages."""

from monitor.domain.digest import Kind
from monitor.domain.source import SourceState

BADGES = {Kind.NEW: "", Kind.UPDATE: "Update", Kind.CORRECTION: "Correction", Kind.WITHDRAWN: "Withdrawn"}
PARTS = {"feed": "as its feed has it", "paywall": "its beginning, before a paywall", "teaser": "its beginning"}
STATES = {
    SourceState.QUIET: "unusually quiet",
    SourceState.FAILING: "failing",
    SourceState.BLOCKED: "blocked",
    SourceState.MOVED: "moved",
    SourceState.GONE: "gone",
    SourceState.GAP: "articles may be missing",
}
LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fil": "Filipino",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "km": "Khmer",
    "ko": "Korean",
    "lo": "Lao",
    "ms": "Malay",
    "my": "Burmese",
    "ne": "Nepali",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sv": "Swedish",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def code(text: str) -> str:
    """Return a language code that may stand in an attribute, or nothing."""
    return text if len(text) <= 12 and text.replace("-", "").isalnum() and text.isascii() else ""


def language(text: str) -> str:
    """Name a language other than English; one without a name here is shown by its code."""
    primary = code(text).partition("-")[0].lower()
    return "" if primary == "en" else LANGUAGES.get(primary, primary)
