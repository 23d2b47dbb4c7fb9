"""Checks of sources.yaml that involve several keys: references, combinations of keys, and probable mistakes."""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, field

from monitor.config.readers import check_readers, find_mail_channel
from monitor.config.secrets import has_secret_reference
from monitor.config.sections import (
    find_nested_type,
    get_keys,
    holds_secret,
    is_secret_name,
    list_annotated,
    list_secret_keys,
)
from monitor.config.yaml_document import KeyPath
from monitor.domain.channels import CHANNEL_KINDS, OUTBOX_CHANNEL_ID, Channel
from monitor.domain.configuration import SQLITE_URL_PREFIX, Settings
from monitor.domain.digest import OPERATOR_PLAN_ID, DigestPlan, DigestReader
from monitor.domain.errors import KeyIssue
from monitor.domain.field_types import ValueMark, WarningIfMissing
from monitor.domain.secret import Secret
from monitor.domain.source import FetchMethod, Source, SourceKind
from monitor.domain.value_parsers import is_ip_address, suggest_similar
from monitor.domain.watchlist import ALL_KEYWORD, Official, Rule
from monitor.domain.web_settings import LoginMethod, OidcLogin, WebSettings

T_co = TypeVar("T_co", covariant=True)
Networks = Sequence[IPv4Network | IPv6Network]

MIN_PUBLIC_POLL_INTERVAL = timedelta(minutes=1)  # publishers block a reader that polls more often
_SECRET_REFERENCE = re.compile(r"\$\{(?:file:[^{}]*|[A-Za-z_]\w*)\}")
_QUOTED_TERM = re.compile(r'=?"[^"]*"|/[^/]*/')
_MISWRITTEN_OPERATOR = re.compile(r"(?<![\w@:])(and|or|not|near(?:/\d+)?|NEAR(?!/))(?![\w*])")
_FILE_REFERENCE = re.compile(r"^file:(.+)|\$\{file:([^{}]*)\}")
SECRET_FOLDERS = ("/run/secrets", "/run/credentials")
"""Folders in which secret files are expected, in addition to the folder of sources.yaml.

Containers use the first, systemd uses the second.
"""

_MODULES_BY_EXTRA = {"api": "jmespath", "browser": "playwright", "web": "fastapi", "oidc": "jwt"}

_OPEN_IN_FILE = "a secret is readable in the file; write ${NAME} or file:/path instead"
_OPEN_TO_OTHERS = (
    "a secret is readable in the file, and other users of this machine can read the file; "
    "write ${NAME} or file:/path instead, or make the file private (chmod 600)"
)


class Entry(Struct, Generic[T_co], frozen=True):
    """An entry in a section of sources.yaml, such as one source.

    ``value`` is the object that was built from the entry. ``raw`` has the keys and values as written in the file. If
    ``is_valid`` is false, some keys have errors, and ``value`` was built without them.
    """

    value: T_co
    raw: Mapping[str, Any]
    is_valid: bool = True


class Sections(Struct, frozen=True):
    """The content of sources.yaml in the form that the checks need.

    - ``tree`` is the whole file as plain values.
    - ``settings`` is the section ``settings``, read into an object.
    - ``folder`` is the folder of sources.yaml.
    - Each of the other fields is a section of the file: a dictionary that maps the ids to the entries.
    """

    tree: Mapping[str, Any]
    settings: Settings
    sources: Mapping[str, Entry[Source]]
    officials: Mapping[str, Entry[Official]]
    rules: Mapping[str, Entry[Rule]]
    digests: Mapping[str, Entry[DigestPlan]]
    readers: Mapping[str, Entry[DigestReader]] = field(default_factory=dict)
    channels: Mapping[str, Entry[Channel]] = field(default_factory=dict)
    folder: Path = Path()

    def list_ids(self, section: str) -> Collection[str]:
        """Return all ids in a section of the file; ids of entries with errors are included."""
        return _get_mapping(self.tree, section)


