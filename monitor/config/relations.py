"""What must hold between the keys of the file, checked on the values as read, so that one fault hides no other."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from monitor.config.document import Path
from monitor.config.secrets import is_reference
from monitor.config.values import is_address, meant, parse_date, parse_length
from monitor.domain.errors import Remark

ALL = "all"
OUTBOX = "outbox"
SECRET_KEYS = ("database", "heartbeat", "headers", "server", "unsubscribe", "url", "secret", "chat")
_REFERENCE = re.compile(r"\$\{(?:file:[^{}]*|[A-Za-z_]\w*)\}")
_QUOTED = re.compile(r'=?"[^"]*"|/[^/]*/')
_OPERATOR = re.compile(r"(?<![\w@:])(and|or|not|near(?:/\d+)?|NEAR(?!/))(?![\w*])")
LISTING_KEYS = ("items", "link", "title", "published", "next", "pages")


def find_relations(tree: dict[str, Any]) -> Iterator[Remark]:
    """Yield what is wrong or doubtful between the keys of a file, whatever else is wrong in it."""
    networks = _networks(_part(tree, "settings"))
    probes = _part(tree, "settings").get("probes")
    if isinstance(probes, str) and probes != "off" and not _is_loopback(probes.rpartition(":")[0]):
        text = "probes answer whoever can reach this address; write 127.0.0.1, or guard it otherwise"
        yield Remark(("settings", "probes"), text, warning=True)
    for name, source in _entries(tree, "sources"):
        yield from _source(("sources", name), source, networks)
    for name, official in _entries(tree, "officials"):
        yield from _official(("officials", name), official)
    for name, rule in _entries(tree, "rules"):
        yield from _rule(("rules", name), rule, tree)
    for name, channel in _entries(tree, "channels"):
        yield from _channel(("channels", name), channel, networks)
    for name, digest in _entries(tree, "digests"):
        yield from _digest(("digests", name), digest, tree)
    yield from _whole(tree)
    yield from _unread_references((), tree)


def _part(tree: Any, key: str) -> dict[str, Any]:
    part = tree.get(key) if isinstance(tree, dict) else None
    return part if isinstance(part, dict) else {}


def _entries(tree: dict[str, Any], section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a section; one that holds nothing yet is an empty mapping."""
    for name, entry in _part(tree, section).items():
        if entry is None or isinstance(entry, dict):
            yield name, entry or {}


def _words(value: Any) -> list[tuple[Path, str]]:
    """Return the words of a list, or one word that stands without a list, each with its path."""
    if isinstance(value, str):
        return [((), value)]
    if isinstance(value, list):
        return [((index,), word) for index, word in enumerate(value) if isinstance(word, str)]
    return []


def _source(path: Path, source: dict[str, Any], networks: list[Any]) -> Iterator[Remark]:
    kinds = [kind for kind in ("feed", "page", "sitemap") if kind in source]
    if not kinds:
        yield Remark(path, "a source needs its address; add feed, page or sitemap with a URL")
    if {"feed", "page"} <= set(kinds):
        yield Remark((*path, "page"), "a source has a feed or a page, not both; make a second source of it")
    if "page" not in kinds:
        for key in set(LISTING_KEYS) & set(source):
            yield Remark((*path, key), f"{key} is for sources with a page; delete it, or write page in place of feed")
    elif "items" not in source:
        text = 'a page needs items, the CSS selector of one article in its list, such as "li.news"'
        yield Remark((*path, "page"), text)
    every, expect = _length(source.get("every")), _length(source.get("expect"))
    if every and expect and expect < every:
        yield Remark((*path, "expect"), "the source is silent longer than that between two polls; write a longer one")
    for kind in kinds:
        yield from _address((*path, kind), source[kind], every, networks)


def _address(path: Path, url: Any, every: float, networks: list[Any]) -> Iterator[Remark]:
    host = _host(url)
    private = _is_private(host)
    if private and not _is_allowed(host, networks):
        text = "this address is in a private network and will be refused; add it to settings.allow_networks"
        yield Remark(path, text, warning=True)
    if every and every < 60 and not private:
        text = "a public server polled more than once a minute may shut you out; write 1m or more"
        yield Remark((*path[:-1], "every"), text, warning=True)


def _length(value: Any) -> float:
    """Return the seconds of a length of time, 0 where it is none."""
    try:
        return parse_length(value).total_seconds() if isinstance(value, str) else 0
    except ValueError:
        return 0


def _networks(settings: dict[str, Any]) -> list[Any]:
    found = []
    for _, text in _words(settings.get("allow_networks")):
        try:
            found.append(ip_network(text))
        except ValueError:
            continue
    return found


