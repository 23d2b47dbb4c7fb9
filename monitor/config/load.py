"""sources.yaml -> ``Configuration``, or every fault in it at once, each with line and column."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from monitor.config import build, schema
from monitor.config.cross_checks import run_cross_checks
from monitor.config.error_messages import describe_error, describe_type, describe_unknown_key, describe_value_error
from monitor.config.secrets import SecretResolver
from monitor.config.yaml_document import FilePosition, parse_yaml
from monitor.config.yaml_document import KeyPath as Keys
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError, ConfigIssue, KeyIssue
from monitor.domain.field_types import Id
from monitor.domain.watchlist import Watchlist

ConfigurationCheck = Callable[[Watchlist], Iterable[KeyIssue]]
"""Looks at all officials and rules, and says what is wrong or doubtful, and where."""

ModelT = TypeVar("ModelT", bound=BaseModel)

_ID_ADAPTER: TypeAdapter[str] = TypeAdapter(Id)
_SYNONYMS_ADAPTER: TypeAdapter[list[list[str]]] = TypeAdapter(schema.SynonymGroups)


def load_configuration(
    path: Path, environ: Mapping[str, str], checks: Sequence[ConfigurationCheck] = (), *, require_secrets: bool = True
) -> Configuration:
    """Read a configuration file; without ``secrets`` those that are missing are no faults, but for the database's.

    Raises ``ConfigError`` with every fault, in file order.
    """
    return _ConfigurationReader(read_file_bytes(path), path, environ, require_secrets=require_secrets).read(checks)


def read_file_bytes(path: Path) -> bytes:
    """Return the bytes of a configuration file. Raises ``ConfigError`` saying why they cannot be had."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError((ConfigIssue(str(path), 1, 1, _describe_read_error(path, error)),)) from error


