"""Checks of channels follow the types of the fields, for every kind alike."""

from typing import Any

import pytest

from monitor.config.cross_checks import Sections, run_cross_checks
from monitor.config.sections import get_keys, holds_secret, list_annotated, list_secret_keys
from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.field_types import ValueMark


def keys(*, marked: ValueMark | None = None, unmarked: ValueMark | None = None) -> list[tuple[str, str]]:
    """Return kind and key of each secret value, with or without a mark."""
    found = []
    for kind, model in CHANNEL_KINDS.items():
        for key, info in get_keys(model).items():
            marks = list_annotated(info.annotation, ValueMark)
            if holds_secret(info.annotation) and (not marked or marked in marks) and unmarked not in marks:
                found.append((kind, key))
    return found


def warnings(kind: str, key: str, value: Any) -> list[str]:
    """Return the warnings for a channel with one key, each as path and message."""
    given = value if CHANNEL_KINDS[kind].inline_field else {key: value}
    tree = {"channels": {"c": {kind: given}}}
    issues = run_cross_checks(Sections(tree, Settings(), {}, {}, {}, {}), lambda _path: False)
    return [".".join(map(str, issue.key_path)) + ": " + issue.message for issue in issues if issue.is_warning]


def place(kind: str, key: str) -> str:
    return f"channels.c.{kind}" if CHANNEL_KINDS[kind].inline_field else f"channels.c.{kind}.{key}"


@pytest.mark.parametrize(("kind", "key"), keys(unmarked=ValueMark.LOGIN_IS_SECRET))
@pytest.mark.parametrize("value", ["typed", ["typed", "${NAME}"]], ids=["text", "list"])
def test_a_typed_secret_is_reported(kind: str, key: str, value: Any) -> None:
    found = [text for text in warnings(kind, key, value) if text.startswith(place(kind, key))]
    assert any("a secret is readable in the file" in text for text in found)
    assert not any("a secret is readable" in text for text in warnings(kind, key, "${NAME}"))


@pytest.mark.parametrize(("kind", "key"), keys(marked=ValueMark.LOGIN_IS_SECRET))
def test_a_typed_password_in_a_url_is_reported_and_the_url_alone_is_not(kind: str, key: str) -> None:
    found = warnings(kind, key, "https://user:p4ss@h.example")
    assert any(text.startswith(f"{place(kind, key)}: a secret is readable") for text in found)
    for harmless in ("https://h.example", "https://user:${PASSWORD}@h.example", "file:/run/secrets/url"):
        assert not any("a secret is readable" in text for text in warnings(kind, key, harmless))


@pytest.mark.parametrize(("kind", "key"), keys(marked=ValueMark.HTTP_TARGET))
def test_a_target_that_is_private_or_unencrypted_is_reported(kind: str, key: str) -> None:
    def found(url: str) -> list[str]:
        return [text for text in warnings(kind, key, url) if text.startswith(place(kind, key))]

    assert any("http:// sends the messages unencrypted" in text for text in found("http://h.example/x"))
    assert any("this address is in a private network" in text for text in found("https://10.1.2.3/x"))
    assert found("https://h.example/x") == []


def test_a_channel_does_not_warn_of_a_url_that_only_readers_open() -> None:
    found = warnings("email", "unsubscribe", "http://localhost/unsubscribe")
    assert not any("unsubscribe" in text for text in found)


def test_secrets_of_all_kinds_may_be_references() -> None:
    for kind, key in keys():
        assert (kind if CHANNEL_KINDS[kind].inline_field else key) in list_secret_keys()


def test_a_password_in_the_heartbeat_url_is_reported() -> None:
    tree = {"settings": {"heartbeat_url": "https://user:p4ss@hc.example"}, "sources": {}}
    issues = run_cross_checks(Sections(tree, Settings(), {}, {}, {}, {}), lambda _path: False)
    assert any(issue.key_path == ("settings", "heartbeat_url") for issue in issues)
