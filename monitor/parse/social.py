"""Social networks: finds the feed of an account or channel by its address.

The rules describe the networks in 2026. X, Facebook, Instagram and TikTok offer no feeds; docs/special-sources.md names
programs that make feeds of them.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from monitor.domain.source import DateSelector, Listing, Source, TextOrigin

_YOUTUBE_FEED = "https://www.youtube.com/feeds/videos.xml?"
_ACCOUNT = re.compile(r"/@([\w.-]{1,64})(?:@([\w.-]+\.[a-z]{2,}))?/?$")
_OTHER_ACCOUNTS = frozenset({"tiktok.com", "threads.net", "threads.com", "youtube.com", "medium.com"})
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_GITHUB_PAGES = frozenset({"features", "about", "login", "topics", "trending", "search", "marketplace", "settings"})


class SocialPreset(Struct, frozen=True):
    """A way to read the posts of an account: the addresses of its feeds, or the selectors for a page with its posts."""

    feeds: tuple[str, ...] = ()
    listing: Listing | None = None


def find_social_preset(url: str) -> SocialPreset | None:
    """Return a way to read the posts of the account or channel at a URL, or None if the URL has no known form."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("old.")
    segments = [segment for segment in parts.path.split("/") if segment]
    for name, find in _NETWORKS.items():
        if host == name or host.endswith(f".{name}"):
            return find(host, segments, parse_qs(parts.query))
    account = _ACCOUNT.match(parts.path)
    if account and host not in _OTHER_ACCOUNTS:
        return SocialPreset((f"{parts.scheme}://{account[2] or parts.netloc}/@{account[1]}.rss",))  # Mastodon
    return None


Query = dict[str, list[str]]


def _find_youtube(_host: str, segments: list[str], query: Query) -> SocialPreset | None:
    if playlist := query.get("list"):
        return SocialPreset((f"{_YOUTUBE_FEED}playlist_id={playlist[0]}",))
    if len(segments) > 1 and segments[0] == "channel" and _CHANNEL_ID.fullmatch(segments[1]):
        return SocialPreset((f"{_YOUTUBE_FEED}channel_id={segments[1]}",))
    if len(segments) > 1 and segments[0] == "user":
        return SocialPreset((f"{_YOUTUBE_FEED}user={segments[1]}",))
    return None  # the feed is named on the page of a channel with a handle


def _find_bluesky(_host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    if len(segments) < 2 or segments[0] != "profile":
        return None
    return SocialPreset((f"https://bsky.app/profile/{segments[1]}/rss",))


def _find_reddit(_host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    if len(segments) < 2 or segments[0] not in {"r", "u", "user"}:
        return None
    place = f"r/{segments[1]}/new" if segments[0] == "r" else f"user/{segments[1]}/submitted"
    return SocialPreset((f"https://www.reddit.com/{place}/.rss",))


def _find_github(host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    if host != "github.com" or not segments or segments[0] in _GITHUB_PAGES:
        return None
    if len(segments) == 1:
        return SocialPreset((f"https://github.com/{segments[0]}.atom",))
    base = f"https://github.com/{segments[0]}/{segments[1]}"
    return SocialPreset((f"{base}/releases.atom", f"{base}/commits.atom", f"{base}/tags.atom"))


def _find_substack(host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    if host != "substack.com":
        return SocialPreset((f"https://{host}/feed",))
    if segments and segments[0].startswith("@"):
        return SocialPreset((f"https://{segments[0].removeprefix('@')}.substack.com/feed",))
    return None


def _find_medium(host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    if host != "medium.com":
        return SocialPreset((f"https://{host}/feed",))
    return SocialPreset((f"https://medium.com/feed/{segments[0]}",)) if segments else None


def _find_telegram(_host: str, segments: list[str], _query: Query) -> SocialPreset | None:
    names = segments[1:] if segments[:1] == ["s"] else segments
    if not names or names[0].startswith(("+", "joinchat")):
        return None
    return SocialPreset(
        listing=Listing(
            url=f"https://t.me/s/{names[0]}",
            items=".tgme_widget_message_wrap",
            link="a.tgme_widget_message_date",
            published=DateSelector("a.tgme_widget_message_date time"),
            text=".tgme_widget_message_text:not(.js-message_reply_text)",
            author=".tgme_widget_message_from_author, .tgme_widget_message_owner_name",
            repost_of=".tgme_widget_message_forwarded_from_name",
            reply_to="a.tgme_widget_message_reply",
        )
    )


_NETWORKS: dict[str, Callable[[str, list[str], Query], SocialPreset | None]] = {
    "youtube.com": _find_youtube,
    "bsky.app": _find_bluesky,
    "reddit.com": _find_reddit,
    "github.com": _find_github,
    "substack.com": _find_substack,
    "medium.com": _find_medium,
    "t.me": _find_telegram,
    "telegram.me": _find_telegram,
}


def build_listing_source(source_id: str, listing: Listing) -> Source:
    """Return a source that reads all posts from one listing page, which shows their whole text.

    No page of a single post is fetched.
    """
    return Source(source_id, listing=listing, text_from=TextOrigin.FEED)