def run_cross_checks(
    file: Sections, is_readable_by_others: Callable[[KeyPath], bool], *, refuse_shared_secrets: bool = False
) -> Iterator[KeyIssue]:
    """Yield an error or warning for each problem that involves several keys.

    Entries with errors in other keys are checked, too. ``is_readable_by_others`` is called with a key path, and returns
    whether other users of this machine can read the file that contains the key. A secret that is typed into a file that
    others can read is an error if ``refuse_shared_secrets`` is true, otherwise a warning.
    """
    address = file.settings.probe_address
    if address and not ip_address(address[0]).is_loopback:
        text = "anybody who can reach this address can read the probe pages; use 127.0.0.1, or restrict access to it"
        yield KeyIssue(("settings", "probe_address"), text, is_warning=True)
    if file.settings.web:
        yield from _check_web(("settings", "web"), file.settings.web, is_sqlite=_is_sqlite(file.settings.database))
    channels = {*file.list_ids("channels"), OUTBOX_CHANNEL_ID}
    operator = _get_mapping(file.tree, "settings").get("operator")
    yield from _check_known_ids(("settings", "operator"), operator, channels, "channel")
    yield from _check_translation(file.settings)
    yield from _check_typed_secrets(file, is_readable_by_others, refuse_shared=refuse_shared_secrets)
    networks = file.settings.allowed_networks
    for name, source in file.sources.items():
        yield from _check_source(("sources", name), source, networks)
    for name, official in file.officials.items():
        yield from _check_official(("officials", name), official.value)
    for name, rule in file.rules.items():
        yield from _check_rule(("rules", name), rule, file)
    for name in file.list_ids("channels"):
        yield from _check_channel(("channels", name), _get_mapping(file.tree["channels"], name), networks)
    for name, digest in file.digests.items():
        yield from _check_digest(("digests", name), digest, file)
    yield from check_readers(
        {name: one.value for name, one in file.readers.items()},
        {name: one.value for name, one in file.digests.items()},
        {name: one.value for name, one in file.channels.items()},
    )
    yield from _check_whole_file(file)
    yield from _check_unused(file)
    references = _list_references(file.tree)
    yield from _check_secret_files(references, file.folder)
    yield from _check_misplaced_references(references)


def _is_sqlite(database: Secret) -> bool:
    return database.reveal().startswith(SQLITE_URL_PREFIX)


def _check_oidc(path: KeyPath, oidc: OidcLogin, *, is_used: bool) -> Iterator[KeyIssue]:
    if not is_used:
        yield KeyIssue(path, "this is used only with login: oidc")
    address = urlsplit(oidc.issuer)
    host = address.hostname or ""
    is_local = is_ip_address(host) and ip_address(host).is_loopback
    if address.scheme != "https" and not is_local:
        yield KeyIssue((*path, "issuer"), "the provider proves who a reader is; its address must begin with https://")
    if not oidc.roles and oidc.role is None:
        yield KeyIssue((*path, "roles"), "no reader can log in: name a role for a group, or set role for all readers")


def _check_web(path: KeyPath, web: WebSettings, *, is_sqlite: bool) -> Iterator[KeyIssue]:
    """Yield an error or warning for each setting with which the desk cannot work, or is not protected.

    The desk is the web interface. One example is a login method without its key. Another example is a desk that other
    machines can reach, but that has no https:// address or that offers only one-time addresses for the login.
    """
    yield from _check_extra(path, "web")
    if web.login is LoginMethod.OIDC:
        yield from _check_extra((*path, "login"), "oidc")
    if web.login is LoginMethod.HEADER and web.header is None:
        yield KeyIssue((*path, "login"), "login: header needs the key header")
    if web.login is not LoginMethod.HEADER and web.header is not None:
        yield KeyIssue((*path, "header"), "this is used only with login: header")
    if web.login is LoginMethod.OIDC and web.oidc is None:
        yield KeyIssue((*path, "login"), "login: oidc needs the key oidc")
    if web.oidc is not None:
        yield from _check_oidc((*path, "oidc"), web.oidc, is_used=web.login is LoginMethod.OIDC)
    is_local = bool(web.listen.socket) or ip_address(web.listen.host).is_loopback
    if not is_local and (web.login is LoginMethod.TOKEN or not web.url.startswith("https://")):
        text = (
            "other machines can reach this address: set url to the https:// address of a reverse proxy, "
            "and login to password, header or oidc; or use 127.0.0.1"
        )
        yield KeyIssue((*path, "listen"), text)
    if web.listen.socket and not web.url:
        yield KeyIssue((*path, "listen"), "a socket needs url, the address of the reverse proxy in front of it")
    if web.url and urlsplit(web.url).path.strip("/"):
        yield KeyIssue((*path, "url"), "the desk needs a host name of its own; delete the path after the host")
    if web.links and not is_sqlite and web.secret is None:
        text = "with PostgreSQL, links need secret: a text of 32 random characters that all processes share"
        yield KeyIssue(path, text)


