"""Canary: the synthetic article of the health check."""

import asyncio
from pathlib import Path

import pytest
from support.factories import NOW, watch

from monitor.domain.errors import CanaryLost
from monitor.domain.values import replace
from monitor.pipeline import canary
from monitor.pipeline.canary import Canary


def test_the_synthetic_article_reaches_the_digest() -> None:
    """It is found by its name, and its link is in all forms of the digest."""
    asyncio.run(Canary(watch(), lambda: NOW).run())


@pytest.mark.parametrize(
    ("constant", "value", "step"),
    [
        ("FEED", b"<html>502 Bad Gateway</html>", "parsing"),
        ("NAME", "Somebody Unmentioned", "matching"),
        ("URL", "https://other.example/", "rendering"),
    ],
)
def test_a_lost_article_is_reported_with_the_step_that_lost_it(
    constant: str, value: str | bytes, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the step, so that an operator can search there."""
    monkeypatch.setattr(canary, constant, value)
    with pytest.raises(CanaryLost, match=f"a test article was lost in {step}"):
        asyncio.run(Canary(watch(), lambda: NOW).run())


def test_a_broken_template_does_not_lose_the_article(tmp_path: Path) -> None:
    """The built-in template takes its place, as in a digest."""
    (tmp_path / "digest.txt").write_text("{{ nothing.at.all }}", encoding="utf-8")
    configuration = watch()
    settings = replace(configuration.settings, template_dir=str(tmp_path))
    asyncio.run(Canary(replace(configuration, settings=settings), lambda: NOW).run())
