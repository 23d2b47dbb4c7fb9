"""Posts of social networks in feeds: their writers, reposts, and text that the network adds to them."""

import re
from dataclasses import replace

from monitor.domain.source import Entry, Feed
from monitor.parse.fields import to_plain_text

_ACCOUNT_TITLE = re.compile(r"@(?P<handle>\S+) - (?P<name>.+)")
"""Pattern of the title of a Bluesky feed."""
_REPOST = re.compile(r"(?:RT|Repost|Boost)(?:ed)?(?: by)? @(?P<name>[\w.@-]{1,80}):\s+")
"""Pattern of the beginning of a repost, in the form of programs that convert accounts of social networks to feeds."""
_REDDIT_SIGNATURE = re.compile(
    r"(?:&#32;|\s)*submitted by\s*(?:&#32;)?\s*<a href=\"https://www\.reddit\.com/user/[^\"]+\">.*", re.DOTALL
)
_EMBEDDED = "[contains quote post or other embedded content]"
_MAX_NAME_CHARS = 100


def complete_posts(feed: Feed) -> Feed:
    """Return a feed with the writer added to each post, and without the text that a social network adds to posts.

    An entry without a title is a post of an account. Its writer is the account, unless it names another one: a repost
    has the writer of the original. A feed without posts is returned unchanged.
    """
    if not any(_is_post(entry) for entry in feed.entries):
        return feed
    account = _read_account(feed.title)
    return replace(feed, entries=tuple(_complete(one, account) if _is_post(one) else one for one in feed.entries))


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
