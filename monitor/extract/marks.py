"""The words by which pages name their own parts, in classes, ids and roles.

They are English over most of the world, with local words beside them; no outlet is named here.
"""

import re

_CAMEL_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _compile_names(words: str) -> re.Pattern[str]:
    """Match any of the words as a whole part of a class name, between spaces, hyphens, underscores or colons."""
    return re.compile(rf"(?:^|[\s_:-])(?:{'|'.join(words.split())})(?=$|[\s_:-])")


BOILERPLATE_NAMES = _compile_names(r"""
pay-?wall-?(?:box|message|banner|prompt|notice|cta|overlay|modal|teaser|offer|container-?offer)
relat(?:ed|ion|ions|os) relacionad[oa]s? recommend(?:ed|ations?|er)? recirc\w* read-?(?:more|also|next) also-?read
more-?(?:news|stories|from|on|in|articles|links|info) see-?also most-?(?:read|viewed|popular|recent) up-?next
next-?(?:article|story|post) prev(?:ious)?-?(?:article|story|post) other-?news similar suggest(?:ed|ions?) you-?may
share shares sharing sharebar sharetools? share-?\w* addtoany social socials socialmedia social-?\w+ follow(?:-?us)?
newsletters? subscri(?:be|ption|bers?) sign-?up signin login log-?in register registration promos? promotions?
promobox advert\w* ads? adbox adslot adunit ad-?(?:container|wrapper|block|slot|label|banner) sponsor(?:ed|s)?
commercial affiliate comments? comment-?\w+ disqus respond reactions? breadcrumbs? crumbs? cookies? cookie-?\w+
consent gdpr onetrust privacy sidebar side-?bar rail aside footer site-?(?:header|footer|nav) masthead nav navi
navigation navbar menu toolbar tools taglist tag-?(?:list|cloud|links|wrap\w*|container) keywords outbrain taboola
widget-?area banners? copyright legal disclaimer print-?(?:only|button) pager pagination paginator rating votes?
poll quiz modal popup overlay tooltip skip-?link jump-?links? toc table-of-contents feedback contact-?(?:us|form)
donat(?:e|ion) support-?us callout-?(?:box|newsletter) inline-?(?:promo|newsletter|related) story-?package linkbox
link-?(?:box|list) player video-?(?:player|caption|playlist|js) carousel slider slideshow-?nav livestream
apps?-?(?:download|promo|store) download-?app unshown-box lien-?quan
tin-?(?:lien-?quan|khac|moi|cung-?chuyen-?muc|doc-?nhieu) doc-?(?:nhieu|them) xem-?them binh-?luan chia-?se
quang-?cao baca-?juga terkait terpopuler werbung anzeigen? mehr-?zum-?thema verwandte teilen kommentare?
empfehlungen publicidad compartir comentarios publicite partage commentaires reklame? reklama annons
""")
"""Boxes that never belong to the article, unless they hold most of the page."""
LINK_LIST_NAMES = _compile_names(r"""
teasers? teaser-?\w+ tags? topics? latest(?:-?news)? trending popular hot-?news more similar stories headlines list
links? card cards
""")
"""Boxes that are furniture when they are full of links."""
SMALL_PRINT_NAMES = _compile_names(r"""
by-?lines? authors? author-?\w+ contributors? journalist writer reporter meta metadata post-?meta entry-?meta
article-?meta date-?line date dates dateline datetime timestamps? time pub-?date published publish-?date updated
credits? copyrights? source provider kicker eyebrow overline section-?(?:name|label|title) category categories
header head top-?bar info label badge counter views duration reading-?time readtime headline title post-?title
entry-?title article-?title subscriber trust policy correction-?link report-?(?:a-?)?(?:typo|error)
""")
"""Boxes whose short lines say who, when and where, rather than what."""
CAPTION_NAMES = _compile_names(r"""
(?:fig|img|image|photo|picture|media|video|wp)-?caption\w* captions? caption-?\w+ cutline legend legende
bildunterschrift chu-?thich image-?(?:desc\w*|credit|text|info) photo-?(?:desc\w*|credit|text)
picture-?(?:desc\w*|credit|text) pie-?de-?foto
""")
"""Boxes of what is written under pictures."""
PICTURE_NAMES = _compile_names(r"""
images? img photos? pictures? pics? gallery thumb(?:nail)? media bild foto inline-image content-?image hero
""")
"""Boxes around a picture and its caption."""
STANDFIRST_NAMES = _compile_names(r"""
standfirst sapo lead lede leads intro introduction vorspann deck dek summary excerpt abstract sub-?head(?:line|ing)?
sub-?title subtitulo bajada entradilla chapo chapeau ingress manchet perex strapline stand-?first description desc
preamble
""")
"""Boxes of the summary between headline and text."""
BODY_NAMES = _compile_names(r"""
article-?(?:body|content|text|detail|main|inner) articlebody story-?(?:body|content|text) storybody
post-?(?:body|content|text) entry-?(?:content|body|text) news-?(?:body|content|text|detail)
detail-?(?:content|body|text) content-?(?:body|detail|text) body-?(?:content|copy|text) main-?(?:content|text)
maincontent paragraphs? rich-?text text-?body wysiwyg fck-?detail noi-?dung cms-?body articletext
""")
"""Boxes of the text itself."""
PAYWALL_NAMES = _compile_names(r"""
pay-?wall\w* piano reg-?wall meter(?:ed)?-?wall premium-?(?:only|content|teaser|wall)?
subscribers?-?(?:only|content|wall)
abo-?(?:box|wall|only)? plus-?(?:only|wall|teaser) locked(?:-content)? article-?(?:locked|restricted) gated(?:-content)?
""")
"""Boxes of what asks for money, or that hold what is only for those who paid."""


def split_camel_case(hint: str) -> str:
    """Take camel humps apart, so that ``relatedArticles`` reads like ``related-articles``."""
    return hint if hint.islower() else _CAMEL_CASE_BOUNDARY.sub("-", hint).lower()
