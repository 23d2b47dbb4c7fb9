"""Protocol that the desk uses to add sources to the configuration."""

from collections.abc import Mapping
from typing import Any, Protocol

from monitor.domain.source import Source


class SourceAdder(Protocol):
    """Protocol of the object that adds sources to sources.yaml.

    Its methods access files and may block; call them in a thread.
    """

    def build(self, source_id: str, keys: Mapping[str, Any]) -> Source:
        """Return the source that these keys of sources.yaml describe. Raises ``ConfigError`` or ``UsageError``."""
        ...

    def add(self, source_id: str, keys: Mapping[str, Any]) -> str:
        """Add a source to the file, and return the name of the file. Raises ``ConfigError`` or ``UsageError``."""
        ...
