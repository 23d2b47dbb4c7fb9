"""Officials, articles and hits for tests of digests; tests build their data with ``hit`` and ``watch``."""

from datetime import UTC, date, datetime, timedelta

from monitor.domain.article import Article, Region
from monitor.domain.channels import Channel, FolderChannel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import DigestPlan, ReportableHit
from monitor.domain.mention import HitKind, MatchForm, Mention, Passage
from monitor.domain.secret import Secret
from monitor.domain.watchlist import Official, Role, Rule, Watchlist

NOW = datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
OFFICIALS = (
    Official(
        "ada-example",
        "Ada Example",
        roles=(Role("Minister of Trade", date(2024, 1, 1)), Role("Mayor of Northport", None, date(2024, 1, 1))),
    ),
    Official("ben-sample", "Bến Sample", roles=(Role("Chief of Staff"),)),
)
ONCE = DigestPlan("urgent", ("people",), at="immediately", channels=("outbox",), timezone="Asia/Vientiane")


def hit(
    number: int,
    name: str = "Ada Example",
    official: str = "ada-example",
    title: str = "A visit to the harbour",
    kind: HitKind = HitKind.NEW,
    region: Region = Region.BODY,
    **more: object,
) -> ReportableHit:
    """Make a hit of one official in one article, named in its title or in its body."""
    body = f"Officials met on Sunday. {name} opened the new harbour before noon.\nA second paragraph."
    text = title if region is Region.TITLE else body.partition("\n")[0]
    start = max(text.find(name), 0)
    mark = (start, start + len(name))
    article = Article(
        f"https://news.example/{number}", title=title, body=body, language="en", published_at=NOW - timedelta(hours=2)
    )
    known: dict[str, object] = {
        "id": number,
        "rule_id": "people",
        "official_ids": (official,) if official else (),
        "passages": (Passage(text, region, 0, len(text), (mark,)),),
        "kind": kind,
        "found_at": NOW - timedelta(minutes=1),
        "article_id": number,
        "article": article,
        "source_id": f"source-{number}",
        "outlet": f"Outlet {number}",
        "first_seen_at": NOW - timedelta(minutes=2),
        "story_id": f"story-{number}",
        "mentions": (Mention(official, name, region, *mark, MatchForm.FULL, 1.0, "full name"),) if official else (),
    }
    return ReportableHit(**(known | more))  # type: ignore[arg-type]  # the keys are fields of the type; any other key raises


def watch(*plans: DigestPlan, channels: tuple[Channel, ...] = (FolderChannel("outbox", "/nowhere"),)) -> Configuration:
    """Make a configuration that watches the officials of this module."""
    rules = (Rule("people", tuple(official.id for official in OFFICIALS)), Rule("border", query="border"))
    return Configuration(
        Settings(Secret("sqlite://")),
        watchlist=Watchlist(OFFICIALS, rules),
        channels=channels,
        digests=plans or (ONCE,),
    )


def message(number: int = 1, target: str = "desk@example.org", channel: str = "desk", **rendered: object) -> Message:
    """Make a message with a key of its own."""
    known: dict[str, object] = {
        "subject": "Morning: a visit",
        "text": "A visit.\n",
        "html": "<p>A visit.</p>",
        "payload": '{"type":"digest"}',
    }
    form = RenderedDigest(**(known | rendered))  # type: ignore[arg-type]  # as above
    return Message(f"{number:040x}", "morning", channel, target, form, NOW)
