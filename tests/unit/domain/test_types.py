"""Domain types."""

from monitor.domain.article import Article, Region
from monitor.domain.errors import ConfigError, ConfigIssue, QueryError
from monitor.domain.secret import Secret


def test_regions_omit_empty_texts_and_join_captions() -> None:
    """Each region is yielded once, in reading order, with one caption per line."""
    article = Article(url="u", title="T", captions=("one", "two"), body="B")
    assert list(article.regions()) == [(Region.TITLE, "T"), (Region.CAPTION, "one\ntwo"), (Region.BODY, "B")]


def test_a_secret_is_never_displayed() -> None:
    """Only reveal() returns the text."""
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")


def test_a_config_error_lists_every_error_in_file_order() -> None:
    """A user can fix the whole file at once."""
    error = ConfigError((ConfigIssue("s.yaml", 9, 1, "late"), ConfigIssue("s.yaml", 2, 3, "early")))
    assert str(error) == "s.yaml:2:3: early\ns.yaml:9:1: late"


def test_a_query_error_counts_characters_from_one() -> None:
    """The message names the character as an editor does."""
    assert str(QueryError("stray )", 4, "a term")) == "at character 5: stray ); expected a term"
