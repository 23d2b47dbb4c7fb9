"""Ids that are made from names."""

import re
from collections.abc import Collection

from monitor.text.fold import fold_key

_MAX_CHARS = 56  # with a number at the end, at most the 64 characters of an id


def make_slug(text: str) -> str:
    """Return a text in Latin letters, digits and hyphens, such as phan-van-giang; empty for other scripts."""
    return re.sub(r"[^a-z0-9]+", "-", fold_key(text)).strip("-")[:_MAX_CHARS].strip("-")


def make_unique(slug: str, used: Collection[str]) -> str:
    """Return an id made from ``slug`` that is not in ``used``. A number is added if necessary."""
    number, unique = 2, slug
    while unique in used:
        unique, number = f"{slug}-{number}", number + 1
    return unique
