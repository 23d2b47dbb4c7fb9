"""What sources.yaml may hold: every key once, with its type, default, check and meaning.

The JSON Schema is made of these models (``editors.py``), so the editor and the program agree. Rules between keys stand
in ``relations.py``. Validation needs ``Surroundings`` as its context, for the references to secrets.
"""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from monitor.config.engine_parsers import parse_cron, parse_css_selector
from monitor.domain import value_parsers
from monitor.domain.field_types import (
    DEFAULT_DATABASE_URL,
    CalendarDate,
    CidrNetwork,
    DateFormat,
    Duration,
    EmailAddress,
    Id,
    IdList,
    LanguageCode,
    PollInterval,
    ProbeAddress,
    QueryText,
    RequiredSecretText,
    RetentionPeriod,
    SecretText,
    SecretUrl,
    ShortText,
    TimeZoneName,
    WebUrl,
    as_list,
    as_mapping,
    check_chat_url,
    check_database_url,
    check_smtp_url,
    make_secret_validator,
    make_text_validator,
    parse_digest_time,
    parse_paused,
)
from monitor.domain.secret import Secret

CssSelector = Annotated[str, AfterValidator(parse_css_selector)]


class StrictModel(BaseModel):
    """A part of the file: exactly the keys below, and nothing that merely coerces."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class SettingsModel(StrictModel):
    """What holds for the whole daemon."""

    database: Annotated[RequiredSecretText, make_secret_validator(check_database_url)] = Field(
        default=Secret(DEFAULT_DATABASE_URL), description="SQLAlchemy URL; a relative file lies beside sources.yaml"
    )
    timezone: TimeZoneName = Field(default="UTC", description="IANA zone of digests that name none")
    user_agent_contact: ShortText = Field(default="", description="address or URL shown to servers in the User-Agent")
    retention: RetentionPeriod = Field(
        default=timedelta(days=730), description="how long articles are kept, or forever"
    )
    backfill: Duration = Field(default=timedelta(days=1), description="how far back the first poll of a source is news")
    keep_pages: Literal["none", "matched", "all"] = Field(default="matched", description="raw pages kept as evidence")
    allowed_networks: list[CidrNetwork] = Field(
        default_factory=list, description="private networks that may be reached"
    )
    heartbeat_url: SecretUrl | None = Field(default=None, description="URL that is pinged while all is well")
    template_dir: ShortText = Field(default="", description="folder of your own digest templates")
    probe_address: ProbeAddress = Field(
        default=("127.0.0.1", 9464), description="address and port of /livez, /readyz and /metrics, or off"
    )


class PublishedModel(StrictModel):
    """Where a date stands, and how it is written."""

    selector: CssSelector = Field(description="CSS selector of the date")
    format: DateFormat = Field(default="", description="strptime format, such as %d/%m/%Y, where the date is not plain")


PublishedField = Annotated[
    PublishedModel, BeforeValidator(as_mapping("selector"), json_schema_input_type=PublishedModel | str)
]


class SelectorsModel(StrictModel):
    """CSS selectors for article pages, where the extractor needs help."""

    title: CssSelector = Field(default="", description="the headline")
    standfirst: CssSelector = Field(default="", description="the paragraph between headline and body")
    body: CssSelector = Field(default="", description="the element that holds the paragraphs")
    published: PublishedField | None = Field(default=None, description="the date, as a selector or with its format")
    authors: CssSelector = Field(default="", description="the writers")
    remove: Annotated[list[CssSelector], BeforeValidator(as_list, json_schema_input_type=list[str] | str)] = Field(
        default_factory=list, description="what is not part of the article"
    )


class ListingModel(StrictModel):
    """A page that lists articles, and the selectors that find each of them."""

    url: WebUrl = Field(description="URL of the page")
    items: CssSelector = Field(description='CSS selector of one article in the list, such as "li.news"')
    link: CssSelector = Field(default="a[href]", description="the link inside an item")
    title: CssSelector = Field(default="", description="the headline inside an item; default: the link's text")
    published: PublishedField | None = Field(default=None, description="the date inside an item")
    next: CssSelector = Field(default="", description="the link to the next page of the list")
    max_pages: int = Field(default=1, ge=1, le=50, description="how many pages of the list are read at most")


class SourceModel(StrictModel):
    """One origin of articles: a feed, a news sitemap, or a page that lists articles."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["feed"]}, {"required": ["listing"]}, {"required": ["sitemap"]}]}
    )

    name: ShortText = Field(default="", description="the outlet as readers know it; default: the id")
    feed: WebUrl | None = Field(default=None, description="URL of an RSS, Atom, RDF or JSON feed")
    sitemap: WebUrl | None = Field(default=None, description="URL of a news sitemap; beside a feed it fills gaps")
    listing: ListingModel | None = Field(default=None, description="a page that lists articles, and how to read it")
    language: LanguageCode = Field(default="", description="language code of its articles, such as en")
    country: ShortText = Field(default="", description="where the outlet is at home")
    timezone: TimeZoneName = Field(default="", description="zone of dates that tell none")
    poll_interval: PollInterval = Field(default=None, description="auto, or a fixed length such as 15m")
    max_silence: Duration | None = Field(default=None, description="silent for longer is a fault that gets reported")
    text_from: Literal["page", "feed"] = Field(
        default="page", description="page fetches the page of each article, feed takes the text of the feed"
    )
    selectors: SelectorsModel = Field(default_factory=SelectorsModel, description="CSS selectors for its article pages")
    headers: dict[Annotated[str, AfterValidator(value_parsers.parse_header_name)], SecretText] = Field(
        default_factory=dict, description="HTTP headers to send along; values may be secrets"
    )
    paused: Annotated[ShortText, BeforeValidator(parse_paused, json_schema_input_type=bool | str)] = Field(
        default="", description="true, or the reason why it is not read"
    )


