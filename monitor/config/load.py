"""Reading of sources.yaml. The result is a ``Configuration``, or all errors, each with line and column."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.config.cross_checks import Entry, Sections, check_channel_kinds, run_cross_checks
from monitor.config.engine_parsers import parse_cron, parse_css_selector, parse_jmespath
from monitor.config.error_messages import (
    UNKNOWN_KEY_ERROR,
    describe_error,
    describe_type,
    describe_unknown_key,
    describe_unknown_word,
    describe_value_error,
)
from monitor.config.included_files import FileSet, read_file_set
from monitor.config.readers import address_readers
from monitor.config.secrets import SecretResolver
from monitor.config.sections import SECTION_DESCRIPTIONS, get_keys
from monitor.config.yaml_document import MAX_ERRORS, FilePosition, KeyPath
from monitor.domain.channels import CHANNEL_KINDS, OUTBOX_CHANNEL_ID, Channel, FolderChannel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.digest import DigestPlan, DigestReader
from monitor.domain.errors import ConfigError, ConfigIssue, KeyIssue
from monitor.domain.field_types import Id
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.domain.watchlist import ALL_KEYWORD, Official, Rule, SynonymGroups, Watchlist

ConfigurationCheck = Callable[[Watchlist], Iterable[KeyIssue]]
"""Function that checks the officials and rules. It yields errors and warnings, each with the path of its key."""

ChannelCheck = Callable[[Iterable[Channel]], Mapping[str, str]]
"""Function that checks the channels. It returns a dictionary that maps the id of each channel that cannot work to the
reason.
"""

SourceCheck = Callable[[Watchlist, Sequence[Source]], Iterable[KeyIssue]]
"""Function that checks the sources against the officials and rules.

It yields warnings, each with the path of its key.
"""

T = TypeVar("T")

_PLACEHOLDERS = {"name": "-", "rules": ("x",), "address": "a@b.example"}
"""Values that replace invalid values of required keys, so that the other keys of the entry can be checked.

They cause no further messages, because no check reads them.
"""


class _FileContext(SecretResolver, frozen=True):
    """Helper object for the validation of one file. It resolves secrets, and parses selectors and cron lines."""

    parse_selector = staticmethod(parse_css_selector)
    parse_jmespath = staticmethod(parse_jmespath)
    parse_cron = staticmethod(parse_cron)


def load_configuration(
    path: Path,
    environ: Mapping[str, str],
    checks: Sequence[ConfigurationCheck] = (),
    *,
    require_secrets: bool = True,
    refuse_shared_secrets: bool = False,
    find_channel_faults: ChannelCheck | None = None,
    check_sources: SourceCheck | None = None,
) -> Configuration:
    """Read the configuration in a file. Raises ``ConfigError`` with every error and warning, in file order.

    - If ``require_secrets`` is false, most missing secrets are accepted; see ``ValidationContext``.
    - If ``refuse_shared_secrets`` is true, a secret that is typed into a file that other users can read is an error.
      The daemon does not set it, because the access rights of a file must not stop the daemon.
    - If ``find_channel_faults`` is given, a channel that cannot work is an error. The daemon does not pass it, because
      the daemon can work without such a channel.
    - ``check_sources`` yields more warnings about the sources.
    """
    with _no_garbage_collection():
        files = read_file_set(read_file_bytes(path), path)
        reader = _ConfigurationReader(files, path, environ, require_secrets=require_secrets)
        reader.refuses_shared_secrets = refuse_shared_secrets
        reader.find_channel_faults = find_channel_faults
        reader.check_sources = check_sources
        return reader.read(checks)


def read_file_bytes(path: Path) -> bytes:
    """Return the bytes of a configuration file. Raises ``ConfigError`` with the reason if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError((ConfigIssue(str(path), 1, 1, _describe_read_error(path, error)),)) from error