def _check_translation(settings: Settings) -> Iterator[KeyIssue]:
    translate, path = settings.translate, ("settings", "translate")
    if translate is None:
        return
    if bool(translate.command) is bool(translate.url):
        yield KeyIssue(path, "a translator has either command or url; write one of them")
    if translate.url and not translate.model:
        yield KeyIssue(path, "a translator with a url needs the name of its model; add model: NAME")
    yield from _check_address((*path, "url"), translate.url, settings.allowed_networks)


def check_channel_kinds(path: KeyPath, keys: Collection[str]) -> Iterator[KeyIssue]:
    """Yield an error for a channel whose keys do not contain exactly one kind, such as ``email``."""
    kinds = [kind for kind in CHANNEL_KINDS if kind in keys]
    if len(kinds) != 1:
        *first, last = CHANNEL_KINDS
        has = "none" if not kinds else " and ".join(kinds)
        yield KeyIssue(path, f"a channel has exactly one of {', '.join(first)} and {last}; this one has {has}")


def _get_mapping(tree: Any, key: str) -> dict[str, Any]:
    part = tree.get(key) if isinstance(tree, Mapping) else None
    return part if isinstance(part, dict) else {}


def _list_strings(value: Any) -> list[tuple[KeyPath, str]]:
    """Return each text in a list, with its path relative to the list: a tuple that contains only its index.

    If the value is a single text, it is returned with an empty path. Other values are ignored.
    """
    if isinstance(value, str):
        return [((), value)]
    if isinstance(value, list):
        return [((index,), word) for index, word in enumerate(value) if isinstance(word, str)]
    return []


def _check_source(path: KeyPath, entry: Entry[Source], networks: Networks) -> Iterator[KeyIssue]:
    source, keys = entry.value, set(entry.raw)
    kinds = [kind.value for kind in SourceKind]
    if not keys & {*kinds, "page"}:  # the error for the old key `page` names its new word
        text = f"a source needs its address; add {', '.join(kinds[:-1])} or {kinds[-1]} with a URL"
        yield KeyIssue(path, text)
    own = [kind for kind in entry.raw if kind in kinds and kind != SourceKind.SITEMAP]
    for other in own[1:]:
        text = f"a source has {own[0]} or {other}, not both; add a second source"
        yield KeyIssue((*path, other), text)
    if source.cookie_file and not source.paused:
        yield from _check_cookie_file((*path, "cookie_file"), Path(source.cookie_file))
    if source.api:
        yield from _check_extra((*path, "api"), "api")
    if source.fetch is FetchMethod.BROWSER:
        yield from _check_extra((*path, "fetch"), "browser")
    interval, max_silence = source.poll_interval, source.max_silence
    if interval and max_silence and max_silence < interval:
        text = "this is not longer than the poll interval; write a longer duration"
        yield KeyIssue((*path, "max_silence"), text)
    for kind in SourceKind:
        if kind is SourceKind.MAILBOX:
            continue  # a mail server may be in a private network, as for channels
        url = source.address(kind)
        inner = (kind.value, "url") if isinstance(entry.raw.get(kind.value), Mapping) else (kind.value,)
        yield from _check_address((*path, *inner), url, networks)
        if url and interval and interval < MIN_PUBLIC_POLL_INTERVAL and not _is_private_host(_parse_host(url)):
            text = "a public server that is polled more than once a minute may block you; write 1m or more"
            yield KeyIssue((*path, "poll_interval"), text, is_warning=True)


