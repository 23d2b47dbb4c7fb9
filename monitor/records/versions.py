"""Version differences: what changed between the versions of an article."""

from collections.abc import Sequence

from monitor.domain.article import StoredArticle
from monitor.domain.read_models import ArticleVersion
from monitor.records.articles import VersionChange
from monitor.stories.diff import compare_versions


def list_version_changes(stored: StoredArticle, versions: Sequence[ArticleVersion]) -> list[VersionChange]:
    """Return the difference between each version of an article and the next one, oldest first.

    ``versions`` are the earlier versions; ``stored`` is the present one.
    """
    articles = [*(version.article for version in versions), stored.article]
    changes: list[VersionChange] = []
    for version, after in zip(versions, articles[1:], strict=True):
        revision = compare_versions(version.article, after)
        changes.append(
            {
                "number": version.version,
                "replaced_at": version.replaced_at,
                "change": revision.kind,
                "summary": revision.summary,
                "difference": revision.lines,
            }
        )
    return changes