def _describe_read_error(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no such file; create it with: monitor init {path.parent}"
    if isinstance(error, IsADirectoryError):
        return f"this is a folder; name the file in it, such as {path / 'sources.yaml'}"
    return f"the file cannot be read ({error.strerror or type(error).__name__}); make it readable for this user"


def parse_configuration(  # noqa: PLR0913 - most are for single callers
    data: bytes,
    path: Path,
    environ: Mapping[str, str],
    checks: Sequence[ConfigurationCheck] = (),
    *,
    require_secrets: bool = True,
    edited: Mapping[Path, bytes] | None = None,
    files: FileSet | None = None,
    find_channel_faults: ChannelCheck | None = None,
    check_sources: SourceCheck | None = None,
) -> Configuration:
    """Read the configuration in the bytes of a file. Raises ``ConfigError`` with every error and warning.

    - ``path`` is the path of the file, for messages and relative names.
    - If ``require_secrets`` is false, most missing secrets are accepted; see ``ValidationContext``.
    - ``edited`` maps the path of an included file to bytes that are used instead of the file on the disk.
    - ``files`` are the parsed files, if the caller has them.
    - ``checks``, ``find_channel_faults`` and ``check_sources`` are as for ``load_configuration``.
    """
    with _no_garbage_collection():
        files = files or read_file_set(data, path, edited)
        reader = _ConfigurationReader(files, path, environ, require_secrets=require_secrets)
        reader.find_channel_faults = find_channel_faults
        reader.check_sources = check_sources
        return reader.read(checks)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Turn the garbage collector off while a configuration is read.

    Reading makes millions of objects and no cycles. The search for cycles would take a tenth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_ID_ADAPTER: TypeAdapter[str] = TypeAdapter(Id)
_SYNONYMS_ADAPTER: TypeAdapter[tuple[tuple[str, ...], ...]] = TypeAdapter(SynonymGroups)


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _get_adapter(type_: type) -> TypeAdapter[Any]:
    if type_ not in _ADAPTERS:
        _ADAPTERS[type_] = TypeAdapter(type_)
    return _ADAPTERS[type_]


class _ConfigurationReader:
    """Reader of one configuration file. It collects the errors and warnings of all sections."""

    def __init__(self, files: FileSet, path: Path, environ: Mapping[str, str], *, require_secrets: bool) -> None:
        self.files = files
        self.folder = path.absolute().parent
        self.context = _FileContext(environ, self.folder, require_secrets)
        self.issues = self.files.issues
        self.warnings = self.files.warnings
        self.refuses_shared_secrets = False
        self.find_channel_faults: ChannelCheck | None = None
        self.check_sources: SourceCheck | None = None

    def read(self, checks: Sequence[ConfigurationCheck]) -> Configuration:
        tree = self.files.tree
        if not isinstance(tree, dict) or not tree:
            if not self.issues:
                empty = "the file is empty" if not tree else f"the file is {describe_type(tree)}"
                message = f"{empty}; it needs keys such as sources, officials and rules (monitor init writes them)"
                self.issues.append(self.files.main.build_issue(FilePosition(1, 1), message))
            raise ConfigError(tuple(self.issues))
        configuration = self._read_tree(tree, checks)
        if self.issues:
            raise ConfigError(_limit_issues(self.issues), _limit_issues(self.warnings))
        return configuration

    def _read_tree(self, tree: dict[str, Any], checks: Sequence[ConfigurationCheck]) -> Configuration:
        self._report_unknown_sections(tree)
        checked = self._validate(("settings",), {}, tree.get("settings", {}), Settings)
        settings = checked.value if checked else Settings()
        sources = self._read_section(tree, "sources", Source)
        officials = self._read_section(tree, "officials", Official)
        rules = self._read_section(tree, "rules", Rule)
        channels = self._read_channels(tree)
        if self.find_channel_faults:
            for name, reason in self.find_channel_faults([one.value for one in _list_valid(channels)]).items():
                text = f"{reason}. The daemon works without this channel, and deliveries to it wait"
                self._add_key_issue(KeyIssue(("channels", name, channels[name].value.kind), text))
        readers = self._read_section(tree, "readers", DigestReader)
        digests = self._read_section(tree, "digests", DigestPlan)
        watchlist = _build_watchlist(officials, rules, self._read_synonyms(tree), _list_values(sources))
        sections = Sections(tree, settings, sources, officials, rules, digests, readers, channels, self.folder)
        for issue in run_cross_checks(
            sections, self.files.is_readable_by_others, refuse_shared_secrets=self.refuses_shared_secrets
        ):
            self._add_key_issue(issue)
        for check in checks:
            for issue in check(watchlist):
                self._add_key_issue(issue)
        for issue in self.check_sources(watchlist, _list_values(sources)) if self.check_sources else ():
            self._add_key_issue(issue)
        plans = tuple(_complete_digest(entry, tuple(rules), settings) for entry in _list_valid(digests))
        plans, reader_channels = address_readers(plans, _list_values(readers), _list_values(channels))
        return Configuration(
            settings=settings,
            sources=tuple(replace(one.value, name=one.value.name or one.value.id) for one in _list_valid(sources)),
            watchlist=watchlist,
            channels=(
                *self._add_outbox(channels, [settings.operator, *(plan.channels for plan in plans)]),
                *reader_channels,
            ),
            digests=plans,
            warnings=_limit_issues(self.warnings),
        )

    def _report_unknown_sections(self, tree: dict[str, Any]) -> None:
        for key in tree:
            if key not in SECTION_DESCRIPTIONS:
                self._add_key_issue(
                    KeyIssue((key,), describe_unknown_word(key, SECTION_DESCRIPTIONS)), prefer_key=True, with_name=False
                )

    def _iter_entries(self, tree: dict[str, Any], section: str) -> Iterable[tuple[str, Any]]:
        """Yield the id and value of each entry of a section, and record an error for each invalid id.

        Nothing is yielded if the section is missing or not a mapping.
        """
        entries = tree.get(section)
        if entries is None:
            return
        if not isinstance(entries, dict):
            message = f"this is {describe_type(entries)}, but must be a mapping with ids as keys"
            self._add_key_issue(KeyIssue((section,), message))
            return
        for name, value in entries.items():
            try:
                _ID_ADAPTER.validate_python(name)
            except ValidationError as error:
                message = f'{section}: "{name}" is not a valid id: {describe_value_error(error.errors()[0])}'
                self._add_key_issue(KeyIssue((section, name), message), prefer_key=True, with_name=False)
            yield name, value

    def _read_section(self, tree: dict[str, Any], section: str, type_: type[T]) -> dict[str, Entry[T]]:
        """Return a dictionary that maps each id in a section to its entry.

        Each entry is validated separately, so that an error in one entry does not hide the errors in others. A paused
        source is not polled, so its secrets may be missing.
        """
        found = {}
        for name, value in self._iter_entries(tree, section):
            is_paused = type_ is Source and isinstance(value, dict) and bool(value.get("paused"))
            context = replace(self.context, is_required=False) if is_paused else self.context
            if entry := self._validate((section, name), {"id": name}, value, type_, context=context):
                found[name] = entry
        return found

    def _read_channels(self, tree: dict[str, Any]) -> dict[str, Entry[Channel]]:
        """Return a dictionary that maps the id of each channel to its entry.

        The key in a channel, such as ``email``, is its kind and determines the type by which the channel is validated.
        """
        found: dict[str, Entry[Channel]] = {}
        for name, value in self._iter_entries(tree, "channels"):
            path: KeyPath = ("channels", name)
            if value is not None and not isinstance(value, dict):
                message = f"this is {describe_type(value)}; write a mapping, one indented line per key"
                self._add_key_issue(KeyIssue(path, message))
                continue
            given = value or {}
            keys = list(given)
            for key in keys:
                if key not in CHANNEL_KINDS:
                    message = describe_unknown_word(key, CHANNEL_KINDS)
                    self._add_key_issue(KeyIssue((*path, key), message), prefer_key=True)
            for issue in check_channel_kinds(path, keys):
                self._add_key_issue(issue)
            for kind, type_ in CHANNEL_KINDS.items():
                if kind in keys:
                    entry = self._validate((*path, kind), {"id": name}, given[kind], type_, type_.inline_field)
                    if entry:
                        found[name] = entry
        return found

    def _validate(
        self,
        path: KeyPath,
        fixed: dict[str, Any],
        value: Any,
        type_: type[T],
        inline_field: str = "",
        *,
        context: _FileContext | None = None,
    ) -> Entry[T] | None:
        """Validate one value of the file, record its errors, and return it as an object of ``type_`` in an ``Entry``.

        If some keys of the value are invalid, the object is built from the other keys, so that later checks can use
        them. If this is impossible, the result is None.

        - ``fixed`` has fields of the object that are not read from ``value``, such as the id.
        - ``value`` is a mapping with the other fields. If ``inline_field`` is given, ``value`` is the value of this
          field alone.
        """
        given = {inline_field: value} if inline_field else {} if value is None else value
        if isinstance(given, dict):
            for key in [key for key in fixed if key in given]:
                self._add_key_issue(KeyIssue((*path, key), describe_unknown_key(key, type_)), prefer_key=True)
            given = given | fixed
        adapter: TypeAdapter[T] = _get_adapter(type_)
        context = context or self.context
        try:
            found = adapter.validate_python(given, context=context)
            return Entry(found, value if isinstance(value, dict) else _without(given, fixed))
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in details:
            if inline_field:
                detail["loc"] = detail["loc"][1:]
            issue = describe_error(path, detail, None if inline_field else type_)
            self._add_key_issue(issue, prefer_key=detail["type"] in {UNKNOWN_KEY_ERROR, "missing"})
        if inline_field or not isinstance(given, dict):
            return None
        wrong = {detail["loc"][0] for detail in details if detail["loc"]}
        right = {key: part for key, part in given.items() if key not in wrong}
        keys = get_keys(type_)
        needed = {key: part for key, part in _PLACEHOLDERS.items() if key in wrong and key in keys}
        try:
            partial = adapter.validate_python(right | needed, context=context)
        except ValidationError:
            return None
        return Entry(partial, _without(given, fixed), is_valid=False)

    def _read_synonyms(self, tree: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
        try:
            return _SYNONYMS_ADAPTER.validate_python(tree.get("synonyms") or [])
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._add_key_issue(describe_error(("synonyms",), detail, None))
            return ()

    def _add_outbox(
        self, channels: Mapping[str, Entry[Channel]], used: Sequence[Collection[str]]
    ) -> tuple[Channel, ...]:
        """Return all valid channels. The folder channel ``outbox`` is added if it is needed.

        It is needed if a digest or the operator uses it, or if no channel is configured. ``used`` has the channel ids
        that each digest and the operator use.
        """
        found = [entry.value for entry in _list_valid(channels)]
        is_needed = not channels or any(OUTBOX_CHANNEL_ID in ids for ids in used)
        if is_needed and OUTBOX_CHANNEL_ID not in channels:
            found.append(FolderChannel(OUTBOX_CHANNEL_ID, str(self.folder / OUTBOX_CHANNEL_ID)))
        return tuple(found)

    def _add_key_issue(self, key_issue: KeyIssue, *, prefer_key: bool = False, with_name: bool = True) -> None:
        file, path = self.files.find_file(key_issue.key_path)
        if key_issue.position is None:
            place = file.document.find_position(path, prefer_key=prefer_key)
        else:
            place = file.document.find_character_position(path, key_issue.position)
        name = ".".join(str(part) for part in key_issue.key_path) if with_name else ""
        issue = file.build_issue(place, f"{name}: {key_issue.message}" if name else key_issue.message)
        (self.warnings if key_issue.is_warning else self.issues).append(issue)


def _limit_issues(issues: Iterable[ConfigIssue]) -> tuple[ConfigIssue, ...]:
    """Return the issues in file order, without repetitions, and at most ``MAX_ERRORS`` issues of each file.

    If a file has more, one more issue states how many are not listed.
    """
    found = []
    for _, some in groupby(sorted(set(issues)), lambda one: one.file):
        of_file = list(some)
        found += of_file[:MAX_ERRORS]
        if len(of_file) > MAX_ERRORS:
            message = f"{len(of_file) - MAX_ERRORS:,} more are not listed"
            found.append(replace(of_file[-1], message=message))
    return tuple(found)


def _without(given: dict[str, Any], fixed: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in fixed}


def _list_valid(entries: Mapping[str, Entry[T]]) -> list[Entry[T]]:
    return [entry for entry in entries.values() if entry.is_valid]


def _list_values(entries: Mapping[str, Entry[T]]) -> list[T]:
    return [entry.value for entry in _list_valid(entries)]


def _build_watchlist(
    officials: Mapping[str, Entry[Official]],
    rules: Mapping[str, Entry[Rule]],
    synonyms: tuple[tuple[str, ...], ...],
    sources: Sequence[Source],
) -> Watchlist:
    """Build the watchlist of all valid officials and rules.

    Repeated aliases and ids are removed. In a rule, ``all`` is replaced by the ids of all officials, and groups are
    replaced by the ids of their sources.
    """
    people = [entry.value for entry in _list_valid(officials)]
    all_ids = tuple(official.id for official in people)
    return Watchlist(
        tuple(_drop_repeated_aliases(official) for official in people),
        tuple(_complete_rule(entry.value, all_ids, sources) for entry in _list_valid(rules)),
        synonyms,
    )


def _drop_repeated_aliases(official: Official) -> Official:
    aliases = _drop_duplicates(official.aliases)
    return official if len(aliases) == len(official.aliases) else replace(official, aliases=aliases)


def _complete_rule(rule: Rule, all_official_ids: tuple[str, ...], sources: Sequence[Source]) -> Rule:
    of_groups = [one.id for one in sources if any(map(one.is_in_group, rule.groups))]
    return replace(
        rule,
        officials=all_official_ids if ALL_KEYWORD in rule.officials else _drop_duplicates(rule.officials),
        sources=() if ALL_KEYWORD in rule.sources else _drop_duplicates((*rule.sources, *of_groups)),
    )


def _complete_digest(entry: Entry[DigestPlan], all_rule_ids: tuple[str, ...], settings: Settings) -> DigestPlan:
    plan = entry.value
    return replace(
        plan,
        rules=all_rule_ids if ALL_KEYWORD in plan.rules else _drop_duplicates(plan.rules),
        channels=_drop_duplicates(plan.channels or (() if plan.readers else (OUTBOX_CHANNEL_ID,))),
        timezone=plan.timezone if "timezone" in entry.raw else settings.timezone,
        title=plan.title or plan.id,
    )


def _drop_duplicates(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
