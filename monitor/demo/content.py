"""Demo outlets: the outlets and articles of ``seeds/``, rendered as web servers would return them.

An outlet is a folder with ``outlet.yaml`` (name, language, paths), Jinja templates for its pages and its feed, and
``articles/*.html``, each an HTML fragment after a YAML header. Times are ages ("3h", "2d") before the start of the
demo. In the second edition ``NAME@2.html`` replaces ``NAME.html``, and articles with ``edition: 2`` appear.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

SEEDS_FOLDER = Path(__file__).parents[1] / "seeds"
SECOND_EDITION = 2
AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet as ``outlet.yaml`` describes it; ``pages`` maps a path to the template that renders it."""

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
        """The folder of its templates and articles."""
        return SEEDS_FOLDER / "outlets" / self.id


@dataclass(frozen=True, slots=True)
class Resource:
    """The content type and body of a response."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything that an outlet serves at one time: resources by path, and the paths of its articles by name.

    A name is the one in ``annotations.yaml``: ``outlet/slug``, with ``@2`` for a text of the second edition.
    """

    resources: Mapping[str, Resource]
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArticleTemplate:
    """An article file: its YAML header, its body, and the first and last edition that contain it."""

    slug: str
    metadata: Mapping[str, Any]
    body: str
    first_edition: int
    last_edition: int | None = None


def load_outlets() -> list[Outlet]:
    """Return all outlets, in the order of their folders."""
    outlets = []
    for path in sorted((SEEDS_FOLDER / "outlets").glob("*/outlet.yaml")):
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        fields["zone"] = timezone(timedelta(hours=fields.get("zone", 7)))
        outlets.append(Outlet(id=path.parent.name, **fields))
    return outlets


def parse_age(text: str) -> timedelta:
    """Return the time span of an age such as "3h", "45m" or "2d". Raises ``ValueError`` for another format."""
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is not a valid age; use a form such as 3h, 45m or 2d")
    return timedelta(**{AGE_UNITS[found[2]]: int(found[1])})


def load_article_templates(outlet: Outlet) -> list[ArticleTemplate]:
    """Return all articles of an outlet; an article with two editions is returned twice."""
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
    """Render one edition of an outlet. ``base_url`` has no trailing slash."""
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
    """Return the template variables of an article; fields that its header omits are empty."""
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
