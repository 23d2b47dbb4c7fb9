"""Functions with which pages and the API use the editor of the configuration files, and run rehearsals.

A rehearsal is a trial run of edited rules on stored articles.
"""

from fastapi import Request
from msgspec import Struct

from monitor.domain.configuration_edits import ConfigurationEditor, EditNotAllowed, OpenedFile
from monitor.domain.errors import UsageError
from monitor.feedback.configuration import ConfigurationService
from monitor.web.context import DeskContext, Snapshot
from monitor.web.rehearsals import Rehearsals


class Editing(Struct, frozen=True):
    """The editor of the configuration files, and the runner of rehearsals (trial runs of edited rules)."""

    editor: ConfigurationEditor
    rehearsals: Rehearsals

    def service(self, context: DeskContext, snapshot: Snapshot) -> ConfigurationService:
        """Return the service that saves and undoes edits, and records them in the database of the desk.

        Raises ``EditNotAllowed`` if the settings forbid edits.
        """
        if refusal := forbid_edits(snapshot):
            raise EditNotAllowed(f"nothing was saved: {refusal}")
        return ConfigurationService(context.database, self.editor, context.clock)


def get_editing(request: Request) -> Editing:
    """Return the editor of the configuration files, and the runner of rehearsals.

    Raises ``UsageError`` if the desk has no configuration file.
    """
    editing: Editing | None = request.app.state.editing
    if editing is None:
        raise UsageError("this desk has no configuration file")
    return editing


def forbid_edits(snapshot: Snapshot) -> str:
    """Return the reason why the settings forbid edits of the configuration, or an empty text."""
    web = snapshot.configuration.settings.web
    return "settings.web.edit is false" if web and not web.edit else ""


def refuse_edit(snapshot: Snapshot, opened: OpenedFile) -> str:
    """Return the reason why readers cannot save a configuration file, or an empty text."""
    return forbid_edits(snapshot) or opened.refusal
