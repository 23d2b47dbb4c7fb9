"""What a single line says of itself: a date, a byline, a credit, a dateline, a word to the reader, or news.

Phrases of many languages stand side by side, an underscore for the space between words.
"""

import re

from monitor.text.months import MONTHS

_PLEAS = r"""
subscribe sign_up follow_(?:us|me|our|\w+(?:_\w+)?_on)\b join_(?:us|our) download_(?:the|our) click_here tap_here
get_(?:our|access|the_(?:latest|best)|more)\b.{0,80}(?:newsletter|inbox|email|daily|app)
read_(?:more|also|next|on|the_(?:full|original)) see_also
also_read related(?:_stories|_news|_articles)?\s*: explore_further
more_(?:from|on_this|like_this) more: watch(?:_now|_live|_more|:) listen(?:_now|_here|:) share_(?:this|on) tell_us_what
let_us_know have_(?:a|your)_(?:tip|say|story) e-?mail_(?:us|\w+_\w+_at) (?:contact|reach)_(?:us|the_author)
we_want_to_hear support_our donate become_a_member already_a_subscriber log_?in create_(?:an|a_free)_account
advertis?ement sponsored promoted article_content story_continues continue_reading skip_(?:to|ad) loading
recommended(?:_for_you)? trending most_(?:read|popular|viewed) we_apologi[sz]e first_published originally_published
this_(?:article|story|document|material)_(?:was_(?:first|originally)|is_subject|originally|first) note:_we citation:
copyright © \(c\)\s*\d{4} all_rights_reserved comments?(?:_are_closed|\s*[:(]|$) leave_a_(?:comment|reply) tags?\s*:
topics?\s*: filed_under keywords?\s*: reactions?\s*: share\s*: back_to_top
werbung anzeige lesen_sie_(?:auch|mehr|hier) mehr_(?:zum_thema|dazu|lesen|infos) auch_interessant newsletter
jetzt_(?:abonnieren|lesen|testen) zum_(?:thema|artikel)\s*: alle_rechte dieses_thema_im_programm externer_inhalt
an_dieser_stelle lire_aussi à_lire voir_aussi abonnez-vous publicité tous_droits inscrivez-vous
lea_también leer_más te_puede_interesar noticia_relacionada más_información suscríbe síguenos publicidad
leia_(?:também|mais) veja_(?:também|mais) publicidade assine leggi_(?:anche|tutto) iscriviti pubblicità lees_ook
lees_meer les_også læs_også läs_(?:mer|också) annons czytaj_(?:też|także|więcej) reklama čtěte_také читайте_также
подпис(?:ывайтесь|аться) реклама baca_juga simak ikuti dapatkan xem_thêm đọc_thêm tin_liên_quan mời_(?:quý|bạn)_
quảng_cáo theo_dõi อ่าน(?:เพิ่มเติม|ต่อ|ข่าว) ข่าวที่เกี่ยวข้อง ອ່ານ(?:ຕໍ່|ເພີ່ມ) ຂ່າວທີ່ກ່ຽວຂ້ອງ អាន(?:បន្ត|ផងដែរ)
相关(?:阅读|新闻) 延伸阅读 推荐阅读 更多 責任編輯 责任编辑 関連(?:記事|ニュース) あわせて読みたい 関連 무단전재 관련기사
اقرأ_أيضا إقرأ_أيضا
"""
_PLEA = re.compile(rf"^[\W_]*(?:{'|'.join(_PLEAS.split()).replace('_', ' ')})", re.IGNORECASE)
_OFFER = re.compile(
    r"click here|tap here|sign up (?:for|to)|subscribe (?:to|now|today)|unsubscribe|privacy (?:policy|notice)|"
    r"terms (?:of service|and conditions)|contributed to this (?:report|story|article)|delivered (?:to|through) your|"
    r"(?:to|in) your inbox|datenschutz(?:erklärung|richtlinie|hinweise)|politique de confidentialité|"
    r"política de privacidad|chính sách bảo mật|^https?://\S+$",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:by|von|por|par|di|door|av|af|oleh|tekst|text|(?:reporting|written) by|theo|bài|ข่าว|ຂ່າວ|記者|记者)\s*:?\s+\S",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:[©Ⓒⓒ]|\(c\)|\b(?:photos?|fotos?|image|picture|bild|ảnh|ภาพ|ພາບ|file photo|photograph|credit|courtesy)"
    r"\s*(?:[:/]|by\b|credit\b|courtesy\b)|getty images|shutterstock|istock|picture alliance|ap photo|"
    r"\b(?:afp|reuters|epa|vna|vns|xinhua|ttxvn)\s*(?:/\s*\w+\s*)?(?:photo|via)|[—–-]\s*\S+\s+photos?\b).{0,60}$|"
    r"\([^()/]{2,40}/[^()]{2,40}\)$",
    re.IGNORECASE,
)
_CREDITED = (  # one of these stands in every credit; looking for them first is ten times cheaper
    *("©", "ⓒ", "(c)", "photo", "foto", "image", "picture", "bild", "ảnh", "ภาพ", "ພາບ", "credit", "courtesy", "getty"),
    *("shutterstock", "istock", " via", "/"),
)
_SHORT = 300  # characters: a longer line that mentions an offer is about it
_STAMPS = r"""
published updated posted created modified last first on at the um uhr am pm a\.m p\.m gmt utc est edt bst cet cest
ist pt et date erstellt veröffentlicht aktualisiert stand publié mis
à jour le publicado actualizado el a las hrs? pubblicato il
alle dernière lesedauer minuten? minutes? min read reading time ngày cập nhật lúc giờ tháng năm monday tuesday wednesday
thursday friday saturday sunday mon tues? wed thu thurs? fri sat sun thứ hai ba tư bảy sáu chủ montag dienstag mittwoch
donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves
viernes sábado domingo th st nd rd de of source
"""
_STAMP = re.compile(rf"\b(?:{'|'.join(_STAMPS.split())})\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-/.年]|(?!\d))")
_LETTERS = re.compile(r"[^\W\d_]+")
_END = re.compile(r"[.!?…。！？।။៖](?:[\"'”’»」』)\]]|\s)*$")
_DASHED = re.compile(r"^(.{2,80}?)\s*(?:[—–]|--|(?<=[\s)])-)\s*(?=\S)")
_WIRE = re.compile(r"^.{2,14}\d{1,2}月\d{1,2}日电\s*(?:题：|[（(].{2,12}[）)])?\s*")
_IN_BRACKETS = re.compile(r"\s*\(([A-ZĐ][\w .&/+-]{1,24})\)\s*$")
_DAY = re.compile(r",?\s*(?:\d{1,2}\s+)?[^\W\d_]{3,10}\.?\s*(?:\d{1,2})?(?:,?\s*\d{4})?$")
_SIGNED = re.compile(r"\s*(?:[—–]|--|\s-)\s*([A-ZĐ]{2,8}(?:\s?/\s?[A-ZĐ][\w+]{1,14})*)\s*(?:\./?\.?)?$")
_ALONE = re.compile(
    r"^\(?(?:(?:source|nguồn|theo|fuente|quelle|según)\s*:?\s*)?([A-ZĐ]{2,8}(?:\s?/\s?[A-ZĐ][\w+]{1,14})*)\)?\.?$",
    re.IGNORECASE,
)


