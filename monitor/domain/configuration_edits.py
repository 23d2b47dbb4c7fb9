"""Edits of the configuration files by the desk, the API and commands: the types for such edits and for the editor."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigIssue, MonitorError
from monitor.domain.source import Source

ACCEPTED_HASH_SETTING = "accepted-losses"
"""Name of a setting: the hash of a configuration that the user has confirmed, so that the daemon applies it.

Without the confirmation, the daemon does not apply a configuration that removes most sources or seems to change an id.
"""

MAX_KEPT_TEXTS = 20
"""Number of edits of each file whose former text is kept, so that these edits can be undone."""


class EditConflict(MonitorError):
    """Raised if a file was changed after the reader opened it. Saving would lose that other change."""


class EditNotAllowed(MonitorError):
    """Raised if the configuration cannot be edited here: the settings forbid it, or the file is not writable."""


class OpenedFile(Struct, frozen=True):
    """Configuration file as it is shown to a reader, with the secrets in it hidden.

    - ``names`` are the names of all configuration files, the main file first.
    - ``tag`` identifies the content of the file: it differs after any change.
    - ``refusal`` is the reason why the file cannot be saved here, or empty.
    - ``issues`` are the errors if the file is not valid YAML.
    - ``problem`` is the reason why the text cannot even be shown, or empty.
    """

    name: str
    names: tuple[str, ...]
    text: str
    tag: str
    problem: str = ""
    refusal: str = ""
    issues: tuple[ConfigIssue, ...] = ()

    @property
    def is_main(self) -> bool:
        """Return whether this is the main file (sources.yaml) and not an included file."""
        return self.name == self.names[0]


class CheckedEdit(Struct, frozen=True):
    """Result of the check of an edited configuration file. Nothing was saved.

    - ``configuration`` is the whole configuration with the edit, or None if it has errors.
    - ``difference`` has the lines of a unified diff from the file to the edited text, with secrets hidden.
    - ``lost_sources`` are the sources that the edit removes, if they are more than half of all sources.
    - ``tag`` identifies the content of the file with which the edited text was compared.
    """

    tag: str
    errors: tuple[ConfigIssue, ...] = ()
    warnings: tuple[ConfigIssue, ...] = ()
    configuration: Configuration | None = None
    difference: tuple[str, ...] = ()
    lost_sources: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Return whether the edited text differs from the file."""
        return bool(self.difference)

    @property
    def counts(self) -> tuple[int, int]:
        """Return the numbers of added and removed lines."""
        lines = self.difference[2:]
        return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


class ChangedRegion(Struct, frozen=True):
    """Lines of a file that the reader, somebody else or both have edited since the reader opened the file.

    ``base`` are the lines when the reader opened the file, ``theirs`` the lines in the file now, and ``mine`` the lines
    in the reader's text. ``line`` is the number of the first line in the reader's text.
    """

    line: int
    base: tuple[str, ...]
    theirs: tuple[str, ...]
    mine: tuple[str, ...]

    @property
    def is_only_theirs(self) -> bool:
        """Return whether the reader has not edited these lines."""
        return self.mine == self.base

    @property
    def is_only_mine(self) -> bool:
        """Return whether nobody else has edited these lines."""
        return self.theirs == self.base

    @property
    def is_conflict(self) -> bool:
        """Return whether these lines were edited in two different ways."""
        return not self.is_only_mine and not self.is_only_theirs and self.mine != self.theirs


class ComparedTexts(Struct, frozen=True):
    """Comparison of a reader's text with a file that was changed after the reader had opened it.

    - ``difference`` has the lines of a unified diff from the file to the reader's text.
    - ``regions`` are the lines that the reader or others have changed.
    - ``merged`` is the reader's text with the changes of others, in places that the reader has not edited.

    ``regions`` and ``merged`` are empty if the text that the reader had opened is no longer known.
    """

    difference: tuple[str, ...]
    regions: tuple[ChangedRegion, ...] = ()
    merged: str = ""

    @property
    def has_conflict(self) -> bool:
        """Return whether the same lines were edited in two different ways."""
        return any(region.is_conflict for region in self.regions)

    @property
    def can_merge(self) -> bool:
        """Return whether others have changed lines that the reader has not edited. ``merged`` has these changes."""
        return any(region.is_only_theirs for region in self.regions)


