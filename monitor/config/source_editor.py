"""Editor that adds a source to a configuration file. All other bytes of the file are kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.config.included_files import read_file_set
from monitor.config.load import ConfigurationCheck, parse_configuration, read_file_bytes
from monitor.config.secrets import has_secret_reference
from monitor.config.yaml_document import KeyPath, YamlValue
from monitor.config.yaml_edit import render_snippet, save_edited_file, set_value
from monitor.domain.errors import UsageError
from monitor.domain.source import Source


class SourceEditor:
    """Editor that adds sources to one sources.yaml. It checks the whole configuration before it saves the file."""

    def __init__(self, path: Path, environ: Mapping[str, str], checks: Sequence[ConfigurationCheck] = ()) -> None:
        self._path, self._environ, self._checks = path, environ, tuple(checks)

    def build(self, source_id: str, keys: Mapping[str, YamlValue]) -> Source:
        """Return the source that these keys of sources.yaml describe. Nothing is read or saved.

        Raises ``ConfigError`` if a key is not valid. Raises ``UsageError`` if a value refers to a secret, because a
        reader could otherwise send a secret of this machine to the address of the source.
        """
        _refuse_references(keys)
        text = render_snippet(("sources", source_id), dict(keys))
        (source,) = parse_configuration(text.encode(), Path("sources.yaml"), {}, require_secrets=False).sources
        return source

    def add(self, source_id: str, keys: Mapping[str, YamlValue]) -> str:
        """Add a source to sources.yaml, and return the name of the file.

        Raises ``ConfigError`` if the configuration would not be valid. Raises ``UsageError`` if another source has the
        id, or if the file cannot be written; the message then has the lines to add by hand.
        """
        self.build(source_id, keys)
        path: KeyPath = ("sources", source_id)
        before = read_file_bytes(self._path)
        tree = read_file_set(before, self._path).tree
        if source_id in ((tree.get("sources") if isinstance(tree, dict) else None) or {}):
            raise UsageError(f"the id {source_id!r} is used by another source; choose another id")
        after = set_value(before, path, dict(keys))
        parse_configuration(after, self._path, self._environ, self._checks, require_secrets=False)
        try:
            save_edited_file(self._path, before, after)
        except OSError as error:
            raise UsageError(
                f"{self._path.name} cannot be written ({error.strerror or type(error).__name__}); add this by hand:\n"
                f"{render_snippet(path, dict(keys))}"
            ) from error
        return self._path.name


def _refuse_references(value: YamlValue | Mapping[str, YamlValue]) -> None:
    if isinstance(value, str) and has_secret_reference(value):
        raise UsageError(f"{value[:60]!r} refers to a secret of this machine; add such a source in a shell")
    if isinstance(value, Mapping):
        for one in value.values():
            _refuse_references(one)
    elif isinstance(value, list):
        for one in value:
            _refuse_references(one)
