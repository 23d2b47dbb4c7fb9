"""Edits that add imported people to sources.yaml and the files that it includes.

A few new people are added to sources.yaml itself. Many people are written to a file of their own, which sources.yaml
then includes.
"""

from collections.abc import Sequence
from pathlib import Path

from monitor.config.file_edits import FileEdit, build_entry_edits, edit_files
from monitor.config.included_files import INCLUDE_KEY, FileSet, SourceFile
from monitor.config.yaml_document import KeyPath, YamlValue
from monitor.config.yaml_edit import Edit, render_entries
from monitor.domain.errors import UsageError
from monitor.domain.watchlist import Official, Role

SECTION = "officials"
MAX_IN_MAIN_FILE = 100
"""Maximum number of new people that are added to sources.yaml. More people are written to a file of their own."""
PEOPLE_FILE = "people.yaml"


def build_entry(official: Official) -> dict[str, YamlValue]:
    """Return an official as the mapping that sources.yaml has under the id of the official."""
    entry: dict[str, YamlValue] = {"name": official.name}
    if official.country:
        entry["country"] = official.country
    if official.aliases:
        entry["aliases"] = list(official.aliases)
    if official.roles:
        entry["roles"] = [_build_role(role) for role in official.roles]
    if official.wikidata:
        entry["wikidata"] = official.wikidata
    return entry


def _build_role(role: Role) -> YamlValue:
    """Return a role as the value to write to sources.yaml: a text, or a mapping if the role has dates."""
    dates = {key: day.isoformat() for key, day in (("from", role.from_on), ("until", role.until_on)) if day}
    return {"title": role.title, **dates} if dates else role.title


def build_change_edits(files: FileSet, added: Official, new_dates: Sequence[tuple[int, Role]]) -> list[Edit]:
    """Return the edits that add values to an official who is already in the configuration.

    ``added`` has only the values to add. ``new_dates`` has a pair for each configured role that gets dates: the index
    of the role in the configured list, and the role with the dates.
    """
    path: KeyPath = (SECTION, added.id)
    entry = files.tree[SECTION][added.id]
    texts = (("country", added.country), ("wikidata", added.wikidata))
    edits = [Edit((*path, key), text) for key, text in texts if text]
    if added.aliases:
        edits.append(Edit((*path, "aliases"), list(added.aliases), is_append=True))
    roles = entry.get("roles")
    if isinstance(roles, str) and new_dates:  # one role, written as text
        every = [*(role for _, role in new_dates), *added.roles]
        return [*edits, Edit((*path, "roles"), list(map(_build_role, every)))]
    for index, role in new_dates:
        given, built = roles[index], _build_role(role)
        if isinstance(given, dict) and isinstance(built, dict):
            edits += [Edit((*path, "roles", index, key), day) for key, day in built.items() if key not in given]
        else:
            edits.append(Edit((*path, "roles", index), built))
    if added.roles:
        edits.append(Edit((*path, "roles"), list(map(_build_role, added.roles)), is_append=True))
    return edits


def plan_file_edits(files: FileSet, new: Sequence[Official], changes: Sequence[Edit], into: str) -> list[FileEdit]:
    """Return the new contents of all files that an import of people changes, sources.yaml last. Nothing is written.

    - ``new`` are the officials to add.
    - ``changes`` are the edits of officials that are already in the configuration.
    - ``into`` is the name of the file for the new officials, relative to the folder of sources.yaml. If ``into`` is
      empty, they are added to sources.yaml, or to ``people.yaml`` if there are more than ``MAX_IN_MAIN_FILE``.

    Raises ``UsageError`` if a file cannot be used, or ``EditRefused`` if an edit is not possible.
    """
    if not (new and (into or len(new) > MAX_IN_MAIN_FILE)):
        return edit_files(files, [*changes, *_add_people(files.main, new)])
    path, included = _find_people_file(files, into or PEOPLE_FILE)
    if included is None:
        created = f"{SECTION}:\n{render_entries({one.id: build_entry(one) for one in new})}".encode()
        include = Edit((INCLUDE_KEY,), [into or PEOPLE_FILE], is_append=True)
        return [FileEdit(path, None, created), *edit_files(files, [*changes, include])]
    return edit_files(files, changes, _add_people(included, new), included)


def _add_people(file: SourceFile, new: Sequence[Official]) -> list[Edit]:
    """Return the edits that add new officials to a file."""
    return build_entry_edits(file, SECTION, {one.id: build_entry(one) for one in new}) if new else []


def _find_people_file(files: FileSet, name: str) -> tuple[Path, SourceFile | None]:
    """Return the path of the file to which new people are added, and the parsed file.

    ``name`` is the name of this file. The parsed file is None if the file does not exist yet.

    Raises ``UsageError`` if the file exists but sources.yaml does not include it, or if ``name`` is not the relative
    name of a YAML file.
    """
    main = files.main.path
    path = main.parent / name
    if path.suffix not in {".yaml", ".yml"} or Path(name).is_absolute():
        raise UsageError(f"--into {name}: write the name of a YAML file, such as people.yaml")
    wanted = path.absolute().resolve()
    for one in files.included:
        if one.path.absolute().resolve() == wanted:
            return one.path, one
    if path.exists():
        raise UsageError(
            f"{path} exists, but {main.name} does not include it: add it to include:, or write --into with another name"
        )
    return path, None
