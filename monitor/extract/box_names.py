"""Box names: what the class, id and role of an HTML element show about its text.

A box is a block-level HTML element. Its names are the words in its class, id and role attributes. Outlets in all
countries use mostly English names, and the names in this module are not specific to one outlet. A name is only
evidence: some pages name a box after the element next to it, or after one of its parts.
"""

import re
from functools import lru_cache

TOOL_WEIGHT = 2  # paragraphs that outweigh the name of a tool, such as share buttons
NAMES_CACHED = 4096  # a page has some hundred different names, and pages of one outlet share them

_SINGLE_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_(?=[a-z0-9])")
_CAMEL_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _compile_names(words: str) -> re.Pattern[str]:
    """Return a pattern that matches any of the words if it is a whole part of a class name or id.

    Parts are separated by spaces, hyphens, underscores or colons.
    """
    return re.compile(rf"(?:^|[\s_:-])(?:{'|'.join(words.split())})(?=$|[\s_:-])")


BOILERPLATE_NAMES = _compile_names(r"""
pay-?wall-?(?:box|message|banner|prompt|notice|cta|overlay|modal|teaser|offer|container-?offer)
relat(?:ed|ion|ions|os)
related(?:posts?|articles?|news|stor(?:y|ies)|content|links?|items?|topics?|box|block|widget|entries)
yarpp(?:-\w+)? irp wprpi ilrltpost(?:-\w+)? wp-rp-\w+ (?:news|story|stories|posts?|articles?|topics?)-?related
(?:similar|popular|recommended|suggested|recent|latest|more|other|top|hot|trending)-?(?:posts?|articles?|news|stories)
(?:hot|trending)-?(?:topics?|now) also (?:you-?)?may-?like contextual-links elementor-posts zergnet mgbox mgid
revcontent dianomi plista engageya citeste-?si
(?:most|also)(?:read|viewed|popular) readmore readalso readnext
(?:author|writer|reporter|columnist|contributor)-?(?:bio\w*|box|card|info-?box|profile|about|blurb|header|desc\w*|details?)
about-?(?:the-?)?author
relacionad[oa]s? recommend(?:ed|ations?|er)? recirc\w* read-?(?:more|also|next) also-?read
more-?(?:news|stories|from|on|in|articles|links|info) see-?also most-?(?:read|viewed|popular|recent) up-?next
next-?(?:article|story|post) prev(?:ious)?-?(?:article|story|post) other-?news similar suggest(?:ed|ions?) you-?may
share shares sharing sharebar sharetools? share-?\w* addtoany social socials socialmedia social-?\w+ follow(?:-?us)?
newsletters? subscri(?:be|ption|bers?) sign-?up signin login log-?in register registration promos? promotions?
promobox advert\w* ads? adbox adslot adunit ad-?(?:container|wrapper|block|slot|label|banner) sponsor(?:ed|s)?
commercial affiliate comments? comment-?\w+ disqus respond reactions? breadcrumbs? crumbs? cookies? cookie-?\w+
consent gdpr ad-?block\w* anti-?adblock adblocker report-?(?:a-?)?(?:typo|error|mistake) onetrust privacy sidebar
side-?bar rail aside footer site-?(?:header|footer|nav) masthead nav navi
navigation navbar menu toolbar tools taglist tag-?(?:list|cloud|links|wrap\w*|container) keywords outbrain taboola
widget-?area banners? copyright legal disclaimer print-?(?:only|button) pager pagination paginator (?:star-?)?ratings?
votes? poll quiz modal popup overlay tooltip skip-?link jump-?links? toc table-of-contents feedback contact-?(?:us|form)
donat(?:e|ion) support-?us callout-?(?:box|newsletter) inline-?(?:promo|newsletter|related) story-?package linkbox
link-?(?:box|list) player video-?(?:player|caption|playlist|js) carousel slider slideshow-?nav livestream
apps?-?(?:download|promo|store|banner|hint|teaser|install) download-?app lien-?quan
tin-?(?:lien-?quan|khac|moi|cung-?chuyen-?muc|cung-?muc|noi-?bat|doc-?nhieu) bai-?lien-?quan cung-?chuyen-?muc
doc-?(?:nhieu|them) xem-?them binh-?luan chia-?se
quang-?cao tinlienquan lienquan baca-?juga (?:berita|artikel)-?terkait lire-?aussi a-?lire articles?-?connexes
correlat[aei] leggi-?anche leia-?(?:mais|tambem) veja-?tambem lee-?tambien te-?puede-?interesar zobacz-?(?:tez|takze)
czytaj-?(?:tez|takze|wiecej) powiazane lees-?ook las-?(?:ocksa|mer) les-?ogsa lue-?myos ilgili(?:-?haber\w*)?
mehr-?lesen auch-?interessant meistgelesene? mas-?leid[oa]s mais-?lidas piu-?letti plus-?lus chitajte-?takzhe
weiterlesen lesen-?sie-?auch baca-?juga terkait terpopuler werbung anzeigen? mehr-?zum-?thema verwandte
teilen kommentare?
empfehlungen publicidad compartir comentarios publicite partage commentaires reklame? reklama annons
yorum\w* komentar\w* commenti komment(?:it|arer) reacties hozzaszolas\w* diskus[ez]\w* kommentarij\w* paylas\w*
udostepnij sdilet condividi dela dijeli megosztas benzer-?haber\w* diger-?haber\w* souvisejici kapcsolodo\w*
povezan[aeo] slicn[aeio] relaterad\w* relatert\w* relateret gerelateerd\w* verwant\w* (?:articole|stiri)-?similare
najcitanij\w* najczesciej-?\w+ legolvasottabb nejctenejsi nyhetsbrev nyhedsbrev nieuwsbrief uutiskirje hirlevel
bulten infolettre boletin hirdetes\w* mainos\w* iklan oglas\w*
""")
"""Pattern for the class or id of boxes that never belong to the article, unless they contain much of the page's
text."""
LINK_LIST_NAMES = _compile_names(r"""
teasers? teaser-?\w+ tags? topics? latest(?:-?news)? trending popular hot-?news more similar stories headlines list
links? card cards
""")
"""Pattern for the class or id of boxes that are boilerplate if much of their text is links."""
SMALL_PRINT_NAMES = _compile_names(r"""
by-?lines? authors? author-?\w+ contributors? journalist writer reporter meta metadata post-?meta entry-?meta
article-?meta date-?line date dates dateline datetime timestamps? time pub-?date published publish-?date updated
credits? copyrights? source provider kicker eyebrow overline section-?(?:name|label|title) category categories
header head top-?bar info label badge counter views duration reading-?time readtime headline title post-?title
entry-?title article-?title subscriber trust policy correction-?link report-?(?:a-?)?(?:typo|error)
""")
"""Pattern for the class or id of boxes whose short lines are bylines, dates or places, and not text of the article."""
HEADING_LABEL_NAMES = _compile_names(r"""
label labels badge flag live live-?\w+ picto\w* icon by-?lines? author authors date datetime time timestamps? counter
comments?-?count
""")
"""Pattern for the class of elements in a heading whose text is never part of the headline, such as a date or an
icon."""
HEADING_PART_NAMES = _compile_names(r"""
kicker kickers overline eyebrow topic topics top-?line dachzeile spitzmarke antetitulo cintillo occhiello surtitre
vinjett\w* vignette rubri\w+ chapeu category section-?(?:name|label|title) deck dek sub sub-?title subtitulo bajada
sub-?head(?:line|ing)?
""")
"""Pattern for the class of elements in a heading that are usually not part of the headline, such as a subtitle.

Their text is nevertheless kept if another place, such as the metadata, states the headline with it.
"""
CAPTION_NAMES = _compile_names(r"""
(?:fig|img|image|photo|picture|media|video|wp)-?cap(?:tion\w*)? captions? caption-?\w+ lightbox cutline legend legende
bildunterschrift chu-?thich image-?(?:desc\w*|credit|text|info) photo-?(?:desc\w*|credit|text)
picture-?(?:desc\w*|credit|text) pie-?de-?foto
""")
"""Pattern for the class or id of boxes with picture captions."""
PICTURE_NAMES = _compile_names(r"""
images? img photos? pictures? pics? gallery thumb(?:nail)? media bild foto inline-image content-?image hero
""")
"""Pattern for the class or id of boxes that contain a picture and its caption."""
GALLERY_NAMES = _compile_names(r"""
(?:photo|image|picture|foto)?-?(?:galler(?:y|ies)|galeri[ae]s?|gallerie|slideshow|slider|carousel|swiper)\w* fotostrecke
bildergalerie diaporama inline-gallery album photos
""")
"""Pattern for the class or id of boxes that contain a series of pictures."""
TEXT_NAMES = _compile_names(
    r"""
(?!text-(?:muted|center|left|right|justify|start|end|small|xs|sm|md|base|lg|\d?xl|gray|grey|light|dark|white|black|italic))
[\w-]*(?:text|texte|texto|testo|tekst|content|body|copy|paragraph|absatz|inhalt|noi-?dung)\w*
""".replace("\n[", "[")
)
"""Pattern for the class or id of boxes with text. It may also contain a word for a picture, as in ``text-image``.

Names that only state how a text is formatted, as in ``text-muted``, are left out.
"""
STANDFIRST_NAMES = _compile_names(r"""
standfirst sapo lead lede leads intro introduction vorspann deck dek summary excerpt abstract sub-?head(?:line|ing)?
sub-?title subtitulo bajada entradilla chapo chapeau ingress manchet perex strapline stand-?first description desc
preamble
""")
"""Pattern for the class or id of boxes with the standfirst: the summary between headline and text."""
QUOTE_NAMES = _compile_names("(?:pull-?|block-?)?quotes?(?:-\\w+)? zitat citation cita highlight")
"""Pattern for the class or id of boxes with a pull quote: a quotation that is often repeated from the text of the
article."""
HEADER_NAMES = _compile_names(r"""
header head heading hero intro introduction lead lede teaser abstract summary standfirst vorspann chapo top
article-?(?:header|head|top|intro) page-?header post-?header entry-?header
""")
"""Pattern for the class or id of boxes that contain the headline and its summary, date or byline."""
HEADLINE_NAMES = _compile_names(r"""
head-?line (?:article|post|entry|news|story|detail|content|main|page)-?(?:title|heading|head-?line) title titulo titre
titel
""")
"""Pattern for the class or id of elements, mostly headings, that contain the headline of an article."""
BODY_NAMES = _compile_names(r"""
article-?(?:body|content|text|detail|main|inner) articlebody story-?(?:body|content|text) storybody
post-?(?:body|content|text) entry-?(?:content|body|text) news-?(?:body|content|text|detail)
detail-?(?:content|body|text) content-?(?:body|detail|text) body-?(?:content|copy|text) main-?(?:content|text)
maincontent paragraphs? rich-?text text-?body wysiwyg fck-?detail noi-?dung cms-?body articletext
""")
"""Pattern for the class or id of boxes with the article text."""
PAYWALL_NAMES = _compile_names(r"""
pay-?wall\w* piano reg-?wall meter(?:ed)?-?wall premium-?(?:only|content|teaser|wall)?
subscribers?-?(?:only|content|wall)
abo-?(?:box|wall|only)? plus-?(?:only|wall|teaser) locked(?:-content)? article-?(?:locked|restricted) gated(?:-content)?
""")
"""Pattern for the class or id of boxes with a payment prompt or with content for subscribers."""


