"""Edits by key path in sources.yaml and the files that it includes, and the writing of several files at once."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.config.included_files import FileSet, SourceFile
from monitor.config.yaml_document import YamlValue
from monitor.config.yaml_edit import Edit, apply_edits, save_edited_file
from monitor.domain.configuration_edits import EditConflict, EditNotAllowed


@dataclass(frozen=True, slots=True)
class FileEdit:
    """New content of a file. ``before`` is the former content, or None if the file does not exist yet."""

    path: Path
    before: bytes | None
    after: bytes

    def count_lines(self) -> tuple[int, int]:
        """Return the numbers of added and removed lines."""
        old, new = (Counter((text or b"").splitlines()) for text in (self.before, self.after))
        return (new - old).total(), (old - new).total()


def build_entry_edits(file: SourceFile, section: str, entries: Mapping[str, YamlValue]) -> list[Edit]:
    """Return the edits that add entries to a section of a file. The paths are those in this file."""
    tree = file.document.value
    if isinstance(tree, dict) and isinstance(tree.get(section), dict) and tree[section]:
        return [Edit((section, name), entry) for name, entry in entries.items()]
    return [Edit((section,), dict(entries))]


def edit_files(
    files: FileSet, edits: Sequence[Edit], new: Sequence[Edit] = (), new_file: SourceFile | None = None
) -> list[FileEdit]:
    """Apply edits to the files that contain the keys, and return the new contents, sources.yaml last.

    The paths of ``edits`` are those in the merged configuration. ``new`` are more edits, all of the file ``new_file``,
    such as added entries. Raises ``EditRefused`` if an edit would change anything else.
    """
    by_file: dict[Path, tuple[SourceFile, list[Edit]]] = {}
    for edit in edits:
        file, own_path = files.find_file(edit.path)
        by_file.setdefault(file.path, (file, []))[1].append(edit._replace(path=own_path))
    if new_file:
        by_file.setdefault(new_file.path, (new_file, []))[1].extend(new)
    changed = [FileEdit(path, file.data, apply_edits(file.data, own)) for path, (file, own) in by_file.items()]
    return sorted(changed, key=lambda one: one.path == files.main.path)


def write_files(edits: Sequence[FileEdit]) -> None:
    """Write the files in their order. If one cannot be written, the files that were written before are restored.

    Raises ``EditConflict`` if a file was changed or created meanwhile, or ``EditNotAllowed`` if it cannot be written.
    """
    written: list[FileEdit] = []
    try:
        for edit in edits:
            _write(edit)
            written.append(edit)
    except BaseException:  # also after Ctrl-C, either all files are edited or none
        for edit in reversed(written):
            if edit.before is None:
                edit.path.unlink(missing_ok=True)
            else:
                save_edited_file(edit.path, edit.after, edit.before)
        raise


def _write(edit: FileEdit) -> None:
    try:
        if edit.before is not None:
            save_edited_file(edit.path, edit.before, edit.after)
            return
        with edit.path.open("xb") as file:
            file.write(edit.after)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise EditConflict(f"{edit.path} was created meanwhile; nothing was written, try again") from error
    except OSError as error:
        raise EditNotAllowed(
            f"{edit.path.name} cannot be written ({error.strerror or type(error).__name__})"
        ) from error
