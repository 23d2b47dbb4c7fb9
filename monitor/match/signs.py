"""Signs around a name that are no part of the story: photo credits, bylines, marks of who stands where in a picture."""

import re

from monitor.match.lexicon import parse_words

_PICTURE_WORDS = (
    r"(?i:photos?|photographs?|images?|pictures?|fotos?|anh|credits?|illustrations?|graphics?|video|source)"
)
_PRODUCTION_WORDS = (
    r"(?i:photos?|images?|pictures?|fotos?|illustrations?|footage|videos?|report(?:ing|ed)|writ(?:ing|ten)"
    r"|edit(?:ing|ed)|translated|compiled|coverage)"
)
_BYLINE_WORDS = r"(?i:by|par|theo|oleh|por|text|story|tin|bai|bai va anh|thuc hien|words|reporter|correspondent)"
_PRECEDING_NAMES = r"(?:[A-Z][\w.'-]*(?:,?\s(?:(?:and|va|et|&|dan)\s)?|/))*"

CREDIT_BEFORE = re.compile(
    rf"(?:(?:^|\n|[-/(|\[.:,]\s?|[A-Z]{{2,}}\s){_PICTURE_WORDS}(?:\s(?:by|courtesy|credit|par|oleh|de|:)){{0,2}}\s?[:/]?\s?"
    rf"|{_PRODUCTION_WORDS}\s(?:by|par|oleh)\s?:?\s?"
    rf"|(?:^|\n)\s?{_BYLINE_WORDS}\s?:?\s"
    rf"|(?:^|\n)[A-Z]{{2,}}[A-Za-z]*/)"
    rf"{_PRECEDING_NAMES}\Z"
)
"""A photo credit or byline, up to the name in it and with those named before."""

CREDIT_LAST_WORDS = parse_words(
    """
    by par theo oleh por and va et dan de courtesy credit credits photo photos photograph photographs image images
    picture pictures foto fotos anh illustration illustrations graphic graphics video source text story tin bai words
    reporter correspondent hien
    """
)
"""The words in small letters, or of the picture, that may stand last before the name in a credit."""

CREDIT_AFTER = re.compile(r"\s?/\s?[A-Z][A-Za-z]*|\s?\([A-Z]{2,}\)\s*(?:\n|\Z)|\s[-|]\s[A-Z]{2,}\s*(?:\n|\Z)")
"""An agency right after the name of its photographer."""

PHOTO_POSITION_MARK = re.compile(
    r"\s?\((?:[LRC]|(?i:cent(?:re|er)|left|right|pictured|seated|standing|gauche|droite|photo)"
    r"|(?i:front|far|\d(?:st|nd|rd|th)|first|second|third|fourth)[ ,][^)]{0,24}|[A-Z]{1,2}[ ,][^)]{0,12})\)"
)
"""Who stands where in a picture, as in "(L)" or "(second, right)"."""