def _check_extra(path: KeyPath, extra: str) -> Iterator[KeyIssue]:
    """Yield a warning if an extra (a set of optional packages) is not installed.

    This is not an error, because the daemon may run on another machine where the extra is installed.
    """
    if find_spec(_MODULES_BY_EXTRA[extra]) is None:
        text = f"the extra `{extra}` for this is not installed; install it with: pip install 'monitor[{extra}]'"
        yield KeyIssue(path, text, is_warning=True)


def _check_cookie_file(path: KeyPath, file: Path) -> Iterator[KeyIssue]:
    """Yield a warning if a cookie file cannot be read, or if other users of this machine can read it."""
    try:
        mode = file.stat().st_mode
    except OSError as error:
        yield KeyIssue(path, f"the file cannot be read ({error.strerror}); export the cookies into it", is_warning=True)
    else:
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            text = "other users of this machine can read the cookies of this login; make the file private (chmod 600)"
            yield KeyIssue(path, text, is_warning=True)


def _check_address(path: KeyPath, url: str, networks: Networks) -> Iterator[KeyIssue]:
    host = _parse_host(url)
    if _is_private_host(host) and not _is_allowed_host(host, networks):
        text = "this address is in a private network and will be refused; add it to settings.allowed_networks"
        yield KeyIssue(path, text, is_warning=True)


def _parse_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_private_host(host: str) -> bool:
    if is_ip_address(host):
        return not ip_address(host).is_global
    return host == "localhost" or host.endswith(".localhost")


def _is_allowed_host(host: str, networks: Networks) -> bool:
    address = ip_address("127.0.0.1" if "localhost" in host else host)
    return any(address in network for network in networks)


def _check_official(path: KeyPath, official: Official) -> Iterator[KeyIssue]:
    seen = {official.name}
    for index, alias in enumerate(official.aliases):
        if alias in seen:
            text = f'"{alias}" is repeated; delete one of them'
            yield KeyIssue((*path, "aliases", index), text, is_warning=True)
        seen.add(alias)
    for index, role in enumerate(official.roles):
        if role.from_on and role.until_on and role.until_on <= role.from_on:
            text = "a role ends after it begins; until is the first day after the role"
            yield KeyIssue((*path, "roles", index, "until"), text)


def _check_rule(path: KeyPath, entry: Entry[Rule], file: Sections) -> Iterator[KeyIssue]:
    if not entry.raw.get("officials") and "query" not in entry.raw:
        yield KeyIssue(path, "a rule needs officials or a query; add officials: [id, ...] or query: 'words'")
    if entry.raw.get("spike") is True and not entry.raw.get("officials"):
        yield KeyIssue((*path, "spike"), "a spike is one of stories about officials; add officials: [id, ...]")
    groups = {group for one in file.sources.values() for group in _list_groups(one.value)}
    yield from _check_known_ids((*path, "groups"), entry.raw.get("groups"), groups, "group of a source")
    for key, noun in (("officials", "official"), ("sources", "source")):
        known = {*file.list_ids(key), ALL_KEYWORD}
        yield from _check_known_ids((*path, key), entry.raw.get(key), known, noun)
    for key in ("query", "exclude"):
        if isinstance(query := entry.raw.get(key), str):
            yield from _check_query_operators((*path, key), query)


def _check_query_operators(path: KeyPath, query: str) -> Iterator[KeyIssue]:
    found = _MISWRITTEN_OPERATOR.search(_QUOTED_TERM.sub(lambda quoted: "." * len(quoted[0]), query))
    if found:
        right = "NEAR/5, with the words allowed between" if found[1].lower() == "near" else found[1].upper()
        text = f'"{found[1]}" is searched for as a word; for the operator write {right}, else put it in quotes'
        yield KeyIssue(path, text, found.start(), is_warning=True)


