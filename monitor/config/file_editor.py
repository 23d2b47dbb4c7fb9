"""Editor of the configuration files, for the desk and the API: it opens, checks, compares and saves their text.

A text is saved as it was typed: comments, order and every byte that was not edited are kept.
"""

import difflib
import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.config.included_files import dump_file_set, list_included_files, read_file_set
from monitor.config.load import ChannelCheck, ConfigurationCheck, SourceCheck, parse_configuration, read_file_bytes
from monitor.config.protected_values import Fault, HiddenText, find_forbidden_changes, hide_secrets, restore_secrets
from monitor.config.reload import find_removed_sources, hash_configuration
from monitor.config.renamed_ids import find_renamed_ids
from monitor.config.yaml_document import YamlDocument, parse_yaml
from monitor.config.yaml_edit import save_edited_file, set_value
from monitor.domain.configuration import Configuration
from monitor.domain.configuration_edits import CheckedEdit, EditConflict, EditNotAllowed, OpenedFile, SavedEdit
from monitor.domain.errors import ConfigError, ConfigIssue, UsageError
from monitor.text.numbers import format_count

BOM = "\N{BYTE ORDER MARK}"
_CONTEXT_LINES = 3


class FileEditor:
    """Editor of one sources.yaml and the files that it includes. It makes the same checks as `monitor check`.

    ``redact`` removes secrets from a text. Only one edit is saved at a time.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        redact: Callable[[str], str],
        checks: Sequence[ConfigurationCheck] = (),
        find_channel_faults: ChannelCheck | None = None,
        check_sources: SourceCheck | None = None,
    ) -> None:
        self._path, self._environ, self._redact, self._checks = path, environ, redact, tuple(checks)
        self._find_channel_faults, self._check_sources = find_channel_faults, check_sources
        self._lock = threading.Lock()

    def open(self, name: str = "") -> OpenedFile:
        """Return a file of the configuration; see ``ConfigurationEditor.open``."""
        files = self._list_files()
        path = self._find_file(name, files)
        data = read_file_bytes(path)
        opened = OpenedFile(name or self._path.name, tuple(files), "", compute_tag(data), refusal=_find_refusal(path))
        document = parse_yaml(data)
        if document.errors:
            issues = tuple(ConfigIssue(opened.name, at.line, at.column, text) for at, text in document.errors)
            problem = "This file cannot be read, so its secrets could not be hidden. Correct it in a shell."
            return replace(opened, problem=problem, issues=issues)
        return replace(opened, text=hide_secrets(document, self._redact).text)

    def check(self, name: str, text: str) -> CheckedEdit:
        """Check an edited text. Return its errors, its warnings and its difference from the file. Nothing is saved."""
        return self._check(self._find_file(name, self._list_files()), text)[0]

    def compare(self, name: str, text: str) -> tuple[str, ...]:
        """Return the unified diff from a configuration file to a text. Secrets are hidden in both."""
        opened = self.open(name)
        return _compare(opened.name, opened.text, _unify_newlines(text))

    def save(self, name: str, text: str, tag: str, *, is_confirmed: bool = False) -> SavedEdit:
        """Check an edited text and replace the configuration file by it; see ``ConfigurationEditor.save``."""
        with self._lock:
            path = self._find_file(name, self._list_files())
            if refusal := _find_refusal(path):
                raise EditNotAllowed(refusal)
            checked, before, after = self._check(path, text)
            if checked.tag != tag:
                raise EditConflict(f"{path.name} was changed since you opened it")
            if checked.errors:
                raise ConfigError(checked.errors, checked.warnings)
            if checked.lost_sources and not is_confirmed:
                raise ConfigError((_loss_issue(path, checked.lost_sources),))
            if checked.is_changed:
                _replace_file(path, before, after)
            added, removed = checked.counts
            summary = f"{format_count(added, 'line')} added, {format_count(removed, 'line')} removed"
            return self._describe(path, before, after, summary, has_losses=bool(checked.lost_sources))

    def restore(self, name: str, before: str, tag: str) -> SavedEdit:
        """Replace a configuration file by its former text; see ``ConfigurationEditor.restore``."""
        with self._lock:
            path = self._find_file(name, self._list_files())
            if refusal := _find_refusal(path):
                raise EditNotAllowed(refusal)
            present, former = read_file_bytes(path), before.encode()
            if compute_tag(present) != tag:
                raise EditConflict(f"{path.name} was edited again since; edit it on the page Rules")
            self._parse(path, former)
            _replace_file(path, present, former)
            return self._describe(path, present, former, "the former text", has_losses=True)

    def add_rule(self, rule_id: str, rule: dict[str, object]) -> str:
        """Return the text of the main file with one more rule; see ``ConfigurationEditor.add_rule``."""
        opened = self.open()
        if opened.problem:
            raise UsageError(opened.problem)
        if rule_id in (read_file_set(read_file_bytes(self._path), self._path).tree.get("rules") or {}):
            raise UsageError(f"there is a rule {rule_id!r} already; choose another id")
        return set_value(opened.text.encode(), ("rules", rule_id), rule).decode()  # type: ignore[arg-type]  # YAML values

    def _list_files(self) -> dict[str, Path]:
        """Return a dictionary that maps the name of each configuration file to its path.

        A name is a path relative to the folder of the main file.
        """
        files = {self._path.name: self._path}
        for path in list_included_files(read_file_bytes(self._path), self._path):
            if path.resolve() != self._path.resolve():
                files[os.path.relpath(path, self._path.parent)] = path
        return files

    def _find_file(self, name: str, files: Mapping[str, Path]) -> Path:
        path = files.get(name or self._path.name)
        if path is None:
            raise UsageError(f"{name[:100]!r} is not a file of this configuration; there are: {', '.join(files)}")
        return path

    def _check(self, path: Path, text: str) -> tuple[CheckedEdit, bytes, bytes]:
        """Check an edited text. Return the result, the bytes of the file, and the bytes that would be saved."""
        before = read_file_bytes(path)
        base = parse_yaml(before)
        if base.errors:
            raise EditNotAllowed(f"{path.name} has errors and cannot be edited on the desk; correct it in a shell")
        hidden = hide_secrets(base, self._redact)
        restored, faults = restore_secrets(_unify_newlines(text), base, hidden)
        difference = _compare(path.name, hidden.text, _unify_newlines(text))
        result = CheckedEdit(compute_tag(before), difference=difference)
        after = _restore_newlines(restored, before).encode("utf-8", "surrogatepass")
        edited = parse_yaml(after)
        if faults:
            shown = HiddenText(restored)  # the positions of the faults are already in the shown text
            return replace(result, errors=self._show(path, edited, shown, _make_issues(path, faults))), before, after
        shown = hide_secrets(edited, self._redact)
        if forbidden := _make_issues(path, find_forbidden_changes(base, edited)):
            return replace(result, errors=self._show(path, edited, shown, forbidden)), before, after
        try:
            configuration = self._parse(path, after)
        except ConfigError as error:
            errors, warnings = (self._show(path, edited, shown, some) for some in (error.issues, error.warnings))
            return replace(result, errors=errors, warnings=warnings), before, after
        whole_before = self._read_whole(path, before)
        warnings = (*configuration.warnings, *self._find_renamed(whole_before, configuration, path, after))
        checked = replace(
            result,
            configuration=configuration,
            warnings=self._show(path, edited, shown, warnings),
            lost_sources=find_removed_sources(whole_before.decode("utf-8-sig"), configuration),
        )
        return checked, before, after

    def _parse(self, path: Path, data: bytes) -> Configuration:
        """Return the whole configuration as it would be if the file ``path`` had the content ``data``.

        Raises ``ConfigError``.
        """
        main = data if path == self._path else read_file_bytes(self._path)
        return parse_configuration(
            main,
            self._path,
            self._environ,
            self._checks,
            require_secrets=False,
            edited={path: data},
            find_channel_faults=self._find_channel_faults,
            check_sources=self._check_sources,
        )

    def _read_whole(self, path: Path, data: bytes) -> bytes:
        main = data if path == self._path else read_file_bytes(self._path)
        return dump_file_set(read_file_set(main, self._path, {path: data}), main)

    def _find_renamed(
        self, before: bytes, configuration: Configuration, path: Path, data: bytes
    ) -> Sequence[ConfigIssue]:
        return find_renamed_ids(before.decode("utf-8-sig"), configuration, data, path)

    def _show(
        self, path: Path, document: YamlDocument, shown: HiddenText, issues: Sequence[ConfigIssue]
    ) -> tuple[ConfigIssue, ...]:
        """Return issues with positions in the text that the reader sees. In this text secrets are hidden."""
        found = []
        for issue in issues:
            is_here = Path(issue.file) == path
            place = shown.locate(document.text, issue.line, issue.column) if is_here else (issue.line, issue.column)
            name = path.name if is_here else os.path.relpath(issue.file, self._path.parent)
            found.append(ConfigIssue(name, *place, self._redact(issue.message)))
        return tuple(found)

    def _describe(self, path: Path, before: bytes, after: bytes, summary: str, *, has_losses: bool) -> SavedEdit:
        accepted = hash_configuration(self._read_whole(path, after)) if has_losses else ""
        name = path.name if path == self._path else os.path.relpath(path, self._path.parent)
        return SavedEdit(name, before.decode(), compute_tag(after), summary, accepted)


def compute_tag(data: bytes) -> str:
    """Return the tag of a file: a short text that identifies its content, so that it differs after any change."""
    return hashlib.sha256(data).hexdigest()[:32]


def _make_issues(path: Path, faults: Sequence[Fault]) -> tuple[ConfigIssue, ...]:
    return tuple(ConfigIssue(str(path), at.line, at.column, text) for at, text in faults)


def _loss_issue(path: Path, lost: Sequence[str]) -> ConfigIssue:
    shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
    return ConfigIssue(
        path.name, 1, 1, f"more than half of the sources are removed ({shown}); confirm this, or add them"
    )


def _find_refusal(path: Path) -> str:
    """Return the reason why this process cannot replace a file, or an empty text if it can."""
    target = path.resolve()
    if os.access(target, os.W_OK) and os.access(target.parent, os.W_OK):
        return ""
    return f"{path.name} or its folder is not writable for the desk"


def _replace_file(path: Path, before: bytes, after: bytes) -> None:
    try:
        save_edited_file(path, before, after)
    except UsageError as error:
        raise EditConflict(str(error)) from error
    except OSError as error:
        raise EditNotAllowed(f"{path.name} cannot be written ({error.strerror})") from error


def _compare(name: str, before: str, after: str) -> tuple[str, ...]:
    old, new = (_unify_newlines(text).split("\n") for text in (before, after))
    return tuple(difflib.unified_diff(old, new, name, name, lineterm="", n=_CONTEXT_LINES))


def _unify_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _restore_newlines(text: str, before: bytes) -> str:
    """Return an edited text with the byte order mark and the line ends that the file has.

    Browsers send all line ends as CR LF. A line that is also in the file keeps the line end that it has there. Other
    lines get the most frequent line end of the file.
    """
    former, text = before.decode("utf-8-sig"), _unify_newlines(text)
    mark = BOM if before.startswith(BOM.encode()) else ""
    if "\r" not in former:
        return mark + text
    old = former.splitlines(keepends=True)
    usual = "\r\n" if 2 * former.count("\r\n") >= len(old) else "\n"
    new = text.split("\n")
    matcher = difflib.SequenceMatcher(None, [line.rstrip("\r\n") for line in old], new, autojunk=False)
    ends = [usual] * (len(new) - 1) + [""]
    for start, new_start, count in matcher.get_matching_blocks():
        for offset in range(count):
            line = old[start + offset]
            if new_start + offset < len(new) - 1 and line.endswith(("\n", "\r")):
                ends[new_start + offset] = line[len(line.rstrip("\r\n")) :]
    return mark + "".join(line + end for line, end in zip(new, ends, strict=True))
