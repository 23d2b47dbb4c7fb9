"""Parts of names alone: the article does not have the full name of the official, and typed evidence is weighed."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.domain.article import Article
from monitor.domain.mention import Findings
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.decisions.lone_names import INTERCEPT, THRESHOLD, WEIGHTS, LoneName, LoneNameEvidence
from monitor.match.engine import compile_watchlist

MATCHER = compile_watchlist(
    Watchlist(
        (
            Official("trzaska", "Witold Trzaskalik", "Poland", roles=(Role("Prime Minister"),)),
            Official("ostoja", "Danuta Ostojewska", "Poland"),
            Official("grzela", "Roman Grzelachowski", "Poland"),
            Official("brown", "Adela Brown", "Canada"),
            Official("pravda", "Marek Prawda", "Poland"),
        )
    )
)
OTHERS = " Danuta Ostojewska rozmawiała z Romanem Grzelachowskim."


def match(title: str, body: str, language: str = "pl") -> Findings:
    published = datetime(2026, 5, 5, tzinfo=UTC)
    return MATCHER.match(Article(url="", title=title, body=body, language=language, published_at=published))


def found(title: str, body: str, language: str = "pl") -> set[str]:
    return {one.official_id for one in match(title, body, language).mentions}


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Trzaskalik o budżecie", "Rząd przyjął projekt."),
        ("Nowa ustawa", f"W piątek tekst Trzaskalika wywołał spór.{OTHERS}"),
        ("Nowa ustawa", f"Spotkanie z Trzaskalikiem trwało godzinę, mówił Trzaskalik.{OTHERS}"),
    ],
)
def test_a_rare_family_name_alone_counts_with_support(title: str, body: str) -> None:
    """It is in a headline about the country of the official, or the article names two more watched people."""
    assert "trzaska" in found(title, body)


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("Nowa ustawa", "W piątek tekst Trzaskalika wywołał spór.", "pl"),
        ("", f"W piątek tekst Trzaskalika wywołał spór.{OTHERS}", "pl"),
        ("Nowa ustawa", f"Tekst Anny Trzaskalik ukazał się w piątek.{OTHERS}", "pl"),
        ("Trzaskalik on the budget", "The cabinet met.", "en"),
        ("Nowa ustawa", f"Prawda jest inna.{OTHERS} Nie każda prawda boli.", "pl"),
        ("Nowa ustawa", f"Prawda jest inna.{OTHERS} Nie ma już prawdy.", "pl"),
    ],
)
def test_a_family_name_without_support_does_not_count(title: str, body: str, language: str) -> None:
    """Nothing supports it, the headline is missing, another person has the name, or it is an ordinary word."""
    assert found(title, body, language).isdisjoint({"trzaska", "pravda"})


def test_the_reason_shows_the_evidence_and_its_weights() -> None:
    """A near miss has the reason, too."""
    (mention,) = match("Trzaskalik o budżecie", "Rząd przyjął projekt o Trzaskaliku.").mentions[:1]
    assert f"a rare name ({WEIGHTS[LoneNameEvidence.RARE]:+.1f})" in mention.reason
    assert "in the headline" in mention.reason
    (miss,) = match("Brown o budżecie", "Rząd przyjął projekt o Brown.").near_misses[:1]
    assert "too little evidence" in miss.reason
    assert f"a name that many people have ({WEIGHTS[LoneNameEvidence.COMMON]:+.1f})" in miss.reason


def test_the_weights_are_those_of_the_fit() -> None:
    """The script fits them again on the saved evidence; stored weights are rounded to one decimal."""
    script = Path(__file__).parents[3] / "bench" / "fit_weights.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_weights_are_added() -> None:
    """A rare name that is named several times is above the threshold, one at the start of a sentence only is not."""
    kinds = LoneNameEvidence
    name = LoneName(0, (), frozenset({kinds.RARE, kinds.REPEATED, kinds.MORE_OTHERS}))
    assert name.is_supported
    assert name.weight == pytest.approx(INTERCEPT + sum(WEIGHTS[kind] for kind in name.evidence))
    common = LoneName(0, (), frozenset({kinds.COMMON, kinds.SENTENCE_START, kinds.MORE_OTHERS}))
    assert common.weight < THRESHOLD < name.weight


LEADERS = compile_watchlist(
    Watchlist(
        (
            Official("grant", "Donald Grantham", "United States", roles=(Role("President"),)),
            Official("weber", "Angela Webermann", "Germany", roles=(Role("Chancellor"),)),
            Official("masri", "سامي الحلواني", "Egypt", roles=(Role("President"),)),
            Official("horak", "Karel Horákov", "Czechia", roles=(Role("Minister of Defence"),)),
        )
    )
)


@pytest.mark.parametrize(
    ("language", "text", "official"),
    [
        ("ru", "Президент США Грантем прибыл в Москву.", "grant"),
        ("ru", "Встреча с президентом Грантемом прошла.", "grant"),
        ("ru", "Канцлер Германии Веберман выступила.", "weber"),
        ("sl", "Ameriški predsednik Grantham je prispel.", "grant"),
        ("cs", "Německá kancléřka Webermannová odjela.", "weber"),
        ("ar", "قال الرئيس الحلواني إن الاجتماع سيعقد غدا.", "masri"),
        ("pl", "Z prezydentem Granthamem rozmawiano.", "grant"),
    ],
)
def test_a_family_name_with_a_fitting_title_in_its_language_counts(language: str, text: str, official: str) -> None:
    """The title is inflected, may have a country after it, and the full name is not in the text."""
    mentions = LEADERS.match(Article(url="", body=text, language=language)).mentions
    assert {one.official_id for one in mentions} == {official}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Министр Грантем прибыл в Москву."),
        ("ru", "Президент России Грантем прибыл в Москву."),
        ("cs", "Donald Granthamová odjela. Paní Granthamová mlčela."),
        ("cs", "Prezident Webermann odjel."),
    ],
)
def test_a_family_name_with_another_title_does_not_count(language: str, text: str) -> None:
    """The official has no such post, or of another country, or the ending is that of women."""
    mentions = LEADERS.match(Article(url="", body=text, language=language)).mentions
    assert "Granthamová" not in {one.text for one in mentions}
    assert not [one for one in mentions if one.text in {"Грантем", "Webermann"}]


def test_a_given_name_after_a_title_is_not_the_family_name() -> None:
    """The family name of another person follows it."""
    matcher = compile_watchlist(Watchlist((Official("roman", "Lucas Romano", "Colombia", roles=(Role("President"),)),)))
    assert not matcher.match(Article(url="", body="Президент Романо Белых прибыл.", language="ru")).mentions
    assert matcher.match(Article(url="", body="Президент Романо прибыл.", language="ru")).mentions
