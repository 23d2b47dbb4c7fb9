"""Watchlist: officials, rules and synonyms, as configured.

Values from sources.yaml are validated by pydantic; values from code that constructs an object are not checked.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from monitor.domain.article import Region
from monitor.domain.field_types import (
    STRICT,
    CalendarDate,
    Flag,
    Ids,
    LanguageCode,
    QueryText,
    ShortText,
    Texts,
    WikidataId,
    as_list,
    as_mapping,
)

ALL_KEYWORD = "all"
"""Reserved id that selects every entry of a section, as in ``officials: all``."""


@dataclass(frozen=True, slots=True)
class Role:
    """A position of an official with its dates.

    A missing date is unknown; a missing end may also mean that the official still holds the position.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    title: Annotated[ShortText, Field(description="the position, such as Minister of National Defence")]
    from_on: Annotated[CalendarDate | None, Field(alias="from", description="first day in the position")] = None
    until_on: Annotated[CalendarDate | None, Field(alias="until", description="first day after the role")] = None

    def is_held(self, on: date) -> bool:
        """Return whether the official holds the position on a day. A missing start or end does not limit the role."""
        return (self.from_on is None or self.from_on <= on) and (self.until_on is None or on < self.until_on)


RoleField = Annotated[Role, BeforeValidator(as_mapping("title"), json_schema_input_type=Role | str)]


@dataclass(frozen=True, slots=True)
class Examples:
    """Example texts for an official or a rule. `monitor check` verifies that they are matched or rejected as stated."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    match: Annotated[tuple[QueryText, ...], Field(description="texts that must match")] = ()
    reject: Annotated[tuple[QueryText, ...], Field(description="texts that must not match")] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """A watched person."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    name: Annotated[ShortText, Field(description="the full name, as written in the home country")]
    country: Annotated[
        ShortText, Field(description="home country; determines which part of the name the press uses alone")
    ] = ""
    aliases: Annotated[Texts, Field(description="other spellings and scripts")] = ()
    roles: Annotated[
        tuple[RoleField, ...],
        BeforeValidator(as_list, json_schema_input_type=list[RoleField] | str),
        Field(description="positions, with dates if known"),
    ] = ()
    exclude_phrases: Annotated[
        Texts,
        BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str),
        Field(description="phrases that cancel a mention"),
    ] = ()
    examples: Annotated[Examples, Field(description="texts that must and must not name the official")] = field(
        default_factory=Examples
    )
    formerly: Annotated[Ids, Field(description="earlier ids of the official, who keeps their history")] = ()
    wikidata: Annotated[WikidataId, Field(description="id in Wikidata, by which an import finds the official")] = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, which matches an article that names any of its officials or satisfies its query.

    It never matches an article that satisfies the query ``exclude``. ``sources``, ``groups``, ``languages`` and
    ``regions`` restrict the rule to some articles or parts of them, unless they are empty.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT | {
        "json_schema_extra": {"anyOf": [{"required": ["officials"]}, {"required": ["query"]}]}
    }

    id: str
    officials: Annotated[Ids, Field(description="ids of officials, any of them; all = every official of the file")] = ()
    query: Annotated[QueryText, Field(description="terms, phrases, AND OR NOT, NEAR/n, wildcards")] = ""
    exclude: Annotated[
        QueryText, Field(description="query for articles to leave out, such as football OR obituary")
    ] = ""
    sources: Annotated[Ids, Field(description="only these sources; default: all")] = ()
    groups: Annotated[
        Texts,
        BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str),
        Field(description="only sources of these groups, besides those in sources; default: all"),
    ] = ()
    languages: Annotated[
        tuple[LanguageCode, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="only these languages; default: all"),
    ] = ()
    regions: Annotated[tuple[Region, ...], Field(description="only these parts of an article; default: all")] = ()
    match_positions: Annotated[Flag, Field(description="also report officials named by their position alone")] = False
    report_edits: Annotated[Flag, Field(description="also report silent edits and withdrawals")] = False
    spike: Annotated[
        Flag, Field(description="report hits only while unusually many stories name one of the officials")
    ] = False
    examples: Annotated[Examples, Field(description="texts that must and must not match")] = field(
        default_factory=Examples
    )


SynonymGroups = tuple[Annotated[Texts, Field(min_length=2)], ...]


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Officials, rules and synonyms, from which the matcher is compiled."""

    officials: tuple[Official, ...] = ()
    rules: tuple[Rule, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()

    @property
    def has_roles(self) -> bool:
        """Return whether at least one official has a role."""
        return any(official.roles for official in self.officials)