@lru_cache(maxsize=NAMES_CACHED)
def split_camel_case(hint: str) -> str:
    """Convert names to lower-case words with hyphens.

    ``relatedArticles`` and ``related_articles`` become ``related-articles``.
    """
    hint = hint if hint.islower() else _CAMEL_CASE_BOUNDARY.sub("-", hint).lower()
    return _SINGLE_UNDERSCORE.sub("-", hint) if "_" in hint else hint


_STATE_NAMES = re.compile(
    r"(?:^|(?<=\s))(?:has|with|no|without|hide|show)-[\w-]+"
    r"|[\w-]*(?:comments?|sidebar|aside|footer|header|ads?|social|share|newsletter|toc|nav|menu)"
    r"-(?:enabled|disabled|open(?:ed)?|closed?|visible|on|off|free|active|loaded|ready|allowed)(?=\s|$)"
    r"|(?:live(?:-?blog)?|(?:live-?)?ticker|minute-?by-?minute|play-?by-?play)-comment\w*"
)
_POST_TERMS = re.compile(r"(?:^|(?<=\s))(?:tag|category|topic)-[\w%-]+")
_MODIFIER = re.compile(r"(?<=\w)--[\w-]*")
_NUMBER = re.compile(r"[\s_-]*\d+")
_CONTAINER_NAMES = re.compile(
    r"(?:section|paragraph|text|content|body|article|story|post|entry|block|row|col|column|grid|container|wrapper|module|item"
    r"|element|component|part|bloc|bloque|blok|abschnitt|absatz|texte|texto|testo|tekst|inhalt|parrafo|paragraphe|paragrafo"
    r"|contenu|contenido|conteudo|contenuto|corps|cuerpo|corpo|noi-?dung)s?(?=--)"
)
_TOOL_NAMES = _compile_names(r"""
share shares sharing share-?\w+ social social-?\w+ follow(?:-?us)? toolbar tools? toc table-of-contents nav navi
navigation
menu pager pagination paginator rating votes? player video-?\w+ carousel slider slideshow-?nav livestream rail keywords
tag-?\w+ print-?(?:only|button) breadcrumbs?
""")
_PLACE_NAMES = _compile_names(r"""
ads? promos? sponsor(?:ed|s)? commercial newsletters? sidebar side-?bar aside footer masthead poll quiz support-?us
legal copyright support subscri(?:be|ption|bers?)
""")


