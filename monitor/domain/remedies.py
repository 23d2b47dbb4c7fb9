"""What helps against the usual failures of a source: one sentence each, for the person who keeps sources.yaml."""

from monitor.domain.exchange import Failed, FailureCause

SUGGEST_FIND_FEED = "open the address in a browser; `monitor discover` finds where the feed is now"
SUGGEST_FIX_SELECTORS = "look at the page and mend the source's selectors (`items`, `link`)"
SUGGEST_ASK_ACCESS = "ask the outlet to let this program's User-Agent in, or use another feed or sitemap of the outlet"
SUGGEST_SUBSCRIPTION_HEADERS = (
    "give the source the headers of a subscription (`headers:`), or use a public feed of the outlet"
)
SUGGEST_ALLOWED_FEED = "use a feed of the outlet, or ask the outlet"
SUGGEST_REMOVE_SOURCE = (
    "remove the source, or find its new address with `monitor discover`; it is asked again once a week"
)

_SUGGEST_WAIT = "wait: it is asked again, and the outlet has to mend it if it lasts"
_SUGGESTIONS_BY_CAUSE = {
    FailureCause.NAME_LOOKUP: "see whether the host is spelled right, "
    "and whether this machine is online and its name server answers",
    FailureCause.UNREACHABLE: (
        "see whether the address opens in a browser; if it does, a firewall or the outlet keeps this machine out"
    ),
    FailureCause.TIMEOUT: "wait: it is asked again; if it lasts, see whether the address opens in a browser",
    FailureCause.CERTIFICATE: (
        "open the address in a browser: if it warns, too, the outlet has to mend it; "
        "if not, see to this machine's date and CA certificates"
    ),
    FailureCause.FORBIDDEN_ADDRESS: "if this is a server of yours, name its network in `settings.allow_networks`",
    FailureCause.REDIRECT: SUGGEST_FIND_FEED,
    FailureCause.LAYOUT_CHANGED: SUGGEST_FIX_SELECTORS,
    FailureCause.MALFORMED: _SUGGEST_WAIT,
}
_SUGGESTIONS_BY_STATUS = {
    400: SUGGEST_FIND_FEED,
    404: SUGGEST_FIND_FEED,
    406: SUGGEST_FIND_FEED,
    429: "raise the source's `every`",
}


def suggestion_for(failure: Failed) -> str:
    """Return what helps, or an empty text where nothing is known to."""
    by_status = _SUGGESTIONS_BY_STATUS.get(failure.status) or (_SUGGEST_WAIT if failure.status >= 500 else "")
    return by_status or _SUGGESTIONS_BY_CAUSE.get(failure.cause, "")
