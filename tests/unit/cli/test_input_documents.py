"""Input documents of `monitor match`."""

from pathlib import Path

from monitor.cli.input_documents import read_documents

FIRST = "The two ministries agreed on Monday to open a second training ground for their engineers near Paksan."
LAST = "The first course is to begin in October, when the rains are over and the road is open again."


def test_text_after_the_end_of_an_article_is_not_read(tmp_path: Path) -> None:
    """Teasers below the text are cut off; offsets in the text equal offsets in the file."""
    file = tmp_path / "saved.txt"
    file.write_text(
        f"Engineers train\n\n{FIRST}\n\n{LAST}\n\nRelated news\nGeneral Else opens a fair\n", encoding="utf-8"
    )
    (given,) = read_documents([file])
    assert file.read_text(encoding="utf-8").startswith(given.article.body)
    assert given.article.body.endswith(LAST)
