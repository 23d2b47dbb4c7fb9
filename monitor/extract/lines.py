"""What a single line says of itself: a date, a byline, a credit, a dateline, a word to the reader, or news.

Phrases of many languages stand side by side, an underscore for the space between words.
"""

import re

import re2

from monitor.text.months import MONTHS

_PLEAS = r"""
subscribe_(?:to|now|today|for|here) sign_up follow_(?:us|me|our|\w+(?:_\w+)?_on)\b join_(?:us|our)
download_(?:the|our) click_here tap_here
get_(?:our|access|the_(?:latest|best)|more)\b.{0,80}(?:newsletter|inbox|email|daily|app|subscription)
read_(?:more|also|next|on|the_(?:full|original))\b see_also
(?:additional_)?(?:reporting|writing|editing|graphics?|research)_by\b[^.]{0,120}$
(?:additional_)?(?:reporting|writing|research)_by\b.{0,200}\b(?:edit|writ|report)ing_by\b
(?:compiled|edited|translated)_by\b[^.]{0,80}$
with_(?:reports?|files|reporting|information|material)_(?:from|by)\b[^.]{0,80}$ redaktion\s*: our_standards\s*:
got_a_(?:story|tip) follow_along_with for_more_(?:stories|news|on_this) check_out_(?:more|our|the_latest)
(?:atenção|attention|achtung|hinweis|note)\W+(?:comments|comentários|comentarios|commentaires|kommentare)\b
empfohlener_redaktioneller ich_bin_(?:damit_)?einverstanden sie_sind_bereits_\w+\? déjà_abonné ya_eres_suscriptor
don['’]t_miss\s*:?$ register\W+sign_in this_content_is_(?:reserved|only|hosted|provided)
also_read related(?:_stories|_news|_articles)?\s*(?::|$) explore_further
more_(?:from|on_this|like_this) more: watch(?:_now|_live|_more|:) listen(?:_now|_here|:) share_(?:this|on) tell_us_what
let_us_know have_(?:a|your)_(?:tip|say|story) e-?mail_(?:us|\w+_\w+_at) (?:contact|reach)_(?:us|the_author)
we_want_to_hear support_our donate_(?:now|to|today) become_a_member already_a_subscriber log_?in\b
create_(?:an|a_free)_account article_content story_continues continue_reading skip_(?:to|ad)
we_apologi[sz]e first_published originally_published
this_(?:article|story|document|material)_(?:was_(?:first|originally)|is_subject|originally|first) note:_we citation:
copyright_(?:©|\(c\)|\d) © \(c\)\s*\d{4} all_rights_reserved comments?(?:_are_closed|\s*[:(]|$)
leave_a_(?:comment|reply) tags?\s*: topics?\s*: filed_under keywords?\s*: reactions?\s*: share\s*: back_to_top
lesen_sie_(?:auch|mehr|hier) mehr_(?:zum_thema|dazu|lesen|infos) auch_interessant jetzt_(?:abonnieren|lesen)
zum_(?:thema|artikel)\s*: alle_rechte dieses_thema_im_programm externer_inhalt an_dieser_stelle_find
lire_aussi à_lire voir_aussi abonnez-vous tous_droits inscrivez-vous lea_también leer_más te_puede_interesar
noticia_relacionada más_información suscríbe síguenos leia_(?:também|mais) veja_(?:também|mais) assine\b
leggi_(?:anche|tutto) iscriviti lees_ook lees_meer les_også læs_også läs_(?:mer|också) czytaj_(?:też|także|więcej)
čtěte_také читайте_также подпис(?:ывайтесь|аться) baca_juga simak ikuti_(?:kami|berita|saluran)
dapatkan_(?:update|berita) xem_thêm đọc_thêm tin_liên_quan mời_(?:quý|bạn)_ theo_dõi_(?:chúng_tôi|báo|kênh|trang)
อ่าน(?:เพิ่มเติม|ต่อ|ข่าว) ข่าวที่เกี่ยวข้อง ອ່ານ(?:ຕໍ່|ເພີ່ມ) ຂ່າວທີ່ກ່ຽວຂ້ອງ អាន(?:បន្ត|ផងដែរ)
相关(?:阅读|新闻) 延伸阅读 推荐阅读 責任編輯 责任编辑 関連(?:記事|ニュース) あわせて読みたい 무단전재 관련기사
اقرأ_أيضا إقرأ_أيضا
"""
_LABELS = r"""
subscribe advertis?ement sponsored promoted loading recommended trending most_(?:read|popular|viewed) donate copyright
werbung anzeige newsletter jetzt_testen an_dieser_stelle publicité publicidad publicidade pubblicità annons reklama
реклама simak ikuti dapatkan quảng_cáo theo_dõi 更多 関連
"""
_START = r"^(?:(?![\"'“”‘’«»„])[\W_])*"  # what is quoted was said by somebody
_PLEA = re.compile(rf"{_START}(?:{'|'.join(_PLEAS.split()).replace('_', ' ')})", re.IGNORECASE)
_LABEL = re.compile(rf"{_START}(?:{'|'.join(_LABELS.split()).replace('_', ' ')})", re.IGNORECASE)
_LABELLED = 80  # characters: a longer line that begins with such a word, or a sentence, is about it
_OFFERS = r"""
click_here tap_here sign_?(?:ing)?_up_(?:for|to) subscribe_(?:to|now|today) unsubscribe privacy_(?:policy|notice)
terms_(?:of_service|and_conditions) contributed_to_this_(?:report|story|article) delivered_(?:to|through)_your
(?:to|in)_your_inbox datenschutz(?:erklärung|richtlinie|hinweise) politique_de_confidentialité
política_de_privacidad chính_sách_bảo_mật ^https?://\S+$
(?:our|free|unser\w*|notre|nuestr[ao]|nossa)_(?:\w+_){0,2}newsletter
\b(?:follow|join|abonni\w*|folgst|subscribe|suscríb\w*|siga|suivez)_(?:us|our|to_our|du|den|nos|nuestro)\b.{0,40}\bwhatsapp
get_in_touch_(?:with_(?:us|our)|at|via)\b more_stories_like_this unlimited_digital_access
(?:sign_in|register)_to_unlock (?:wochen|monate?)_(?:lang_)?(?:kostenlos|gratis)_(?:testen|lesen)
maschinelle_übersetzung_eine automati(?:sch|siert)_übersetzt \b(?:lest|lies|lesen_sie)_(?:den_|das_)?original
einverstanden,_dass_mir drittplattform mit_einem_klick_anzeigen inhalte?_von_\w+_angezeigt
we_ask_for_your_permission content_provided_by_\w+ enable_javascript javascript_is_(?:disabled|required)
to_(?:view|display)_this_(?:content|embed|video|media|post) accepter_les_cookies aceptar_(?:las_)?cookies
\b(?:e-?mail|contact|touch|write_to|tips?|kontakt\w*|schreiben|escr[ií]b\w*|correo|hubungi|liên_hệ)\b.{0,60}\S@\w\S*\.\w\w
"""
_SUMS = (
    "summary|zusammenfassung|sammendrag|sammanfattning|résumé|resumen|resumo|riassunto|samenvatting|ringkasan|tóm tắt"
)
_MADE = (
    "generated|created|written|made|erstellt|erzeugt|generiert|lage[td]|gjord|généré|generad[oa]|gerado|creat[oa]|"
    "dibuat|tạo"
)
_MACHINE = r"\bai\b|\bki\b|\bia\b|chatgpt|artifi\w+|trí tuệ nhân tạo|künstlich\w*|kunstig\w*|automati\w*|machine"
_MACHINE_MADE = re2.compile(
    rf"(?i)(?:{_SUMS}).{{0,50}}(?:(?:{_MADE}).{{0,40}}(?:{_MACHINE})|(?:{_MACHINE}).{{0,20}}(?:{_MADE}))"
)
_OFFER = re2.compile(rf"(?i)(?:{'|'.join(_OFFERS.split()).replace('_', ' ')})")
_SALES = r"""
subscri abonn \babos?\b newsletter e-?paper sign_(?:in|up) register log_?in\b whatsapp free_(?:trial|account) donat
become_a_member membership kostenlos gratis probelesen spenden suscr assin[ea] iscriv đăng_ký berlangganan подпис
會員 会員 订阅 購読 สมัคร
"""
_SALE = re2.compile(rf"(?i)(?:{'|'.join(_SALES.split()).replace('_', ' ')})")
_BIOGRAPHY = re2.compile(
    r"(?i)^(?:[^.]{3,80} )?(?:is|are) an? [^.]{0,60}\b(?:reporter|correspondent|journalist|columnist|writer|"
    r"editor|professor|lecturer|fellow|researcher|contributor|producer|photographer)s?\b"
)
_RIGHTS = r"""
(?:copying|reproduction|republication|reprinting|redistribution)\b.{0,60}\b(?:allowed|permitted|permission|prohibited|source)
all_rights_reserved alle_rechte_vorbehalten tous_droits todos_los_derechos todos_os_direitos ghi_rõ_nguồn
bản_quyền_thuộc giấy_phép_(?:số|xuất_bản|hoạt_động|thiết_lập) 版权所有 转载请 無断転載 무단_?전재 สงวนลิขสิทธิ์ ສະຫງວນລິຂະສິດ
rechte_vorbehalten hak_cipta_dilindungi
"""
_IMPRINTS = r"""
\b(?:tel|phone|telephone|telefon|téléphone|teléfono|fax|hotline|điện_thoại|đt|телефон)\b\.?\s*(?:[:：]|\(?\+?\d)
\b(?:address|adresse|dirección|endereço|alamat|địa_chỉ|tòa_soạn|trụ_sở|ที่อยู่|ທີ່ຢູ່|地址|адрес)\s*[:：]
\b(?:editor-in-chief|managing_editor|chefredakteur\w*|tổng_biên_tập|directeur_de_la_publication|pemimpin_redaksi)\b\s*[:：]
\b(?:licen[cs]e|registration)_no\b \bp\.?_?o\.?_box\b \be-?mail\s*[:：] ©
"""
_IMPRINT = re2.compile(rf"(?i)(?:{'|'.join((_RIGHTS + _IMPRINTS).split()).replace('_', ' ')})")
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
_PLACE = 90  # characters within which the dash of a dateline stands
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
    if len(text) < _LABELLED and _LABEL.match(text) and not is_sentence(text):
        return True
    return _PLEA.match(text) is not None or (len(text) < _SHORT and _OFFER.search(text) is not None)