def _check_misplaced_references(references: Sequence[tuple[KeyPath, str]]) -> Iterator[KeyIssue]:
    """Yield a warning for each reference to a secret at a key whose value is not a secret."""
    secret_keys = list_secret_keys()
    for path, text in references:
        is_allowed = any(
            key in secret_keys and path[:depth] not in {(), ("sources",), ("channels",)}
            for depth, key in enumerate(path)
        )
        if not is_allowed and (found := _SECRET_REFERENCE.search(text)):
            message = f"{found[0]} is plain text here; secrets are allowed in {', '.join(secret_keys)}"
            yield KeyIssue(path, message, found.start(), is_warning=True)


def _list_references(value: Any) -> list[tuple[KeyPath, str]]:
    """Search a value for texts that may refer to a secret. Return each of these texts with its path."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value)
    found: list[tuple[KeyPath, str]] = []
    for key, inner in entries:
        if isinstance(inner, str):
            if "${" in inner or inner.startswith("file:"):
                found.append(((key,), inner))
        elif isinstance(inner, dict | list):
            found += [((key, *path), text) for path, text in _list_references(inner)]
    return found


def _check_typed_secrets(
    file: Sections, is_readable_by_others: Callable[[KeyPath], bool], *, refuse_shared: bool
) -> Iterator[KeyIssue]:
    """Yield an error or warning for each secret that is written in the file itself.

    The file should contain a reference to the secret instead, such as ``${NAME}``.
    """
    for path, text in _list_secret_values(file.tree):
        if not has_secret_reference(text):
            is_shared = is_readable_by_others(path)
            message = _OPEN_TO_OTHERS if is_shared else _OPEN_IN_FILE
            yield KeyIssue(path, message, is_warning=not (is_shared and refuse_shared))


def _check_secret_files(references: Sequence[tuple[KeyPath, str]], folder: Path) -> Iterator[KeyIssue]:
    """Yield a warning for each reference to a secret file that is outside the usual folders for secrets.

    The content of such a file is sent to a server, in an HTTP header or in the login to a mail server. Therefore a
    wrong path could publish a private file.
    """
    for path, text in references:
        for found in _FILE_REFERENCE.finditer(text):
            name = found[1] or found[2]
            target = os.path.normpath(folder / name)
            if not any(Path(target).is_relative_to(place) for place in (folder, *SECRET_FOLDERS)):
                message = (
                    f"{name} is outside of the folder of this file and of {', '.join(SECRET_FOLDERS)}, and its content "
                    "is sent to a server; copy the secret to one of these folders"
                )
                yield KeyIssue(path, message, found.start(), is_warning=True)


def _list_secret_values(tree: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the text of each value in the file that is a secret or contains a password."""
    yield from _list_typed_values(("settings",), tree.get("settings"), Settings)
    for name, source in _get_mapping(tree, "sources").items():
        yield from _list_typed_values(("sources", name), source, Source)
    for name, channel in _get_mapping(tree, "channels").items():
        for path, model, given in _list_channel_parts(("channels", name), channel):
            for inner, text in _list_typed_values((), given, model):
                yield (path if model.inline_field else (*path, *inner)), text


def _list_channel_parts(path: KeyPath, channel: Any) -> Iterator[tuple[KeyPath, type[Channel], dict[str, Any]]]:
    """Yield the path, the class and the configured keys of each kind that a channel has, such as ``email``.

    The keys are a dictionary with their values. A valid channel has exactly one kind. An invalid channel may have
    several or none.
    """
    for kind, model in CHANNEL_KINDS.items():
        if isinstance(channel, Mapping) and kind in channel:
            value = channel[kind]
            given = {model.inline_field: value} if model.inline_field else value
            yield (*path, kind), model, given if isinstance(given, dict) else {}


