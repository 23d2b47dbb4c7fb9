"""What must hold between the keys of the file, checked on the values as read, so that one fault hides no other."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from monitor.config.secrets import has_secret_reference
from monitor.config.yaml_document import KeyPath
from monitor.domain.errors import KeyIssue
from monitor.domain.value_parsers import is_ip_address, parse_date, parse_duration, suggest_similar

ALL_KEYWORD = "all"
OUTBOX_CHANNEL_ID = "outbox"
SECRET_KEYS = ("database", "heartbeat_url", "headers", "server", "unsubscribe", "url", "secret", "chat")
_SECRET_REFERENCE = re.compile(r"\$\{(?:file:[^{}]*|[A-Za-z_]\w*)\}")
_QUOTED_TERM = re.compile(r'=?"[^"]*"|/[^/]*/')
_MISWRITTEN_OPERATOR = re.compile(r"(?<![\w@:])(and|or|not|near(?:/\d+)?|NEAR(?!/))(?![\w*])")


def run_cross_checks(tree: dict[str, Any]) -> Iterator[KeyIssue]:
    """Yield what is wrong or doubtful between the keys of a file, whatever else is wrong in it."""
    networks = _parse_networks(_get_mapping(tree, "settings"))
    probes = _get_mapping(tree, "settings").get("probe_address")
    if isinstance(probes, str) and probes != "off" and not _is_loopback_host(probes.rpartition(":")[0]):
        text = "probes answer whoever can reach this address; write 127.0.0.1, or guard it otherwise"
        yield KeyIssue(("settings", "probe_address"), text, is_warning=True)
    for name, source in _iter_entries(tree, "sources"):
        yield from _check_source(("sources", name), source, networks)
    for name, official in _iter_entries(tree, "officials"):
        yield from _check_official(("officials", name), official)
    for name, rule in _iter_entries(tree, "rules"):
        yield from _check_rule(("rules", name), rule, tree)
    for name, channel in _iter_entries(tree, "channels"):
        yield from _check_channel(("channels", name), channel, networks)
    for name, digest in _iter_entries(tree, "digests"):
        yield from _check_digest(("digests", name), digest, tree)
    yield from _check_whole_file(tree)
    yield from _check_misplaced_references((), tree)


def _get_mapping(tree: Any, key: str) -> dict[str, Any]:
    part = tree.get(key) if isinstance(tree, dict) else None
    return part if isinstance(part, dict) else {}


def _iter_entries(tree: dict[str, Any], section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a section; one that holds nothing yet is an empty mapping."""
    for name, entry in _get_mapping(tree, section).items():
        if entry is None or isinstance(entry, dict):
            yield name, entry or {}


def _list_strings(value: Any) -> list[tuple[KeyPath, str]]:
    """Return the words of a list, or one word that stands without a list, each with its path."""
    if isinstance(value, str):
        return [((), value)]
    if isinstance(value, list):
        return [((index,), word) for index, word in enumerate(value) if isinstance(word, str)]
    return []


def _check_source(path: KeyPath, source: dict[str, Any], networks: list[Any]) -> Iterator[KeyIssue]:
    kinds = [kind for kind in ("feed", "listing", "sitemap") if kind in source]
    if not kinds and "page" not in source:  # the old key is reported with its new word
        yield KeyIssue(path, "a source needs its address; add feed, listing or sitemap with a URL")
    if {"feed", "listing"} <= set(kinds):
        yield KeyIssue((*path, "listing"), "a source has a feed or a listing, not both; make a second source of it")
    interval = _parse_duration_seconds(source.get("poll_interval"))
    max_silence = _parse_duration_seconds(source.get("max_silence"))
    if interval and max_silence and max_silence < interval:
        text = "the source is silent longer than that between two polls; write a longer one"
        yield KeyIssue((*path, "max_silence"), text)
    listing_url = _get_mapping(source, "listing").get("url")
    addresses = (
        (("feed",), source.get("feed")),
        (("listing", "url"), listing_url),
        (("sitemap",), source.get("sitemap")),
    )
    for inner, url in addresses:
        yield from _check_address((*path, *inner), url, networks)
        host = _parse_host(url)
        if host and 0 < interval < 60 and not _is_private_host(host):
            text = "a public server polled more than once a minute may shut you out; write 1m or more"
            yield KeyIssue((*path, "poll_interval"), text, is_warning=True)


