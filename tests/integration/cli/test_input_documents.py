"""Input documents of `monitor match`."""

import gzip
from pathlib import Path

import pytest

from monitor.cli.extract import read_page_file
from monitor.cli.input_documents import read_documents
from monitor.domain.errors import InputError

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


@pytest.mark.parametrize("damage", [slice(0, -20), slice(0, 30), slice(0, 12)])
def test_a_damaged_gzip_page_is_an_error_that_names_the_file(tmp_path: Path, damage: slice) -> None:
    """`match` and `extract` tell which file is cut off or damaged, wherever the fault is."""
    file = tmp_path / "a.html.gz"
    whole = gzip.compress(f"<html><body><p>{FIRST}</p><p>{LAST}</p></body></html>".encode())
    for content in (whole[damage], whole[: damage.stop] + b"\xff" * 40):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.html\.gz: the gzip file is damaged"):
            list(read_documents([file]))
        with pytest.raises(InputError, match=r"a\.html\.gz: the gzip file is damaged"):
            read_page_file(file)
