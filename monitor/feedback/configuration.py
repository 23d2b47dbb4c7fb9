"""Edits of the configuration files by readers. Each edit is recorded as a change, and can be undone.

The desk, the API and the command line use this module.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from monitor.domain.configuration_edits import ACCEPTED_HASH_SETTING, ConfigurationEditor, SavedEdit
from monitor.domain.feedback import EDIT, Change, FeedbackResult
from monitor.domain.ports import Clock
from monitor.feedback.service import Actor
from monitor.store.database import Database

MAX_NAMED_KEYS = 3


class ConfigurationService(Struct, frozen=True):
    """Service that saves and undoes edits of the configuration files, and records them in one database."""

    database: Database
    editor: ConfigurationEditor
    clock: Clock

    async def save(self, name: str, text: str, tag: str, actor: Actor, *, is_confirmed: bool = False) -> Change:
        """Save an edited configuration file, and return the record of this change.

        ``tag`` identifies the content that was edited, so that no other edit is overwritten. Raises the errors of
        ``ConfigurationEditor.save``.
        """

        def save() -> SavedEdit:
            return self.editor.save(name, text, tag, is_confirmed=is_confirmed)

        return await self.record(await self.database.read(save), actor)

    async def add_sources(self, sources: Mapping[str, Mapping[str, Any]], actor: Actor) -> Change:
        """Add sources to the main file, and return the record of this change.

        ``sources`` maps the id of each source to its keys. Raises the errors of ``ConfigurationEditor.add_sources``.
        """
        saved = await self.database.read(self.editor.add_sources, sources)
        return await self.record(saved, actor, list_keys("sources", tuple(sources)))

    async def record(self, saved: SavedEdit, actor: Actor, what: str = "") -> Change:
        """Record a saved edit, so that it can be undone, and return the change.

        ``what`` is what was added, such as ``sources.times``.
        """
        subject = f"{what} in {saved.name}" if what else saved.name
        change = Change(0, EDIT, subject, actor.reader.display_name, actor.way, self.clock(), after=saved.summary)
        return await self.database.run(self._record, saved, change, actor, None)

    async def undo(self, undone: Change, actor: Actor) -> FeedbackResult:
        """Restore the text that a file had before an edit. Return the record of this new change.

        Raises ``UsageError`` if the former text is not kept any more, or ``EditConflict`` if the file was edited since.
        """
        kept = await self.database.read(self.database.configuration_edits.get, undone.id)
        saved = await self.database.read(self.editor.restore, kept.file_name, kept.text, kept.tag)
        subject = f"change {undone.id}: {EDIT} {saved.name}"
        change = Change(0, "undo", subject, actor.reader.display_name, actor.way, self.clock(), before=undone.after)
        return FeedbackResult(await self.database.run(self._record, saved, change, actor, undone))

    def _record(self, saved: SavedEdit, change: Change, actor: Actor, undone: Change | None) -> Change:
        if saved.accepted_hash:  # the reader has confirmed it, so that the daemon need not ask again
            self.database.key_values.set(ACCEPTED_HASH_SETTING, saved.accepted_hash, change.made_at)
        return self.database.configuration_edits.add(saved, change, actor.reader, undone)


def list_keys(section: str, ids: Sequence[str]) -> str:
    """Return the keys of added entries as text for the record of a change, such as "sources.times".

    If there are many keys, the text has only the first ones, and the number of the others.
    """
    named = ", ".join(f"{section}.{one}" for one in ids[:MAX_NAMED_KEYS])
    return named if len(ids) <= MAX_NAMED_KEYS else f"{named} and {len(ids) - MAX_NAMED_KEYS:,} more"