class SavedEdit(Struct, frozen=True):
    """Saved edit of a configuration file.

    ``before`` is the former text, by which the edit can be undone. ``tag`` identifies the new content.
    ``accepted_hash`` is not empty if the edit removes most sources, causes warnings, or restores a former text. Then it
    is the hash of the whole configuration, by which the daemon applies it without another confirmation.
    """

    name: str
    before: str
    tag: str
    summary: str
    accepted_hash: str = ""


class ConfigurationEditor(Protocol):
    """Protocol of the editor of the configuration files.

    Its methods access files and may block; call them in a thread.
    """

    def open(self, name: str = "") -> OpenedFile:
        """Return a configuration file, given by its name. An empty name means the main file.

        Raises ``UsageError`` if the configuration has no such file.
        """
        ...

    def check(self, name: str, text: str) -> CheckedEdit:
        """Check an edited text. Return its errors, its warnings and its difference from the file. Nothing is saved."""
        ...

    def recall(self, name: str, tag: str) -> str:
        """Return the text that a file had, with hidden secrets, when a reader opened it.

        ``tag`` identifies the content that the reader opened (``OpenedFile.tag``). If this text is no longer known,
        return the present text of the file.
        """
        ...

    def compare(self, name: str, text: str, tag: str) -> ComparedTexts:
        """Compare a text that a reader has edited with a configuration file as it is now, and as the reader opened it.

        ``tag`` identifies the content that the reader opened (``OpenedFile.tag``). Secrets are hidden in all texts.
        """
        ...

    def save(self, name: str, text: str, tag: str, *, is_confirmed: bool = False) -> SavedEdit:
        """Replace a configuration file with the edited text in one step.

        ``tag`` identifies the content that was edited (``OpenedFile.tag``). Raises ``EditConflict`` if the file was
        changed since, or ``EditNotAllowed`` if it cannot be edited here. Raises ``ConfigError`` if the text has errors,
        or if it removes most sources and ``is_confirmed`` is false.
        """
        ...

    def restore(self, name: str, before: str, tag: str) -> SavedEdit:
        """Replace a configuration file by its former text ``before``, unless it was edited since.

        ``tag`` identifies the content that the file must still have (``OpenedFile.tag``). Raises the same errors as
        ``save``.
        """
        ...

    def propose_rule(self, rule_id: str, rule: Mapping[str, Any]) -> OpenedFile:
        """Return the main file with a rule added to its text. Nothing is saved.

        The field ``tag`` of the result identifies the content without the rule, so that ``save`` notices if somebody
        has edited the file meanwhile. Raises ``UsageError`` if a rule with this id exists, or if the file cannot be
        edited.
        """
        ...

    def build_source(self, source_id: str, keys: Mapping[str, Any]) -> Source:
        """Return the source that these keys of sources.yaml describe. Nothing is read or saved.

        Raises ``ConfigError`` if a key is not valid. Raises ``UsageError`` if a value refers to a secret, because a
        reader could otherwise send a secret of this machine to the address of the source.
        """
        ...

    def add_sources(self, sources: Mapping[str, Mapping[str, Any]]) -> SavedEdit:
        """Add sources to the main file. All other bytes of the file are kept.

        ``sources`` maps the id of each new source to its keys and values, as they are written in sources.yaml.

        Raises the errors of ``build_source`` and ``save``. Raises ``UsageError`` if another source has one of the ids.
        If the file cannot be written, the message of ``EditNotAllowed`` has the lines to add by hand.
        """
        ...