def _list_typed_values(path: KeyPath, value: Any, type_: type) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the text of every secret in one mapping of the file, also in mappings inside it.

    ``value`` is the mapping, and ``path`` its path in the file. ``type_`` is the dataclass that describes the mapping;
    its fields determine which values are secret. HTTP headers are secret if their names suggest it. If only the login
    in a URL is secret, only the login is yielded (``user:password``), and only if it contains a password.
    """
    given = value if isinstance(value, Mapping) else {}
    for key, info in get_keys(type_).items():
        part = given.get(key)
        if part is None:
            continue  # true of most keys; the search of their annotations would take most of the time
        nested = find_nested_type(info.annotation)
        if nested:
            yield from _list_typed_values((*path, key), part, nested)
        elif isinstance(part, Mapping) and holds_secret(info.annotation):
            for name, text in part.items():
                if isinstance(text, str) and is_secret_name(str(name)):
                    yield (*path, key, name), text
        elif holds_secret(info.annotation):
            is_login = ValueMark.LOGIN_IS_SECRET in list_annotated(info.annotation, ValueMark)
            for inner, text in _list_strings(part):
                if secret := _find_login(text) if is_login else text:
                    yield (*path, key, *inner), secret


def _find_login(url: str) -> str:
    """Return the login in a URL (``user:password``), or an empty text if the URL contains no password."""
    user = url.rpartition("@")[0].partition("://")[2]
    return user if user.partition(":")[2] else ""


def _check_channel(path: KeyPath, channel: Mapping[str, Any], networks: Networks) -> Iterator[KeyIssue]:
    """Yield a warning for each recommended key that is missing in a channel, and for each URL that is not safe.

    The texts are checked as written in the file, before references to secrets are replaced.
    """
    for kind_path, model, given in _list_channel_parts(path, channel):
        for key, info in get_keys(model).items():
            place = kind_path if model.inline_field else (*kind_path, key)
            for warning in list_annotated(info.annotation, WarningIfMissing):
                if given and key not in given:
                    yield KeyIssue(kind_path, warning.text, is_warning=True)
            if ValueMark.HTTP_TARGET in list_annotated(info.annotation, ValueMark):
                for inner, url in _list_strings(given.get(key)):
                    yield from _check_http_target((*place, *inner), url, networks)


def _check_http_target(path: KeyPath, url: str, networks: Networks) -> Iterator[KeyIssue]:
    yield from _check_address(path, url, networks)
    if url.startswith("http://") and not _is_private_host(_parse_host(url)):
        text = "http:// sends the messages unencrypted; write https://"
        yield KeyIssue(path, text, is_warning=True)


def _check_digest(path: KeyPath, entry: Entry[DigestPlan], file: Sections) -> Iterator[KeyIssue]:
    raw = entry.raw
    if ("at" in raw) == ("cron" in raw):
        what = "has both at and cron" if "at" in raw else "needs a time"
        yield KeyIssue(path, f'a digest {what}; write one of at: "07:00", at: immediately, cron: "0 7 * * mon-fri"')
    yield from _check_known_ids((*path, "rules"), raw.get("rules"), {*file.list_ids("rules"), ALL_KEYWORD}, "rule")
    channels = {*file.list_ids("channels"), OUTBOX_CHANNEL_ID}
    yield from _check_known_ids((*path, "channels"), raw.get("channels"), channels, "channel")
    yield from _check_known_ids((*path, "readers"), raw.get("readers"), file.list_ids("readers"), "reader")
    if raw.get("except") and entry.value.schedule.is_immediate:
        text = "except is for digests with a time; delete it, or write quiet_hours"
        yield KeyIssue((*path, "except"), text)
    has_target = raw.get("channels") or raw.get("readers") or "to" in raw
    if not has_target and file.list_ids("channels"):
        text = f"this digest goes only to the folder channel {OUTBOX_CHANNEL_ID}; add channels: [...] with their ids"
        yield KeyIssue(path, text, is_warning=True)


def _check_known_ids(path: KeyPath, value: Any, known_ids: Collection[str], noun: str) -> Iterator[KeyIssue]:
    for inner, word in _list_strings(value):
        if word not in known_ids:
            place = "the groups of a source" if noun.startswith("group") else f"{noun}s"
            hint = suggest_similar(word, sorted(known_ids)) or f"; define it under {place}, or delete it here"
            yield KeyIssue((*path, *inner), f'there is no {noun} "{word}"{hint}')


def _list_groups(source: Source) -> Iterator[str]:
    """Yield the groups of a source, and every larger group that contains them.

    For example, a source in ``Asia/Laos`` is also in ``Asia``.
    """
    for group in source.groups:
        parts = group.split("/")
        yield from ("/".join(parts[:length]) for length in range(1, len(parts) + 1))


def _check_unused(file: Sections) -> Iterator[KeyIssue]:
    """Yield a warning for each part of the file that has no effect.

    Such parts are the sources in a file without rules, the rules in a file without digests, and channels that are used
    neither by a digest, nor for a reader, nor for reports to the operator.
    """
    if file.list_ids("sources") and not file.list_ids("rules"):
        text = "there are no rules, so nothing is reported; add some, such as rules: {people: {officials: all}}"
        yield KeyIssue(("sources",), text, is_warning=True)
    elif file.list_ids("rules") and not file.list_ids("digests"):
        text = 'there are no digests, so nothing is sent; add one under digests: morning: {rules: all, at: "07:00"}'
        yield KeyIssue(("rules",), text, is_warning=True)
    digests = _get_mapping(file.tree, "digests")
    used = {word for name in digests for _, word in _list_strings(_get_mapping(digests, name).get("channels"))}
    used |= {channel.id for one in file.readers.values() if (channel := _find_channel(one.value, file))}
    used |= {word for _, word in _list_strings(_get_mapping(file.tree, "settings").get("operator"))}
    for name in file.list_ids("channels"):
        if name not in used:
            text = "no digest is sent to this channel; name it in the channels of a digest"
            yield KeyIssue(("channels", name), text, is_warning=True)


def _find_channel(reader: DigestReader, file: Sections) -> Channel | None:
    return find_mail_channel(reader, [entry.value for entry in file.channels.values()])


def _check_former_ids(section: str, former_ids: Mapping[str, Sequence[str]]) -> Iterator[KeyIssue]:
    """Yield an error for each former id that is also in use, either as a present id or as a former id of another entry.

    ``former_ids`` maps the present id of each entry in the section to its former ids.
    """
    owners: dict[str, str] = {}
    for name, former in former_ids.items():
        for index, one in enumerate(former):
            if one in former_ids:
                text = f"{one} is the id of an entry of this file; delete it here, or there"
                yield KeyIssue((section, name, "formerly", index), text)
            elif one in owners:
                text = f"{owners[one]} has this former id, too; delete one of them"
                yield KeyIssue((section, name, "formerly", index), text)
            owners.setdefault(one, name)


def _check_whole_file(file: Sections) -> Iterator[KeyIssue]:
    first_id_by_url: dict[str, str] = {}
    for name, source in file.sources.items():
        if url := source.value.url:
            if url in first_id_by_url:
                text = f"the source {first_id_by_url[url]} has the same address; delete one of them"
                yield KeyIssue(("sources", name), text, is_warning=True)
            first_id_by_url.setdefault(url, name)
    yield from _check_former_ids("sources", {name: one.value.formerly for name, one in file.sources.items()})
    yield from _check_former_ids("officials", {name: one.value.formerly for name, one in file.officials.items()})
    if OPERATOR_PLAN_ID in file.list_ids("digests"):
        text = f"the id {OPERATOR_PLAN_ID} means the reports to settings.operator; write another one"
        yield KeyIssue(("digests", OPERATOR_PLAN_ID), text)
    for section in ("officials", "rules"):
        if ALL_KEYWORD in file.list_ids(section):
            text = f"the id {ALL_KEYWORD} means every entry of the file; write another one"
            yield KeyIssue((section, ALL_KEYWORD), text)
    if not file.list_ids("sources"):
        yield KeyIssue((), "there are no sources; add one under sources", is_warning=True)
    digests = _get_mapping(file.tree, "digests")  # entries with errors are included
    used = {word for name in digests for _, word in _list_strings(_get_mapping(digests, name).get("rules"))}
    for name in file.list_ids("rules") if digests else ():
        if name not in used and ALL_KEYWORD not in used:
            text = "no digest has this rule; name it in the rules of a digest"
            yield KeyIssue(("rules", name), text, is_warning=True)
