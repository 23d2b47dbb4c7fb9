"""The headline: what page and metadata agree on, without the outlet's name behind it."""

import re

from monitor.extract.body import Page, squeeze
from monitor.extract.metadata import Metadata

_TAIL = re.compile(r"^(.{8,}?)\s*(?:[|»·•：]|\s[-–—:]|\s::)\s*([^|»·•]{2,60})$")
_WORD = re.compile(r"\w+")
_VOTES = {"json-ld": 2.2, "opengraph": 1.5, "heading": 1.5, "document": 0.3, "twitter": 0.3}


def pick_title(page: Page, metadata: Metadata, host: str) -> tuple[str, str]:
    """Return the headline and who vouches for it.

    Outlets print one headline, sell another to social networks and a third to search engines: the one with most
    witnesses wins, and a document title vouches for any claim that it begins with. Of one headline written in several
    ways the printed one is taken, unless it lets words run together that stand apart elsewhere (a kicker before it).
    """
    printed = page.layout.runs[page.title_at].text if page.title_at >= 0 else ""
    claims = {**metadata.headlines, "heading": printed}
    sites = {squeeze(site) for site in metadata.sites} | {
        squeeze(part) for part in host.split(".")[:-1] if len(part) > 3
    }
    texts = {who: _without_site(claim, claims, sites) for who, claim in claims.items() if claim}
    votes: dict[str, float] = {}
    for text in texts.values():
        key = squeeze(text)
        if key and key not in sites and key not in votes:
            votes[key] = sum(
                weight for who, weight in _VOTES.items() if _vouches(who, squeeze(texts.get(who, "")), key)
            )
    if not votes:
        return printed, "heading" if printed else "nothing"
    best = max(votes, key=lambda key: votes[key])
    witnesses = [who for who, text in texts.items() if squeeze(text) == best]
    clearest = max(witnesses, key=lambda who: (len(_WORD.findall(texts[who])), who == "heading"))
    return texts[clearest], ", ".join(witnesses)


def _vouches(who: str, said: str, key: str) -> bool:
    return said == key or (who == "document" and said.startswith(key))


def _without_site(claim: str, claims: dict[str, str], sites: set[str]) -> str:
    """Cut the outlet's name off a title: a tail that is the site's name, or that another claim does without."""
    others = {squeeze(other) for other in claims.values() if other != claim}
    text = claim
    for _ in range(3):
        match = _TAIL.match(text)
        if not match:
            break
        tail = squeeze(match[2])
        named = any(tail and (tail in site or (site and site in tail)) for site in sites)
        if not named and squeeze(match[1]) not in others:
            break
        text = match[1]
    return text
