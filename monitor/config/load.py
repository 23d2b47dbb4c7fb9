"""sources.yaml -> ``Configuration``, or every fault in it at once, each with line and column."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from monitor.config import build, schema
from monitor.config.describe import describe_error, kind_of, reason, unknown_key
from monitor.config.document import Path as Keys
from monitor.config.document import Place, parse_document
from monitor.config.fields import Id
from monitor.config.relations import find_relations
from monitor.config.secrets import Surroundings
from monitor.domain.errors import ConfigError, Fault, Remark
from monitor.domain.rule import Watch
from monitor.domain.settings import Configuration

Check = Callable[[Watch], Iterable[Remark]]
"""Looks at all officials and rules, and says what is wrong or doubtful, and where."""

M = TypeVar("M", bound=BaseModel)

_ID: TypeAdapter[str] = TypeAdapter(Id)
_SYNONYMS: TypeAdapter[list[list[str]]] = TypeAdapter(schema.Synonyms)


def load_configuration(
    path: Path, environ: Mapping[str, str], checks: Sequence[Check] = (), *, secrets: bool = True
) -> Configuration:
    """Read a configuration file; without ``secrets`` those that are missing are no faults, but for the database's.

    Raises ``ConfigError`` with every fault, in file order.
    """
    return _Reader(read_file(path), path, environ, secrets=secrets).read(checks)


def read_file(path: Path) -> bytes:
    """Return the bytes of a configuration file. Raises ``ConfigError`` saying why they cannot be had."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError((Fault(str(path), 1, 1, _unreadable(path, error)),)) from error


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no such file; write one by: monitor init {path.parent}"
    if isinstance(error, IsADirectoryError):
        return f"this is a folder; name the file in it, such as {path / 'sources.yaml'}"
    return f"the file cannot be read ({error.strerror or type(error).__name__}); make it readable for this user"


def read_configuration(
    data: bytes, path: Path, environ: Mapping[str, str], checks: Sequence[Check] = ()
) -> Configuration:
    """Read the bytes of a configuration; ``path`` is where they lie, for messages and for relative paths in them."""
    return _Reader(data, path, environ, secrets=True).read(checks)


class _Reader:
    """One reading: collects faults and warnings until all is seen."""

    def __init__(self, data: bytes, path: Path, environ: Mapping[str, str], *, secrets: bool) -> None:
        self.document = parse_document(data)
        self.path, self.folder = path, path.absolute().parent
        self.around = Surroundings(environ, self.folder, secrets)
        self.faults = [self._fault(place, message) for place, message in self.document.faults]
        self.warnings: list[Fault] = []

    def read(self, checks: Sequence[Check]) -> Configuration:
        tree = self.document.value
        if not isinstance(tree, dict) or not tree:
            if not self.faults:
                empty = "the file is empty" if not tree else f"the file holds {kind_of(tree)}"
                message = f"{empty}; it needs keys such as sources, officials and rules (monitor init writes them)"
                self.faults.append(self._fault(Place(1, 1), message))
            raise ConfigError(tuple(self.faults))
        configuration = self._read_tree(tree, checks)
        if self.faults or configuration is None:
            raise ConfigError(tuple(dict.fromkeys(self.faults)))
        return configuration

    def _read_tree(self, tree: dict[str, Any], checks: Sequence[Check]) -> Configuration | None:
        self._unknown(tree)
        settings = self._model((), "settings", tree.get("settings", {}), schema.SettingsModel)
        sources = self._section(tree, "sources", schema.SourceModel)
        officials = self._section(tree, "officials", schema.OfficialModel)
        rules = self._section(tree, "rules", schema.RuleModel)
        channels = self._section(tree, "channels", schema.ChannelModel)
        digests = self._section(tree, "digests", schema.DigestModel)
        watch = build.build_watch(officials, rules, self._synonyms(tree))
        for remark in find_relations(tree):
            self._remark(remark)
        for check in checks:
            for remark in check(watch):
                self._remark(remark)
        if self.faults or settings is None:
            return None
        return Configuration(
            settings=build.build_settings(settings, self.folder),
            sources=tuple(build.build_source(name, model) for name, model in sources.items()),
            watch=watch,
            channels=build.build_channels(channels, digests, self.folder),
            digests=tuple(
                build.build_digest(name, model, tuple(rules), settings.timezone) for name, model in digests.items()
            ),
            warnings=tuple(sorted(set(self.warnings))),
        )

    def _unknown(self, tree: dict[str, Any]) -> None:
        for key in tree:
            if key not in schema.FileModel.model_fields:
                message = unknown_key(key, schema.FileModel)
                self.faults.append(self._fault(self.document.place((key,), key=True), message))

    def _section(self, tree: dict[str, Any], section: str, model: type[M]) -> dict[str, M]:
        """Check each entry of a section by itself, so that one bad entry hides nothing of the others."""
        entries = tree.get(section)
        if entries is None:
            return {}
        if not isinstance(entries, dict):
            message = f"{section}: this is {kind_of(entries)} where a mapping from ids would be right"
            self.faults.append(self._fault(self.document.place((section,)), message))
            return {}
        found = {}
        for name, value in entries.items():
            try:
                _ID.validate_python(name)
            except ValidationError as error:
                message = f'{section}: "{name}" is no id: {reason(error.errors()[0])}'
                self.faults.append(self._fault(self.document.place((section, name), key=True), message))
            if (checked := self._model((section,), name, value, model)) is not None:
                found[name] = checked
        return found

    def _model(self, parent: Keys, name: str, value: Any, model: type[M]) -> M | None:
        path = (*parent, name)
        try:
            return model.model_validate({} if value is None else value, context=self.around)
        except ValidationError as error:
            self._errors(path, error, model)
            return None

    def _synonyms(self, tree: dict[str, Any]) -> list[list[str]]:
        try:
            return _SYNONYMS.validate_python(tree.get("synonyms") or [], strict=True)
        except ValidationError as error:
            self._errors(("synonyms",), error, schema.FileModel)
            return []

    def _errors(self, path: Keys, error: ValidationError, model: type[BaseModel]) -> None:
        for detail in error.errors(include_url=False):
            self._remark(describe_error(path, detail, model), key=detail["type"] in {"extra_forbidden", "missing"})

    def _remark(self, remark: Remark, *, key: bool = False) -> None:
        if remark.position is None:
            place = self.document.place(remark.path, key=key)
        else:
            place = self.document.point(remark.path, remark.position)
        name = ".".join(str(part) for part in remark.path)
        fault = self._fault(place, f"{name}: {remark.message}" if name else remark.message)
        (self.warnings if remark.warning else self.faults).append(fault)

    def _fault(self, place: Place, message: str) -> Fault:
        return Fault(str(self.path), place.line, place.column, message)