def _describe_read_error(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no such file; write one by: monitor init {path.parent}"
    if isinstance(error, IsADirectoryError):
        return f"this is a folder; name the file in it, such as {path / 'sources.yaml'}"
    return f"the file cannot be read ({error.strerror or type(error).__name__}); make it readable for this user"


def parse_configuration(
    data: bytes, path: Path, environ: Mapping[str, str], checks: Sequence[ConfigurationCheck] = ()
) -> Configuration:
    """Read the bytes of a configuration; ``path`` is where they lie, for messages and for relative paths in them."""
    return _ConfigurationReader(data, path, environ, require_secrets=True).read(checks)


class _ConfigurationReader:
    """One reading: collects faults and warnings until all is seen."""

    def __init__(self, data: bytes, path: Path, environ: Mapping[str, str], *, require_secrets: bool) -> None:
        self.document = parse_yaml(data)
        self.path, self.folder = path, path.absolute().parent
        self.secret_resolver = SecretResolver(environ, self.folder, require_secrets)
        self.issues = [self._build_issue(place, message) for place, message in self.document.errors]
        self.warnings: list[ConfigIssue] = []

    def read(self, checks: Sequence[ConfigurationCheck]) -> Configuration:
        tree = self.document.value
        if not isinstance(tree, dict) or not tree:
            if not self.issues:
                empty = "the file is empty" if not tree else f"the file holds {describe_type(tree)}"
                message = f"{empty}; it needs keys such as sources, officials and rules (monitor init writes them)"
                self.issues.append(self._build_issue(FilePosition(1, 1), message))
            raise ConfigError(tuple(self.issues))
        configuration = self._read_tree(tree, checks)
        if self.issues or configuration is None:
            raise ConfigError(tuple(dict.fromkeys(self.issues)))
        return configuration

    def _read_tree(self, tree: dict[str, Any], checks: Sequence[ConfigurationCheck]) -> Configuration | None:
        self._report_unknown_keys(tree)
        settings = self._validate_model((), "settings", tree.get("settings", {}), schema.SettingsModel)
        sources = self._read_section(tree, "sources", schema.SourceModel)
        officials = self._read_section(tree, "officials", schema.OfficialModel)
        rules = self._read_section(tree, "rules", schema.RuleModel)
        channels = self._read_section(tree, "channels", schema.ChannelModel)
        digests = self._read_section(tree, "digests", schema.DigestModel)
        watch = build.build_watchlist(officials, rules, self._read_synonyms(tree))
        for remark in run_cross_checks(tree):
            self._add_key_issue(remark)
        for check in checks:
            for remark in check(watch):
                self._add_key_issue(remark)
        if self.issues or settings is None:
            return None
        return Configuration(
            settings=build.build_settings(settings, self.folder),
            sources=tuple(build.build_source(name, model) for name, model in sources.items()),
            watchlist=watch,
            channels=build.build_channels(channels, digests, self.folder),
            digests=tuple(
                build.build_digest_plan(name, model, tuple(rules), settings.timezone) for name, model in digests.items()
            ),
            warnings=tuple(sorted(set(self.warnings))),
        )

    def _report_unknown_keys(self, tree: dict[str, Any]) -> None:
        for key in tree:
            if key not in schema.ConfigurationModel.model_fields:
                message = describe_unknown_key(key, schema.ConfigurationModel)
                self.issues.append(self._build_issue(self.document.find_position((key,), prefer_key=True), message))

    def _read_section(self, tree: dict[str, Any], section: str, model: type[ModelT]) -> dict[str, ModelT]:
        """Check each entry of a section by itself, so that one bad entry hides nothing of the others."""
        entries = tree.get(section)
        if entries is None:
            return {}
        if not isinstance(entries, dict):
            message = f"{section}: this is {describe_type(entries)} where a mapping from ids would be right"
            self.issues.append(self._build_issue(self.document.find_position((section,)), message))
            return {}
        found = {}
        for name, value in entries.items():
            try:
                _ID_ADAPTER.validate_python(name)
            except ValidationError as error:
                message = f'{section}: "{name}" is no id: {describe_value_error(error.errors()[0])}'
                self.issues.append(
                    self._build_issue(self.document.find_position((section, name), prefer_key=True), message)
                )
            if (checked := self._validate_model((section,), name, value, model)) is not None:
                found[name] = checked
        return found

    def _validate_model(self, parent: Keys, name: str, value: Any, model: type[ModelT]) -> ModelT | None:
        path = (*parent, name)
        try:
            return model.model_validate({} if value is None else value, context=self.secret_resolver)
        except ValidationError as error:
            self._add_validation_issues(path, error, model)
            return None

    def _read_synonyms(self, tree: dict[str, Any]) -> list[list[str]]:
        try:
            return _SYNONYMS_ADAPTER.validate_python(tree.get("synonyms") or [], strict=True)
        except ValidationError as error:
            self._add_validation_issues(("synonyms",), error, schema.ConfigurationModel)
            return []

    def _add_validation_issues(self, path: Keys, error: ValidationError, model: type[BaseModel]) -> None:
        for detail in error.errors(include_url=False):
            self._add_key_issue(
                describe_error(path, detail, model), prefer_key=detail["type"] in {"extra_forbidden", "missing"}
            )

    def _add_key_issue(self, key_issue: KeyIssue, *, prefer_key: bool = False) -> None:
        if key_issue.position is None:
            place = self.document.find_position(key_issue.key_path, prefer_key=prefer_key)
        else:
            place = self.document.find_character_position(key_issue.key_path, key_issue.position)
        name = ".".join(str(part) for part in key_issue.key_path)
        fault = self._build_issue(place, f"{name}: {key_issue.message}" if name else key_issue.message)
        (self.warnings if key_issue.is_warning else self.issues).append(fault)

    def _build_issue(self, position: FilePosition, message: str) -> ConfigIssue:
        return ConfigIssue(str(self.path), position.line, position.column, message)
