"""Explanation of one article for `monitor why`: its way through the program, and why it was reported or not."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.mention import Findings
from monitor.domain.poll_state import PollState
from monitor.domain.read_models import HitSummary
from monitor.domain.source import Source
from monitor.domain.watchlist import Rule
from monitor.records.articles import FindingsRecord, findings_record


class ReportRecord(TypedDict):
    """JSON record of a hit in an article, and of one digest that has reported it.

    If no digest has reported the hit, ``reported_at`` is None and ``digest`` is empty.
    """

    rule: str
    found_at: datetime
    reported_at: datetime | None
    digest: str


class SilentRuleRecord(TypedDict):
    """JSON record of a rule that has no hit in an article, with the reason."""

    rule: str
    reason: str


class ExplanationRecord(FindingsRecord):
    """JSON record that explains the state of one article, as in ``why --json``."""

    source: str
    url: str
    title: str
    published: datetime | None
    first_seen_at: datetime
    language: str
    stage: str
    is_alertable: bool
    partial_reason: str
    characters: int
    story: str
    copy_of: int | None
    verdict: str
    reports: list[ReportRecord]
    rules_without_hit: list[SilentRuleRecord]


class HostSourceRecord(TypedDict):
    """JSON record of a source and its state, as part of the answer for a URL for which no article is stored.

    The source has the same host as the URL.
    """

    id: str
    state: str
    detail: str
    last_success_at: datetime | None


class UnknownUrlRecord(TypedDict):
    """JSON record of a URL for which no article is stored, with the reason, as in ``why --json``."""

    url: str
    known: bool
    verdict: str
    sources: list[HostSourceRecord]


def explain_article(
    stored: StoredArticle,
    findings: Findings,
    hits: Sequence[HitSummary],
    rules: Sequence[Rule],
    abandonment: str = "",
) -> tuple[str, list[tuple[str, str]]]:
    """Return a sentence that explains the state of an article, and a pair for each rule that has no hit in it.

    The pair is the id of the rule and the reason why it has no hit. ``findings`` are what the current rules find in the
    article, and ``hits`` are its stored hits. ``abandonment`` is the reason why the program does not try again to match
    or group the article, or empty.
    """
    current = {hit.rule_id for hit in findings.hits}
    rules_without_hit = [(rule.id, _explain_no_hit(rule, stored, findings)) for rule in rules if rule.id not in current]
    valid = [hit for hit in hits if hit.withdrawn_at is None]
    reported = ", ".join(sorted({f"{hit.rule_id} in {hit.plan_id}" for hit in valid if hit.reported_at}))
    stored_hits = ", ".join(sorted({hit.rule_id for hit in valid}))
    withdrawn = ", ".join(sorted({hit.rule_id for hit in hits if hit.withdrawn_at}))
    verdicts = (
        (reported, f"reported: {reported}"),
        (stored_hits, f"found by {stored_hits}, and not reported yet"),
        (withdrawn, f"found by {withdrawn}, and withdrawn: a verdict or an edited rule has made the hit invalid"),
        (stored.quarantine_reason, f"in quarantine: {stored.quarantine_reason}. {_format_release(stored)}"),
        (stored.stage is Stage.LISTED, "listed by its source; its page was not read yet"),
        (
            not stored.is_alertable,
            "stored without a report: listed at the first poll of its source, and older or undated",
        ),
        (current, f"matched before {', '.join(sorted(current))} was edited; the rule as it is now matches the article"),
        (
            not stored.article.body and not stored.read_error,
            f"read, but its page has no article text ({stored.article.partial_reason or 'reason unknown'})",
        ),
        (stored.read_error, "matched with what its source lists; no rule has a hit"),
    )
    verdict = next((text for applies, text in verdicts if applies), "read and matched; no rule has a hit")
    if abandonment:
        retry = f"`monitor articles release {stored.id}` tries it again"
        verdict += f". It was abandoned after its last attempt ({abandonment}): {retry}"
    elif stored.read_error:
        verdict += f". Its page could not be read: {stored.read_error}"
    return verdict, rules_without_hit


def _format_release(stored: StoredArticle) -> str:
    return f"`monitor articles release {stored.id}` makes it news"


def _explain_no_hit(rule: Rule, stored: StoredArticle, findings: Findings) -> str:
    if rule.sources and stored.source_id not in rule.sources:
        return f"its sources are {', '.join(rule.sources)}"
    if rule.languages and stored.article.language and stored.article.language.split("-")[0] not in rule.languages:
        return f"its languages are {', '.join(rule.languages)}; the article is in {stored.article.language}"
    misses = [one for one in findings.near_misses if one.official_id in rule.officials or "all" in rule.officials]
    if misses:
        return "; ".join(dict.fromkeys(f"{one.text!r} is not {one.official_id}: {one.reason}" for one in misses[:3]))
    is_named = any(one.official_id in rule.officials or "all" in rule.officials for one in findings.mentions)
    reasons = [f"its regions are {', '.join(rule.regions)}"] if is_named and rule.regions else []
    if rule.exclude and (is_named or rule.query):
        reasons.append(f"the article matches its exclude: {rule.exclude}")
    if rule.query and not is_named:
        reasons.insert(0, "its query does not match")
    return ", or ".join(reasons) or "no official of the rule is mentioned"


def explanation_record(
    stored: StoredArticle,
    findings: Findings,
    hits: Sequence[HitSummary],
    rules: Sequence[Rule],
    abandonment: str = "",
) -> ExplanationRecord:
    """Return the JSON record that explains one article. ``findings`` are what the current rules find in the article.

    ``abandonment`` is the reason why the program does not try again to match or group the article, or empty.
    """
    article = stored.article
    verdict, rules_without_hit = explain_article(stored, findings, hits, rules, abandonment)
    return {
        **findings_record(str(stored.id), findings),
        "source": stored.source_id,
        "url": article.url,
        "title": article.title,
        "published": article.published_at,
        "first_seen_at": stored.first_seen_at,
        "language": article.language,
        "stage": stored.stage,
        "is_alertable": stored.is_alertable,
        "partial_reason": article.partial_reason,
        "characters": len(article.body),
        "story": stored.story_id,
        "copy_of": stored.duplicate_of,
        "verdict": verdict,
        "reports": [
            {"rule": hit.rule_id, "found_at": hit.found_at, "reported_at": hit.reported_at, "digest": hit.plan_id}
            for hit in hits
        ],
        "rules_without_hit": [{"rule": rule, "reason": reason} for rule, reason in rules_without_hit],
    }


def unknown_url_record(url: str, sources: Collection[Source], poll_states: Mapping[str, PollState]) -> UnknownUrlRecord:
    """Return the JSON record that explains why no article is stored for a URL.

    It includes the states of the configured sources on the host of the URL.
    """
    host = _host_without_www(url)
    same_host = [source for source in sources if host and _host_without_www(source.url) == host]
    verdict = f"no source of {host or 'this URL'} is configured: `monitor sources discover {url}` finds its feeds"
    if same_host:
        verdict = _explain_unlisted([poll_states[source.id] for source in same_host if source.id in poll_states])
    return {
        "url": url,
        "known": False,
        "verdict": verdict,
        "sources": [
            {
                "id": source.id,
                "state": poll_states[source.id].state if source.id in poll_states else "never polled",
                "detail": poll_states[source.id].detail if source.id in poll_states else "",
                "last_success_at": poll_states[source.id].last_success_at if source.id in poll_states else None,
            }
            for source in same_host
        ],
    }


def _explain_unlisted(poll_states: Sequence[PollState]) -> str:
    """Return the reason why no article is stored for a URL although sources on its host are configured.

    ``poll_states`` are the states of these sources after their last polls.
    """
    if not any(poll_state.last_success_at for poll_state in poll_states):
        return "its source was not read yet"
    reasons = []
    for poll_state in poll_states:
        counts, source_id = poll_state.counts, poll_state.source_id
        if counts.left_out:
            reasons.append(
                f"{counts.left_out} entries of {source_id} were left out: its document is too long or cut off"
            )
        if counts.unaccounted:
            reasons.append(f"{counts.unaccounted} entries of {source_id} are unaccounted for")
    gaps = [poll_state.source_id for poll_state in poll_states if poll_state.state.value == "gap"]
    if gaps:
        reasons.append(f"articles of {', '.join(gaps)} between two polls are missing")
    return "no source has listed this URL; " + (
        "; ".join(reasons) or "it may have left the feed between two polls, or the feed lists another address"
    )


def _host_without_www(url: str) -> str:
    """Return the host of a URL without a leading "www."."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
