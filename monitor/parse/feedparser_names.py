"""XML elements and namespaces that feedparser handles specially; ``fast_xml.py`` maps or rejects them.

The names are copied from feedparser 6.0, which publishes no list of them. ``PREFIX_BY_NAMESPACE`` has the prefix that
feedparser uses for each namespace. ``UNSUPPORTED_ELEMENTS`` has the elements whose handling the fast parser does not
reproduce. `tests/unit/parse/test_fast_xml.py` compares the results of both parsers.
"""

_NAMESPACES_BY_PREFIX = {
    "": (
        "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://example.com/newformat#",
        "http://example.com/necho",
        "http://purl.org/echo/",
        "uri/of/echo/namespace#",
        "http://purl.org/pie/",
        "http://purl.org/atom/ns#",
        "http://www.w3.org/2005/atom",
        "http://purl.org/rss/1.0/modules/rss091#",
    ),
    "admin": ("http://webns.net/mvcb/",),
    "ag": ("http://purl.org/rss/1.0/modules/aggregation/",),
    "annotate": ("http://purl.org/rss/1.0/modules/annotate/",),
    "audio": ("http://media.tangent.org/rss/1.0/",),
    "blogChannel": ("http://backend.userland.com/blogchannelmodule",),
    "cc": (
        "http://creativecommons.org/ns#license",
        "http://web.resource.org/cc/",
    ),
    "creativeCommons": (
        "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html",
        "http://backend.userland.com/creativecommonsrssmodule",
    ),
    "co": ("http://purl.org/rss/1.0/modules/company",),
    "content": ("http://purl.org/rss/1.0/modules/content/",),
    "cp": ("http://my.theinfo.org/changed/1.0/rss/",),
    "dc": ("http://purl.org/dc/elements/1.1/",),
    "dcterms": ("http://purl.org/dc/terms/",),
    "email": ("http://purl.org/rss/1.0/modules/email/",),
    "ev": ("http://purl.org/rss/1.0/modules/event/",),
    "feedburner": ("http://rssnamespace.org/feedburner/ext/1.0",),
    "fm": ("http://freshmeat.net/rss/fm/",),
    "foaf": ("http://xmlns.com/foaf/0.1/",),
    "geo": ("http://www.w3.org/2003/01/geo/wgs84_pos#",),
    "georss": ("http://www.georss.org/georss",),
    "gml": ("http://www.opengis.net/gml",),
    "icbm": ("http://postneo.com/icbm/",),
    "image": ("http://purl.org/rss/1.0/modules/image/",),
    "itunes": (
        "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "http://example.com/dtds/podcast-1.0.dtd",
    ),
    "l": ("http://purl.org/rss/1.0/modules/link/",),
    "media": (
        "http://search.yahoo.com/mrss",
        "http://search.yahoo.com/mrss/",
    ),
    "pingback": ("http://madskills.com/public/xml/rss/module/pingback/",),
    "prism": ("http://prismstandard.org/namespaces/1.2/basic/",),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "rdfs": ("http://www.w3.org/2000/01/rdf-schema#",),
    "ref": ("http://purl.org/rss/1.0/modules/reference/",),
    "reqv": ("http://purl.org/rss/1.0/modules/richequiv/",),
    "search": ("http://purl.org/rss/1.0/modules/search/",),
    "slash": ("http://purl.org/rss/1.0/modules/slash/",),
    "soap": ("http://schemas.xmlsoap.org/soap/envelope/",),
    "ss": ("http://purl.org/rss/1.0/modules/servicestatus/",),
    "str": ("http://hacks.benhammersley.com/rss/streaming/",),
    "sub": ("http://purl.org/rss/1.0/modules/subscription/",),
    "sy": ("http://purl.org/rss/1.0/modules/syndication/",),
    "szf": ("http://schemas.pocketsoap.com/rss/mydescmodule/",),
    "taxo": ("http://purl.org/rss/1.0/modules/taxonomy/",),
    "thr": ("http://purl.org/rss/1.0/modules/threading/",),
    "ti": ("http://purl.org/rss/1.0/modules/textinput/",),
    "trackback": ("http://madskills.com/public/xml/rss/module/trackback/",),
    "wfw": ("http://wellformedweb.org/commentapi/",),
    "wiki": ("http://purl.org/rss/1.0/modules/wiki/",),
    "xhtml": ("http://www.w3.org/1999/xhtml",),
    "xlink": ("http://www.w3.org/1999/xlink",),
    "xml": ("http://www.w3.org/xml/1998/namespace",),
    "psc": ("http://podlove.org/simple-chapters",),
}
PREFIX_BY_NAMESPACE = {uri: prefix for prefix, uris in _NAMESPACES_BY_PREFIX.items() for uri in uris} | {"": ""}
"""Maps each XML namespace (in lower case) to the prefix that feedparser uses for it.

The prefix is empty for the namespaces of RSS and Atom.
"""

UNSUPPORTED_ELEMENTS = frozenset(
    """
    abstract authors body channel cloud created creativeCommons_license dc_author dc_description dc_title
    dcterms_created email entries entry feed fullitem georss_box georss_line georss_polygon georss_where
    gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos gml_poslist homepage image info
    item itunes_author itunes_email itunes_link itunes_name itunes_subtitle itunes_summary language
    lastbuilddate links managingeditor media_description media_title name newlocation psc_chapter psc_chapters
    rss subtitle tagline tags textInput textinput uri url webmaster xhtml_body
    """.split()  # noqa: SIM905 - more readable than a long list
)
"""Names of elements that the fast parser must reject, because feedparser handles them in a way of its own.

A name consists of the prefix of the namespace, an underscore and the local name.
"""
