"""A watched person as the user typed him, with posts and their dates."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Role:
    """A post and when it was held; an open end means "not known" or "still"."""

    title: str
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts that must and must not match, kept beside what they test."""

    match: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """One watched person. ``exclude`` holds the phrases that cancel a mention (``not`` in the file)."""

    id: str
    name: str
    country: str = ""
    aliases: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    exclude_phrases: tuple[str, ...] = ()
    examples: Examples = field(default_factory=Examples)