def sells(text: str) -> bool:
    """Tell a word to the reader that offers a subscription, an account or the like: there is more of it around."""
    return _SALE.search(text) is not None


def is_machine_made(text: str) -> bool:
    """Tell the label of a summary that no journalist wrote."""
    return len(text) < _SHORT and _MACHINE_MADE.search(text) is not None


def is_credit(text: str) -> bool:
    """Tell a line that ends with whose picture it is: a caption, wherever it stands."""
    tail = text[-110:].lower()
    return any(map(tail.__contains__, _CREDITED)) and _CREDIT.search(tail) is not None


def is_byline(text: str) -> bool:
    """Tell a line that begins like a byline and is no sentence, or tells the day as well."""
    return _BYLINE.match(text) is not None and (not is_sentence(text) or _YEAR.search(text) is not None)


def is_biography(text: str) -> bool:
    """Tell what stands below a text of its author: "Ann Example is a reporter at ...". Elsewhere it may be news."""
    return len(text) < _SHORT and _BIOGRAPHY.search(text) is not None


def is_imprint(text: str) -> bool:
    """Tell a line of a page's foot: whose rights, which address, which licence. Elsewhere in a text it may be news."""
    return len(text) < 2 * _SHORT and _IMPRINT.search(text) is not None


def is_stamp(text: str) -> bool:
    """Tell a line that says little more than a date."""
    if sum(map(str.isdigit, text)) < 3:
        return False
    words = [word for word in _LETTERS.findall(_STAMP.sub(" ", text)) if word.casefold() not in MONTHS]
    return sum(map(len, words)) <= 6


def is_stamped(text: str) -> bool:
    """Tell a line of facts beside the headline: fields between bars, or a date with hardly a sentence around it."""
    return not is_sentence(text) and (text.count("|") + text.count(" • ") >= 2 or _YEAR.search(text) is not None)


def _has_dash(text: str) -> bool:
    """Tell whether there is anything for the patterns of datelines and signatures to find; they are slow to say no."""
    return "-" in text or "—" in text or "–" in text


def split_dateline(text: str) -> tuple[str, str, str]:
    """Split the first paragraph into dateline, rest, and the agency that the dateline names.

    "HANOI (VNA) — The" gives "HANOI (VNA) —", "The" and "VNA". Without a dateline the first part is empty.
    """
    match = _WIRE.match(text)
    if match:
        return match[0].strip(), text[match.end() :], ""
    match = _DASHED.match(text) if _has_dash(text[:_PLACE]) else None
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
    at = max(0, len(text) - 60)
    match = _SIGNED.search(text, at) if _has_dash(text[at:]) else None
    if match and is_sentence(text[: match.start()]):
        return text[: match.start()], match[1]
    return text, ""