class ExamplesModel(StrictModel):
    """Texts that prove a name or rule; checked by monitor check."""

    match: list[QueryText] = Field(default_factory=list, description="texts that must be found")
    reject: list[QueryText] = Field(default_factory=list, description="texts that must not be found")


class RoleModel(StrictModel):
    """A post and when it was held."""

    title: ShortText = Field(description="the post, such as Minister of National Defence")
    from_: CalendarDate | None = Field(default=None, alias="from", description="first day in the post")
    until: CalendarDate | None = Field(default=None, description="first day no longer in the post")


RoleField = Annotated[RoleModel, BeforeValidator(as_mapping("title"), json_schema_input_type=RoleModel | str)]


class OfficialModel(StrictModel):
    """A watched person."""

    name: ShortText = Field(description="the name in full, as at home")
    country: ShortText = Field(default="", description="whose official; decides how the name is shortened")
    aliases: list[ShortText] = Field(default_factory=list, description="other spellings and scripts")
    roles: Annotated[list[RoleField], BeforeValidator(as_list, json_schema_input_type=list[RoleField] | str)] = Field(
        default_factory=list, description="posts, with dates where known"
    )
    exclude_phrases: Annotated[
        list[ShortText], BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str)
    ] = Field(default_factory=list, description="phrases that cancel a mention")
    examples: ExamplesModel = Field(default_factory=ExamplesModel, description="texts that must and must not name them")


