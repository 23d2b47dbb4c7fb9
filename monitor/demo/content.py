"""Demo content: reads invented outlets from ``seeds/``, and renders what their web servers would return.

An outlet is a folder with ``outlet.yaml`` (name, language, paths), Jinja templates for its pages and its feed, and
``articles/*.html``. Each article file is an HTML fragment after a YAML header. Times are ages ("3h", "2d") that are
counted back from the start of the demo. There are two editions. In the second one, ``NAME@2.html`` replaces
``NAME.html``, and articles with ``edition: 2`` are added.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

SEEDS_FOLDER = Path(__file__).parents[1] / "seeds"
SECOND_EDITION = 2
AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Outlet(Struct, frozen=True):
    """An invented outlet, as described in ``outlet.yaml``.

    ``pages`` maps the path of each page to its template. ``types`` maps the name of a template to a content type.
    """

    id: str
    name: str
    language: str
    article: str
    pages: Mapping[str, str]
    types: Mapping[str, str]
    zone: timezone
    encoding: str = "utf-8"
    form: Literal["NFC", "NFD"] = "NFC"

    @property
    def folder(self) -> Path:
        """Folder with the templates and articles of the outlet."""
        return SEEDS_FOLDER / "outlets" / self.id


class Resource(Struct, frozen=True):
    """Response of a demo server: content type and body."""

    content_type: str
    body: bytes


class Edition(Struct, frozen=True):
    """Everything that an outlet serves in one edition.

    ``resources`` maps each path to its response. ``articles`` maps the name of each article to its path. The name is
    ``outlet/slug`` as in ``annotations.yaml``, with ``@2`` added for a text that the first edition does not contain.
    """

    resources: Mapping[str, Resource]
    articles: Mapping[str, str]


class ArticleTemplate(Struct, frozen=True):
    """Content of an article file: YAML header and body, and the first and last edition that contain this article.

    ``last_edition`` is None if no later edition replaces the article.
    """

    slug: str
    metadata: Mapping[str, Any]
    body: str
    first_edition: int
    last_edition: int | None = None


def load_outlets() -> list[Outlet]:
    """Load all outlets, sorted by the names of their folders."""
    outlets = []
    for path in sorted((SEEDS_FOLDER / "outlets").glob("*/outlet.yaml")):
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        fields["zone"] = timezone(timedelta(hours=fields.get("zone", 7)))
        outlets.append(Outlet(id=path.parent.name, **fields))
    return outlets


def parse_age(text: str) -> timedelta:
    """Convert an age, such as "3h", "45m" or "2d", to a duration. Raises ``ValueError`` if it is invalid."""
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is not a valid age; use a form such as 3h, 45m or 2d")
    return timedelta(**{AGE_UNITS[found[2]]: int(found[1])})


def load_article_templates(outlet: Outlet) -> list[ArticleTemplate]:
    """Load the article files of an outlet. An article that the second edition replaces has two files."""
    templates = []
    for path in sorted((outlet.folder / "articles").glob("*.html")):
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        fields = yaml.safe_load(head)
        slug, _, second = path.stem.partition("@")
        replaced = path.with_name(f"{slug}@2.html").exists() and not second
        first = int(second or fields.get("edition", 1))
        templates.append(ArticleTemplate(slug, fields, body.strip(), first, 1 if replaced else None))
    return templates


def render_outlet(outlet: Outlet, base_url: str, started_at: datetime, edition: int) -> Edition:
    """Render all documents that a demo outlet serves.

    ``edition`` is 1 or 2: the demo first serves edition 1, and then edition 2 with changed and added articles.
    ``base_url`` is the URL of the outlet's server, without a slash at the end. The ages of the articles are counted
    back from ``started_at``.
    """
    now = started_at.astimezone(outlet.zone)
    environment = _build_environment(outlet, now)
    articles = [
        _render_article(environment, outlet, template, base_url, now)
        for template in load_article_templates(outlet)
        if template.first_edition <= edition <= (template.last_edition or edition)
    ]
    articles.sort(key=lambda article: article["published"] or now - timedelta(hours=10), reverse=True)
    shared = {"outlet": outlet, "base": base_url, "articles": articles, "now": now, "edition": edition}
    rendered = {article["path"]: ("page.html", {"article": article}) for article in articles}
    rendered |= {path: (name, {}) for path, name in outlet.pages.items()}
    resources = {
        path: _encode_resource(outlet, name, environment.get_template(name).render(shared | extra))
        for path, (name, extra) in rendered.items()
    }
    resources["/robots.txt"] = Resource("text/plain", b"User-agent: *\nDisallow: /search\n")
    return Edition(resources, {article["document"]: article["path"] for article in articles})


def _build_environment(outlet: Outlet, now: datetime) -> Environment:
    environment = Environment(loader=FileSystemLoader(outlet.folder), undefined=StrictUndefined, autoescape=True)
    environment.globals["ago"] = lambda text: now - parse_age(text)
    environment.filters["date"] = lambda moment, pattern: moment.strftime(pattern)
    environment.filters["rss"] = format_datetime
    environment.filters["iso"] = lambda moment: moment.isoformat(timespec="seconds")
    return environment


def _render_article(
    environment: Environment, outlet: Outlet, template: ArticleTemplate, base_url: str, now: datetime
) -> dict[str, Any]:
    """Return the template variables for an article. A variable that the article's header does not set is empty."""
    fields = {"title": "", "summary": "", "section": "", "agency": "", "author": "", "image": "", "caption": ""}
    fields |= template.metadata
    published = now - parse_age(fields["published"]) if fields.get("published") else None
    path = outlet.article.format(slug=template.slug, date=(published or now).strftime("%Y/%m/%d"))
    updated = now - parse_age(fields["updated"]) if fields.get("updated") else published
    body = environment.from_string(template.body).render()
    document = f"{outlet.id}/{template.slug}" + ("@2" if template.first_edition == SECOND_EDITION else "")
    known = {"document": document, "slug": template.slug, "path": path, "url": base_url + path, "body": body}
    return fields | known | {"published": published, "updated": updated}


def _encode_resource(outlet: Outlet, template_name: str, text: str) -> Resource:
    encoding = outlet.encoding if template_name.endswith(".html") else "utf-8"
    kind = outlet.types.get(template_name, f"text/html; charset={encoding}")
    return Resource(kind, unicodedata.normalize(outlet.form, text).encode(encoding, "xmlcharrefreplace"))