_GRID_NAME = re.compile(r"(?:col|cols|column|row|grid|container|wrap|wrapper|clearfix|clear|inner|outer)(?:-|$)")


@lru_cache(maxsize=NAMES_CACHED)
def find_boilerplate_name(hint: str) -> tuple[str, int]:
    """Find a name that indicates boilerplate, and return it with the number of paragraphs that outweigh it.

    ``hint`` contains the names of a box (an HTML element): its class, id and role. A box with at least this number of
    paragraphs of prose is not boilerplate. The numbers are:

    - 0 if the box is boilerplate whatever it contains.
    - 1 if the name only modifies a name that means text (``section--ads`` is a section that also has advertisements),
      or if the box also has the name of an article body.
    - 2 if the name means a tool, because a tool has no prose.
    - 3 if the name means an offer, or a place on the page such as a sidebar.

    Without such a name, the result is an empty string and 0. Three kinds of names are ignored: states of the page
    (``has-sidebar``), tags and categories of a blog post (``tag-cookies``), and entries that reporters write in a live
    blog (``live-comment``).
    """
    if not BOILERPLATE_NAMES.search(hint):  # a quick test: most names have none
        return "", 0
    name = _STATE_NAMES.sub("", hint)
    if "hentry" in name or "type-post" in name or "post-" in name:
        name = _POST_TERMS.sub("", name)
    found = BOILERPLATE_NAMES.search(name)
    if not found:
        return "", 0
    word = found.group().strip(" _:-")
    strong = BOILERPLATE_NAMES.search(_MODIFIER.sub("", name))
    if not strong:
        return word, 1 if _CONTAINER_NAMES.search(name) else 0
    if BODY_NAMES.search(name):
        return word, 1
    if _TOOL_NAMES.fullmatch(strong.group()):
        return word, TOOL_WEIGHT
    return word, 3 if _PLACE_NAMES.fullmatch(strong.group()) else 0


def is_same_kind(hint: str, other: str) -> bool:
    """Return whether two HTML elements are of the same kind, judged by their names (class, id, role).

    ``hint`` and ``other`` contain the names of the two elements. These are of the same kind if the names that
    ``find_kind`` finds in one of them include all names that it finds in the other.
    """
    kind, other_kind = find_kind(hint), find_kind(other)
    return kind <= other_kind or other_kind <= kind


@lru_cache(maxsize=NAMES_CACHED)
def find_kind(hint: str) -> frozenset[str]:
    """Return the names in an HTML element's attributes (class, id, role) that describe its content.

    Numbers, modifiers (``--wide``), states (``has-sidebar``) and names of the page's layout grid (``col``) are left
    out. If no name remains, all attributes together are returned as a single name, so that the element is not of the
    same kind as an element with other names.
    """
    names = _NUMBER.sub("", _MODIFIER.sub("", _STATE_NAMES.sub("", hint))).split()
    return frozenset(name for name in names if not _GRID_NAME.match(name)) or frozenset({f"={hint}"})
