"""Slugs: readable ids that are made from names."""

import re
from collections.abc import Collection

from monitor.text.fold import fold_key

_MAX_CHARS = 56  # with a number at the end, at most the 64 characters of an id


def make_slug(text: str) -> str:
    """Convert a name to lower-case Latin letters, digits and hyphens, such as phan-van-giang.

    A name in another script gives an empty string.
    """
    return re.sub(r"[^a-z0-9]+", "-", fold_key(text)).strip("-")[:_MAX_CHARS].strip("-")


def make_unique(slug: str, used: Collection[str]) -> str:
    """Return ``slug``, or ``slug`` with a number at its end if ``slug`` is already in ``used``."""
    number, unique = 2, slug
    while unique in used:
        unique, number = f"{slug}-{number}", number + 1
    return unique
