"""What helps against the usual failures of a source: one sentence each, for the person who keeps sources.yaml."""

from monitor.domain.exchange import Failed, Fault

FIND_FEED = "open the address in a browser; `monitor discover` finds where the feed is now"
MEND_LAYOUT = "look at the page and mend the source's selectors (`items`, `link`)"
LET_IN = "ask the outlet to let this program's User-Agent in, or use another feed or sitemap of the outlet"
LOG_IN = "give the source the headers of a subscription (`headers:`), or use a public feed of the outlet"
ROBOTS = "use a feed of the outlet, or ask the outlet"
GONE = "remove the source, or find its new address with `monitor discover`; it is asked again once a week"

_THEIRS = "wait: it is asked again, and the outlet has to mend it if it lasts"
_FAULTS = {
    Fault.NAME: "see whether the host is spelled right, and whether this machine is online and its name server answers",
    Fault.UNREACHABLE: (
        "see whether the address opens in a browser; if it does, a firewall or the outlet keeps this machine out"
    ),
    Fault.SLOW: "wait: it is asked again; if it lasts, see whether the address opens in a browser",
    Fault.CERTIFICATE: (
        "open the address in a browser: if it warns, too, the outlet has to mend it; "
        "if not, see to this machine's date and CA certificates"
    ),
    Fault.FORBIDDEN: "if this is a server of yours, name its network in `settings.allow_networks`",
    Fault.REDIRECT: FIND_FEED,
    Fault.LAYOUT: MEND_LAYOUT,
    Fault.BROKEN: _THEIRS,
}
_STATUSES = {400: FIND_FEED, 404: FIND_FEED, 406: FIND_FEED, 429: "raise the source's `every`"}


def remedy_of(outcome: Failed) -> str:
    """Return what helps, or an empty text where nothing is known to."""
    by_status = _STATUSES.get(outcome.status) or (_THEIRS if outcome.status >= 500 else "")
    return by_status or _FAULTS.get(outcome.fault, "")
