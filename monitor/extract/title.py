"""The headline: what page and metadata agree on, without the outlet's name behind it."""

import re

from monitor.extract.body import PageAnalysis, alnum_key
from monitor.extract.metadata import PageMetadata

_SITE_SUFFIX = re.compile(r"^(.{8,}?)\s*(?:[|»·•：]|\s[-–—:]|\s::)\s*([^|»·•]{2,60})$")
_WORD = re.compile(r"\w+")
_ORIGIN_WEIGHTS = {"json-ld": 2.2, "opengraph": 1.5, "heading": 1.5, "document": 0.3, "twitter": 0.3}


def choose_title(page: PageAnalysis, metadata: PageMetadata, host: str) -> tuple[str, str]:
    """Return the headline and who vouches for it.

    Outlets print one headline, sell another to social networks and a third to search engines: the one with most
    witnesses wins, and a document title vouches for any claim that it begins with. Of one headline written in several
    ways the printed one is taken, unless it lets words run together that stand apart elsewhere (a kicker before it).
    """
    printed = page.layout.runs[page.title_run_index].text if page.title_run_index >= 0 else ""
    claims = {**metadata.headlines, "heading": printed}
    sites = {alnum_key(site) for site in metadata.sites} | {
        alnum_key(part) for part in host.split(".")[:-1] if len(part) > 3
    }
    texts = {who: _remove_site_name(claim, claims, sites) for who, claim in claims.items() if claim}
    votes: dict[str, float] = {}
    for text in texts.values():
        key = alnum_key(text)
        if key and key not in sites and key not in votes:
            votes[key] = sum(
                weight
                for who, weight in _ORIGIN_WEIGHTS.items()
                if _is_supported_by(who, alnum_key(texts.get(who, "")), key)
            )
    if not votes:
        return printed, "heading" if printed else "nothing"
    best = max(votes, key=lambda key: votes[key])
    witnesses = [who for who, text in texts.items() if alnum_key(text) == best]
    clearest = max(witnesses, key=lambda who: (len(_WORD.findall(texts[who])), who == "heading"))
    return texts[clearest], ", ".join(witnesses)


def _is_supported_by(origin: str, title_key: str, key: str) -> bool:
    return title_key == key or (origin == "document" and title_key.startswith(key))


def _remove_site_name(claim: str, claims: dict[str, str], sites: set[str]) -> str:
    """Cut the outlet's name off a title: a tail that is the site's name, or that another claim does without."""
    others = {alnum_key(other) for other in claims.values() if other != claim}
    text = claim
    for _ in range(3):
        match = _SITE_SUFFIX.match(text)
        if not match:
            break
        tail = alnum_key(match[2])
        named = any(tail and (tail in site or (site and site in tail)) for site in sites)
        if not named and alnum_key(match[1]) not in others:
            break
        text = match[1]
    return text