def is_sentence(text: str) -> bool:
    """Tell whether a line ends as sentences do."""
    return _END.search(text[-12:]) is not None


def speaks_to_reader(text: str) -> bool:
    """Tell a line that asks, sells or labels instead of reporting."""
    return _PLEA.match(text) is not None or (len(text) < _SHORT and _OFFER.search(text) is not None)


def is_credit(text: str) -> bool:
    """Tell a line that ends with whose picture it is: a caption, wherever it stands."""
    tail = text[-110:].lower()
    return any(word in tail for word in _CREDITED) and _CREDIT.search(tail) is not None


def is_byline(text: str) -> bool:
    """Tell a line that begins like a byline and is no sentence, or tells the day as well."""
    return _BYLINE.match(text) is not None and (not is_sentence(text) or _YEAR.search(text) is not None)


def is_stamp(text: str) -> bool:
    """Tell a line that says little more than a date."""
    if sum(map(str.isdigit, text)) < 3:
        return False
    words = [word for word in _LETTERS.findall(_STAMP.sub(" ", text)) if word.casefold() not in MONTHS]
    return sum(map(len, words)) <= 6


def is_stamped(text: str) -> bool:
    """Tell a line of facts beside the headline: fields between bars, or a date with hardly a sentence around it."""
    return not is_sentence(text) and (text.count("|") + text.count(" • ") >= 2 or _YEAR.search(text) is not None)


def split_dateline(text: str) -> tuple[str, str, str]:
    """Split the first paragraph into dateline, rest, and the agency that the dateline names.

    "HANOI (VNA) — The" gives "HANOI (VNA) —", "The" and "VNA". Without a dateline the first part is empty.
    """
    match = _WIRE.match(text)
    if match:
        return match[0].strip(), text[match.end() :], ""
    match = _DASHED.match(text)
    if not match:
        return "", text, ""
    place, agency = match[1].strip(), ""
    named = _IN_BRACKETS.search(f" {place}")
    if named:
        agency = named[1]
        place = place[: max(0, named.start() - 1)].strip()
    rest = text[match.end() :]
    if rest[:1].islower() or not _is_place(place, agency):
        return "", text, ""
    return text[: match.end()].strip(), rest, agency


def _is_place(place: str, agency: str) -> bool:
    """Tell places in capitals, with a day behind them; beside an agency small letters do, and nothing at all."""
    if place and place != place.upper():
        day = _DAY.search(place)
        month = day and any(word.casefold() in MONTHS for word in _LETTERS.findall(day[0]))
        place = place[: day.start()] if day and month else place
    letters = "".join(_LETTERS.findall(place))
    if not letters:
        return bool(agency)
    if place == place.upper():
        return len(letters) >= 3 and letters.lower() != letters and len(place.split()) <= 6
    return bool(agency) and len(place.split()) <= 5 and place[:1].isupper()


def split_credit(text: str) -> tuple[str, str]:
    """Cut the agency's signature off the last paragraph: "... in each country. — VNA/VNS"."""
    alone = _ALONE.match(text)
    if alone and (alone[1].isupper() or "/" in alone[1]):
        return "", alone[1]
    match = _SIGNED.search(text, max(0, len(text) - 60))
    if match and is_sentence(text[: match.start()]):
        return text[: match.start()], match[1]
    return text, ""
