"""Detection of bot walls: challenge pages, consent pages and cookie gates that are served instead of the content."""

import re
from collections.abc import Mapping

_WALL_PRODUCTS: tuple[tuple[str, str], ...] = (
    (
        r"cf-chl|challenge-platform|cf_chl_opt|Just a moment\.\.\.|cf-browser-verification|cf-error-details",
        "Cloudflare",
    ),
    (r"Making sure you(?:'|&#39;|&#x27;|’)re not a bot|\.within\.website|anubis_challenge", "Anubis"),
    (r"captcha-delivery\.com|datadome", "DataDome"),
    (r"_Incapsula_Resource|Incapsula incident", "Imperva"),
    (r"errors\.edgesuite\.net|Reference&#32;&#35;|akamai(?:-bm|_bot|\.com/challenge)|sec-if-cpt-container", "Akamai"),
    (r"sucuri_cloudproxy|Sucuri WebSite Firewall", "Sucuri"),
    (r"px-captcha|_pxAppId", "HUMAN"),
    (r"ddos-guard", "DDoS-Guard"),
    (r"awsWafCookieDomainList|AwsWafIntegration|aws-waf-token", "AWS WAF"),
    (r"__ddg\d_|vddos|vedge|__test=|slowAES", "a cookie script"),
    (r"friendlycaptcha|hcaptcha\.com/1/api|recaptcha/api\.js\?[^\"']*render|g-recaptcha|cf-turnstile", "a captcha"),
)
_WALL_PATTERNS = [(re.compile(pattern, re.IGNORECASE), name) for pattern, name in _WALL_PRODUCTS]
_CONSENT_WALL = re.compile(
    r"consent\.(?:google|yahoo|youtube)\.|/consent[/?\"']|cookiewall|cookie-wall|consent-(?:wall|page)|"
    r"before you continue|collectConsent|privacy-?(?:wall|gate)|sourcepoint|didomi[^<]{0,40}wall",
    re.IGNORECASE,
)
_COOKIE_RELOAD = re.compile(
    r"document\.cookie\s*=.{0,2000}?(?:location\.(?:reload|href|replace)|location\s*=)", re.IGNORECASE | re.DOTALL
)
_SCRIPT_ONLY = re.compile(r"enable (?:javascript|cookies)|javascript is (?:required|disabled)", re.IGNORECASE)


def find_wall(html: str) -> str:
    """Return a description of the bot wall in an HTML page, such as "consent page", or an empty string.

    A bot wall is a page that a server sends instead of the content, to keep programs away or to ask for consent.
    """
    head = html[:60_000]
    for pattern, name in _WALL_PATTERNS:
        if pattern.search(head):
            return f"challenge page of {name}" if name[0].isupper() else f"challenge page with {name}"
    if len(html) < 8_000 and _COOKIE_RELOAD.search(head):
        return "cookie gate run by a script"
    if _CONSENT_WALL.search(head):
        return "consent page"
    if len(html) < 8_000 and _SCRIPT_ONLY.search(head):
        return "page that asks for a browser"
    return ""


def find_wall_in_headers(headers: Mapping[str, str]) -> str:
    """Return a description of the challenge page that response headers reveal, or an empty string."""
    if headers.get("cf-mitigated", "") == "challenge":
        return "challenge of Cloudflare"
    if headers.get("x-datadome", "") or "datadome" in headers.get("set-cookie", "").lower():
        return "challenge of DataDome"
    if headers.get("x-amzn-waf-action", ""):
        return "challenge of AWS WAF"
    if headers.get("x-iinfo", ""):
        return "challenge of Imperva"
    if "sucuri" in headers.get("server", "").lower() and headers.get("x-sucuri-block", ""):
        return "block by Sucuri"
    return ""