class RuleModel(StrictModel):
    """What readers want to hear of: any of these officials, or the query."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["officials"]}, {"required": ["query"]}]})

    officials: IdList = Field(
        default_factory=list, description="ids of officials, any of them; all = everybody in the file"
    )
    query: QueryText | None = Field(default=None, description="terms, phrases, AND OR NOT, NEAR/n, wildcards")
    sources: IdList = Field(default_factory=list, description="only these sources; default: all")
    languages: Annotated[list[LanguageCode], BeforeValidator(as_list, json_schema_input_type=list[str] | str)] = Field(
        default_factory=list, description="only these languages; default: all"
    )
    regions: list[Literal["title", "standfirst", "dateline", "caption", "body"]] = Field(
        default_factory=list, description="only these parts of an article; default: all"
    )
    match_positions: bool = Field(default=False, description="also report officials named by their post alone")
    report_edits: bool = Field(default=False, description="also report silent edits and withdrawals")
    examples: ExamplesModel = Field(default_factory=ExamplesModel, description="texts that must and must not match")


class EmailModel(StrictModel):
    """Mail to several recipients."""

    to: Annotated[
        list[EmailAddress],
        BeforeValidator(as_list, json_schema_input_type=list[EmailAddress] | str),
        Field(min_length=1),
    ] = Field(description="the recipients, such as [desk@example.org]")
    from_: EmailAddress = Field(alias="from", description="the sender, such as monitor@example.org")
    server: Annotated[SecretText, make_secret_validator(check_smtp_url)] = Field(
        description="the mail server, such as smtps://user:${SMTP_PASSWORD}@mail.example.org"
    )
    unsubscribe: SecretUrl | None = Field(default=None, description="your https address for one-click unsubscription")


SigningKey = Annotated[SecretText, make_secret_validator(value_parsers.parse_signing_key)]


class WebhookModel(StrictModel):
    """Signed JSON by HTTP POST."""

    url: SecretUrl = Field(description="where to post, such as https://hooks.example.org/x")
    secret: Annotated[
        list[SigningKey], BeforeValidator(as_list, json_schema_input_type=list[str] | str), Field(max_length=2)
    ] = Field(
        default_factory=list, description="signing secret, such as ${HOOK_SECRET}; two while one replaces the other"
    )


class ChannelModel(StrictModel):
    """Where digests go: exactly one of the kinds."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["email"]},
                {"required": ["webhook"]},
                {"required": ["chat"]},
                {"required": ["folder"]},
            ]
        }
    )

    email: EmailModel | None = Field(default=None, description="mail to several recipients")
    webhook: WebhookModel | None = Field(default=None, description="signed JSON by HTTP POST")
    chat: Annotated[SecretText, make_secret_validator(check_chat_url)] | None = Field(
        default=None, description="Apprise URL of a chat service"
    )
    folder: ShortText | None = Field(default=None, description="folder that receives .eml, .html and .json")


class DigestModel(StrictModel):
    """Which rules are told to whom, and when."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["at"]}, {"required": ["cron"]}]})

    rules: Annotated[IdList, Field(min_length=1)] = Field(description="ids of rules, such as [border]")
    at: Annotated[
        time | Literal["immediately"] | None,
        BeforeValidator(parse_digest_time),
        WithJsonSchema({"type": "string", "pattern": "^(immediately|([01][0-9]|2[0-3]):[0-5][0-9])$"}),
    ] = Field(default=None, description='a time of day such as "07:00", or immediately for as soon as it is found')
    cron: Annotated[str, AfterValidator(parse_cron)] = Field(
        default="", description='minute hour day month weekday, such as "0 7 * * mon-fri"'
    )
    timezone: TimeZoneName = Field(
        default="", description="zone of at, cron and quiet_hours; default: that of settings"
    )
    channels: IdList = Field(default_factory=list, description="ids of channels; default: the folder channel outbox")
    title: ShortText = Field(default="", description="headline of the digest; default: its id")
    quiet_hours: Annotated[
        tuple[time, time] | None,
        BeforeValidator(make_text_validator(value_parsers.parse_quiet_hours)),
        WithJsonSchema({"type": "string"}),
    ] = Field(default=None, description='quiet hours that hold messages, such as "22:00-06:00"')
    send_when_empty: bool = Field(default=False, description="say so when nothing was found, with proof of coverage")
    max_articles: int = Field(default=200, ge=1, le=5000, description="articles shown at most; the rest is summed up")


SynonymGroups = list[Annotated[list[ShortText], Field(min_length=2)]]


class ConfigurationModel(StrictModel):
    """The configuration of monitor."""

    settings: SettingsModel = Field(default_factory=SettingsModel, description="what holds for the whole daemon")
    sources: dict[Id, SourceModel] = Field(default_factory=dict, description="origins of articles, by id")
    officials: dict[Id, OfficialModel] = Field(default_factory=dict, description="watched persons, by id")
    synonyms: SynonymGroups = Field(default_factory=list, description="words that mean the same")
    rules: dict[Id, RuleModel] = Field(default_factory=dict, description="what to report, by id")
    channels: dict[Id, ChannelModel] = Field(default_factory=dict, description="where digests go, by id")
    digests: dict[Id, DigestModel] = Field(default_factory=dict, description="what is told when, by id")
