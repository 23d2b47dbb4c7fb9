"""Labels for changes, states and languages, in the words of the digest."""

from monitor.domain.mention import ChangePlace, HitKind, TextChange
from monitor.domain.poll_state import SourceState

KIND_LABELS = {
    HitKind.NEW: "",
    HitKind.UPDATE: "Update",
    HitKind.CORRECTION: "Correction",
    HitKind.WITHDRAWN: "Withdrawn",
    HitKind.FOLLOWED: "Followed",
}
PARTIAL_LABELS = {
    "feed": "feed text only",
    "paywall": "beginning only, before a paywall",
    "teaser": "beginning only",
    "pages": "first pages of a long document only",
    "scripts": "the page shows its text with JavaScript only",
}
SOURCE_STATE_LABELS = {
    SourceState.QUIET: "unusually quiet",
    SourceState.FAILING: "failing",
    SourceState.BLOCKED: "blocked",
    SourceState.MOVED: "moved",
    SourceState.GONE: "gone",
    SourceState.GAP: "articles may be missing",
    SourceState.NEEDS_JAVASCRIPT: "needs JavaScript",
    SourceState.LOGIN_EXPIRED: "login expired",
}
LANGUAGE_NAMES = {
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


def label_change(change: TextChange) -> str:
    """Return a short label for a change of an article, such as "Headline changed"."""
    if change.place is ChangePlace.NOTICE:
        return "The outlet states"
    if change.place is ChangePlace.HEADLINE:
        return "Headline changed"
    if change.before and change.after:
        return "Text changed"
    return "Removed from the text" if change.before else "Added to the text"


def sanitize_language_code(text: str) -> str:
    """Return a language code if it is safe in an HTML attribute, otherwise an empty string."""
    return text if len(text) <= 12 and text.replace("-", "").isalnum() and text.isascii() else ""


def name_language(text: str) -> str:
    """Return the English name of a language, or its code if the name is unknown; for English, an empty string."""
    primary = sanitize_language_code(text).partition("-")[0].lower()
    return "" if primary == "en" else LANGUAGE_NAMES.get(primary, primary)