def _check_address(path: KeyPath, url: Any, networks: list[Any]) -> Iterator[KeyIssue]:
    host = _parse_host(url)
    if _is_private_host(host) and not _is_allowed_host(host, networks):
        text = "this address is in a private network and will be refused; add it to settings.allowed_networks"
        yield KeyIssue(path, text, is_warning=True)


def _parse_duration_seconds(value: Any) -> float:
    """Return the seconds of a length of time, 0 where it is none."""
    try:
        return parse_duration(value).total_seconds() if isinstance(value, str) else 0
    except ValueError:
        return 0


def _parse_networks(settings: dict[str, Any]) -> list[Any]:
    found = []
    for _, text in _list_strings(settings.get("allowed_networks")):
        try:
            found.append(ip_network(text))
        except ValueError:
            continue
    return found


def _parse_host(url: Any) -> str:
    try:
        return (urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:
        return ""


def _is_private_host(host: str) -> bool:
    if is_ip_address(host):
        return not ip_address(host).is_global
    return host == "localhost" or host.endswith(".localhost")


def _is_loopback_host(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_allowed_host(host: str, networks: list[Any]) -> bool:
    address = ip_address("127.0.0.1" if "localhost" in host else host)
    return any(address in network for network in networks)


def _check_official(path: KeyPath, official: dict[str, Any]) -> Iterator[KeyIssue]:
    names = [official.get("name"), *(word for _, word in _list_strings(official.get("aliases")))]
    seen: set[str] = set()
    for index, name in enumerate(names):
        if isinstance(name, str) and name.strip() in seen:
            text = f'"{name}" stands here twice; one of them is enough'
            yield KeyIssue((*path, "aliases", index - 1), text, is_warning=True)
        seen.add(str(name).strip())
    roles = official.get("roles")
    for index, role in enumerate(roles if isinstance(roles, list) else []):
        try:
            since, until = parse_date(role["from"]), parse_date(role["until"])
        except (KeyError, TypeError, ValueError):
            continue
        if until <= since:
            text = "a post ends after it begins; until is the first day no longer in it"
            yield KeyIssue((*path, "roles", index, "until"), text)


def _check_rule(path: KeyPath, rule: dict[str, Any], tree: dict[str, Any]) -> Iterator[KeyIssue]:
    if not rule.get("officials") and "query" not in rule:
        yield KeyIssue(path, "a rule needs officials or a query; add officials: [id, ...] or query: 'words'")
    yield from _check_known_ids(
        (*path, "officials"), rule.get("officials"), _get_mapping(tree, "officials"), "official", {ALL_KEYWORD}
    )
    yield from _check_known_ids(
        (*path, "sources"), rule.get("sources"), _get_mapping(tree, "sources"), "source", {ALL_KEYWORD}
    )
    if isinstance(query := rule.get("query"), str):
        yield from _check_query_operators((*path, "query"), query)


def _check_query_operators(path: KeyPath, query: str) -> Iterator[KeyIssue]:
    found = _MISWRITTEN_OPERATOR.search(_QUOTED_TERM.sub(lambda quoted: "." * len(quoted[0]), query))
    if found:
        right = "NEAR/5, with the words allowed between" if found[1].lower() == "near" else found[1].upper()
        text = f'"{found[1]}" is looked for as a word; if it is to join others write {right}, else put it in quotes'
        yield KeyIssue(path, text, found.start(), is_warning=True)


def _check_misplaced_references(path: KeyPath, value: Any) -> Iterator[KeyIssue]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in SECRET_KEYS or path in {(), ("sources",), ("channels",)}:
                yield from _check_misplaced_references((*path, key), inner)
    for position, word in _list_strings(value):
        if found := _SECRET_REFERENCE.search(word):
            text = f"{found[0]} stands for itself here; secrets are looked up in {', '.join(SECRET_KEYS)}"
            yield KeyIssue((*path, *position), text, found.start(), is_warning=True)


def _check_channel(path: KeyPath, channel: dict[str, Any], networks: list[Any]) -> Iterator[KeyIssue]:
    kinds = [kind for kind in ("email", "webhook", "chat", "folder") if kind in channel]
    if len(kinds) != 1:
        has = "none" if not kinds else " and ".join(kinds)
        yield KeyIssue(path, f"a channel has exactly one of email, webhook, chat and folder; this one has {has}")
    webhook, email = _get_mapping(channel, "webhook"), _get_mapping(channel, "email")
    if webhook and "secret" not in webhook:
        text = "messages are not signed, and their receiver cannot tell a forged one; add secret: ${NAME}"
        yield KeyIssue((*path, "webhook"), text, is_warning=True)
    for inner, word in _list_strings(webhook.get("secret")):
        if not has_secret_reference(word):
            yield KeyIssue((*path, "webhook", "secret", *inner), _IN_THE_OPEN_MESSAGE, is_warning=True)
    user = str(email.get("server", "")).rpartition("@")[0]
    if user.partition("://")[2].partition(":")[2] and not has_secret_reference(user):
        yield KeyIssue((*path, "email", "server"), _IN_THE_OPEN_MESSAGE, is_warning=True)
    yield from _check_address((*path, "webhook", "url"), webhook.get("url"), networks)
    if str(webhook.get("url", "")).startswith("http://") and not _is_private_host(_parse_host(webhook.get("url"))):
        text = "http:// lets everybody on the way read the messages; write https://"
        yield KeyIssue((*path, "webhook", "url"), text, is_warning=True)


_IN_THE_OPEN_MESSAGE = "a secret stands open in the file; write ${NAME} or file:/path instead"


def _check_digest(path: KeyPath, digest: dict[str, Any], tree: dict[str, Any]) -> Iterator[KeyIssue]:
    if ("at" in digest) == ("cron" in digest):
        what = "has both at and cron" if "at" in digest else "says not when it goes out"
        yield KeyIssue(path, f'a digest {what}; write one of at: "07:00", at: immediately, cron: "0 7 * * mon-fri"')
    channels = {**_get_mapping(tree, "channels"), OUTBOX_CHANNEL_ID: None}
    yield from _check_known_ids(
        (*path, "rules"), digest.get("rules"), _get_mapping(tree, "rules"), "rule", {ALL_KEYWORD}
    )
    yield from _check_known_ids((*path, "channels"), digest.get("channels"), channels, "channel", set())
    if not digest.get("channels") and "to" not in digest and _get_mapping(tree, "channels"):
        text = (
            f"this digest goes to the folder channel {OUTBOX_CHANNEL_ID} alone; add channels: [...] with the ids meant"
        )
        yield KeyIssue(path, text, is_warning=True)


def _check_known_ids(
    path: KeyPath, value: Any, known_ids: dict[str, Any], noun: str, reserved_ids: set[str]
) -> Iterator[KeyIssue]:
    for inner, word in _list_strings(value):
        if word not in known_ids and word not in reserved_ids:
            hint = suggest_similar(word, known_ids) or f"; define it under {noun}s, or delete it here"
            yield KeyIssue((*path, *inner), f'there is no {noun} "{word}"{hint}')


def _check_whole_file(tree: dict[str, Any]) -> Iterator[KeyIssue]:
    urls: dict[str, str] = {}
    for name, source in _iter_entries(tree, "sources"):
        url = source.get("feed") or _get_mapping(source, "listing").get("url") or source.get("sitemap")
        if isinstance(url, str):
            if url in urls:
                text = f"the source {urls[url]} reads this address already; delete one of them"
                yield KeyIssue(("sources", name), text, is_warning=True)
            urls.setdefault(url, name)
    for section in ("officials", "rules"):
        if ALL_KEYWORD in _get_mapping(tree, section):
            text = f"the id {ALL_KEYWORD} stands for everything in the file; write another one"
            yield KeyIssue((section, ALL_KEYWORD), text)
    if not _get_mapping(tree, "sources"):
        yield KeyIssue((), "no sources: nothing will be read; add one under sources", is_warning=True)
    told = {word for _, digest in _iter_entries(tree, "digests") for _, word in _list_strings(digest.get("rules"))}
    for name in _get_mapping(tree, "rules"):
        if name not in told and ALL_KEYWORD not in told:
            text = "no digest tells of this rule; name it in the rules of a digest"
            yield KeyIssue(("rules", name), text, is_warning=True)
