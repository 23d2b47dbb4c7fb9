"""Posts of social networks in feeds: their writers, threads, reposts, and text that the network adds to them."""

import re
from collections.abc import Sequence
from datetime import timedelta

from monitor.domain.source import Entry, Feed
from monitor.domain.values import replace
from monitor.parse.fields import to_plain_text

_ACCOUNT_TITLE = re.compile(r"@(?P<handle>\S+) - (?P<name>.+)")
"""Pattern of the title of a Bluesky feed, which has the handle and the name of the account."""
_REPOST = re.compile(r"(?:RT|Repost|Boost)(?:ed)?(?: by)? @(?P<name>[\w.@-]{1,80}):\s+")
"""Pattern of the beginning of a repost, as written by programs that convert social network accounts to feeds."""
_REDDIT_SIGNATURE = re.compile(
    r"(?:&#32;|\s)*submitted by\s*(?:&#32;)?\s*<a href=\"https://www\.reddit\.com/user/[^\"]+\">.*", re.DOTALL
)
_PART_NUMBER = re.compile(r"^\(?(\d{1,2})/(\d{1,2})(?![\d/])|(?:^|\s)\(?(\d{1,2})/(\d{1,2})\)?$")
"""Pattern of the number of a post in a thread, such as "2/5", at the beginning or the end of the post."""
_MAX_PART_GAP = timedelta(hours=1)
_EMBEDDED = "[contains quote post or other embedded content]"
_MAX_NAME_CHARS = 100


def complete_posts(feed: Feed) -> Feed:
    """Return a feed with the writer added to each post, and without the text that a social network adds to posts.

    An entry without a title is a post of an account. Its writer is the account, or the writer of the original if it is
    a repost. A post that is numbered as a part of a thread becomes an answer to the part before it. A feed without
    posts is returned unchanged.
    """
    if not any(_is_post(entry) for entry in feed.entries):
        return feed
    account = _read_account(feed.title)
    entries = [_complete(one, account) if _is_post(one) else one for one in feed.entries]
    return replace(feed, entries=tuple(_link_parts(entries)))


def _is_post(entry: Entry) -> bool:
    text = entry.content or entry.summary
    return not entry.title or bool(_REPOST.match(entry.title)) or ("submitted by" in text and "/user/" in text)


def _read_account(title: str) -> str:
    """Return the name of an account, taken from the title of its feed."""
    found = _ACCOUNT_TITLE.fullmatch(title.strip())
    return (found["name"] if found else title).strip()[:_MAX_NAME_CHARS]


def _complete(entry: Entry, account: str) -> Entry:
    summary, content = _clean(entry.summary), _clean(entry.content)
    repost = _REPOST.match(entry.title or to_plain_text(content or summary))
    if repost is None:
        authors = entry.authors or ((account,) if account else ())
        return replace(entry, summary=summary, content=content, authors=authors)
    return replace(
        entry,
        title=entry.title[repost.end() :] if entry.title else "",
        summary=summary.replace(repost[0].strip(), "", 1),
        content=content.replace(repost[0].strip(), "", 1),
        authors=entry.authors or (f"@{repost['name']}",),
        is_repost=True,
    )


def _clean(html: str) -> str:
    return _REDDIT_SIGNATURE.sub("", html.replace(_EMBEDDED, ""))


def _link_parts(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, with the parts of each thread linked, because feeds of Mastodon do not link them.

    A post with a number such as "2/5" becomes an answer to the post "1/5" of the same writer, if that was published at
    most one hour earlier. A post that already answers another post is not changed.
    """
    numbers = [_read_part_number(entry) for entry in entries]
    parts = {(*number, entry.authors): entry for entry, number in zip(entries, numbers, strict=True) if number}
    linked = []
    for entry, number in zip(entries, numbers, strict=True):
        before = parts.get((number[0] - 1, number[1], entry.authors)) if number else None
        is_linked = before is not None and not entry.reply_to and _is_shortly_after(entry, before)
        linked.append(replace(entry, reply_to=before.guid or before.url) if before and is_linked else entry)
    return linked


def _read_part_number(entry: Entry) -> tuple[int, int] | None:
    """Return the number of a post in its thread and the number of posts, or None if the post has no numbers."""
    found = None if entry.title else _PART_NUMBER.search(to_plain_text(entry.content or entry.summary))
    if found is None:
        return None
    number, count = (int(text) for text in found.groups() if text)
    return (number, count) if 1 <= number <= count else None


def _is_shortly_after(entry: Entry, before: Entry) -> bool:
    if entry.published_at is None or before.published_at is None:
        return False
    return timedelta(0) <= entry.published_at - before.published_at <= _MAX_PART_GAP