def _host(url: Any) -> str:
    try:
        return (urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:
        return ""


def _is_private(host: str) -> bool:
    if is_address(host):
        return not ip_address(host).is_global
    return host == "localhost" or host.endswith(".localhost")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_allowed(host: str, networks: list[Any]) -> bool:
    address = ip_address("127.0.0.1" if "localhost" in host else host)
    return any(address in network for network in networks)


def _official(path: Path, official: dict[str, Any]) -> Iterator[Remark]:
    names = [official.get("name"), *(word for _, word in _words(official.get("aliases")))]
    seen: set[str] = set()
    for index, name in enumerate(names):
        if isinstance(name, str) and name.strip() in seen:
            text = f'"{name}" stands here twice; one of them is enough'
            yield Remark((*path, "aliases", index - 1), text, warning=True)
        seen.add(str(name).strip())
    roles = official.get("roles")
    for index, role in enumerate(roles if isinstance(roles, list) else []):
        try:
            since, until = parse_date(role["from"]), parse_date(role["until"])
        except (KeyError, TypeError, ValueError):
            continue
        if until <= since:
            text = "a post ends after it begins; until is the first day no longer in it"
            yield Remark((*path, "roles", index, "until"), text)


def _rule(path: Path, rule: dict[str, Any], tree: dict[str, Any]) -> Iterator[Remark]:
    if not rule.get("officials") and "query" not in rule:
        yield Remark(path, "a rule needs officials or a query; add officials: [id, ...] or query: 'words'")
    yield from _known((*path, "officials"), rule.get("officials"), _part(tree, "officials"), "official", {ALL})
    yield from _known((*path, "sources"), rule.get("sources"), _part(tree, "sources"), "source", {ALL})
    if isinstance(query := rule.get("query"), str):
        yield from _lost_operators((*path, "query"), query)


def _lost_operators(path: Path, query: str) -> Iterator[Remark]:
    found = _OPERATOR.search(_QUOTED.sub(lambda quoted: "." * len(quoted[0]), query))
    if found:
        right = "NEAR/5, with the words allowed between" if found[1].lower() == "near" else found[1].upper()
        text = f'"{found[1]}" is looked for as a word; if it is to join others write {right}, else put it in quotes'
        yield Remark(path, text, found.start(), warning=True)


def _unread_references(path: Path, value: Any) -> Iterator[Remark]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in SECRET_KEYS or path in {(), ("sources",), ("channels",)}:
                yield from _unread_references((*path, key), inner)
    for position, word in _words(value):
        if found := _REFERENCE.search(word):
            text = f"{found[0]} stands for itself here; secrets are looked up in {', '.join(SECRET_KEYS)}"
            yield Remark((*path, *position), text, found.start(), warning=True)


def _channel(path: Path, channel: dict[str, Any], networks: list[Any]) -> Iterator[Remark]:
    kinds = [kind for kind in ("email", "webhook", "chat", "folder") if kind in channel]
    if len(kinds) != 1:
        has = "none" if not kinds else " and ".join(kinds)
        yield Remark(path, f"a channel has exactly one of email, webhook, chat and folder; this one has {has}")
    webhook, email = _part(channel, "webhook"), _part(channel, "email")
    if webhook and "secret" not in webhook:
        text = "messages are not signed, and their receiver cannot tell a forged one; add secret: ${NAME}"
        yield Remark((*path, "webhook"), text, warning=True)
    for inner, word in _words(webhook.get("secret")):
        if not is_reference(word):
            yield Remark((*path, "webhook", "secret", *inner), _OPEN, warning=True)
    user = str(email.get("server", "")).rpartition("@")[0]
    if user.partition("://")[2].partition(":")[2] and not is_reference(user):
        yield Remark((*path, "email", "server"), _OPEN, warning=True)
    yield from _address((*path, "webhook", "url"), webhook.get("url"), 0, networks)
    if str(webhook.get("url", "")).startswith("http://") and not _is_private(_host(webhook.get("url"))):
        text = "http:// lets everybody on the way read the messages; write https://"
        yield Remark((*path, "webhook", "url"), text, warning=True)


_OPEN = "a secret stands open in the file; write ${NAME} or file:/path instead"


def _digest(path: Path, digest: dict[str, Any], tree: dict[str, Any]) -> Iterator[Remark]:
    if ("at" in digest) == ("cron" in digest):
        what = "has both at and cron" if "at" in digest else "says not when it goes out"
        yield Remark(path, f'a digest {what}; write one of at: "07:00", at: once, cron: "0 7 * * mon-fri"')
    channels = {**_part(tree, "channels"), OUTBOX: None}
    yield from _known((*path, "rules"), digest.get("rules"), _part(tree, "rules"), "rule", {ALL})
    yield from _known((*path, "to"), digest.get("to"), channels, "channel", set())
    if not digest.get("to") and _part(tree, "channels"):
        text = f"this digest goes to the folder channel {OUTBOX} alone; add to: [...] with the channels meant"
        yield Remark(path, text, warning=True)


def _known(path: Path, value: Any, known: dict[str, Any], noun: str, extra: set[str]) -> Iterator[Remark]:
    for inner, word in _words(value):
        if word not in known and word not in extra:
            hint = meant(word, known) or f"; define it under {noun}s, or delete it here"
            yield Remark((*path, *inner), f'there is no {noun} "{word}"{hint}')


def _whole(tree: dict[str, Any]) -> Iterator[Remark]:
    urls: dict[str, str] = {}
    for name, source in _entries(tree, "sources"):
        url = source.get("feed") or source.get("page") or source.get("sitemap")
        if isinstance(url, str):
            if url in urls:
                text = f"the source {urls[url]} reads this address already; delete one of them"
                yield Remark(("sources", name), text, warning=True)
            urls.setdefault(url, name)
    for section in ("officials", "rules"):
        if ALL in _part(tree, section):
            text = f"the id {ALL} stands for everything in the file; write another one"
            yield Remark((section, ALL), text)
    if not _part(tree, "sources"):
        yield Remark((), "no sources: nothing will be read; add one under sources", warning=True)
    told = {word for _, digest in _entries(tree, "digests") for _, word in _words(digest.get("rules"))}
    for name in _part(tree, "rules"):
        if name not in told and ALL not in told:
            text = "no digest tells of this rule; name it in the rules of a digest"
            yield Remark(("rules", name), text, warning=True)
