"""The small promises of the domain types."""

from monitor.domain.article import Article, Region
from monitor.domain.errors import ConfigError, ConfigIssue, QueryError
from monitor.domain.secret import Secret


def test_regions_skip_what_is_empty_and_join_captions() -> None:
    """Each region comes once, in reading order, with captions a line each."""
    article = Article(url="u", title="T", captions=("one", "two"), body="B")
    assert list(article.regions()) == [(Region.TITLE, "T"), (Region.CAPTION, "one\ntwo"), (Region.BODY, "B")]


def test_secret_never_shows_itself() -> None:
    """Only reveal() gives the text."""
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")


def test_config_error_lists_every_fault_in_file_order() -> None:
    """A user mends the whole file in one go."""
    error = ConfigError((ConfigIssue("s.yaml", 9, 1, "late"), ConfigIssue("s.yaml", 2, 3, "early")))
    assert str(error) == "s.yaml:2:3: early\ns.yaml:9:1: late"


def test_query_error_counts_from_one_for_people() -> None:
    """The text names the character as an editor would."""
    assert str(QueryError("stray )", 4, "a term")) == "at character 5: stray ); expected a term"
