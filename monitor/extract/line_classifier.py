"""Classification of single lines: date line, byline, credit, dateline, appeal to the reader, imprint or sentence.

The phrase lists mix many languages; an underscore means a space between words.
"""

import re

import re2

from monitor.text.dates import MONTH_NUMBERS

_APPEAL_PHRASES = r"""
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
_LABEL_PHRASES = r"""
subscribe advertis?ement sponsored promoted loading recommended trending most_(?:read|popular|viewed) donate copyright
werbung anzeige newsletter jetzt_testen an_dieser_stelle publicité publicidad publicidade pubblicità annons reklama
реклама simak ikuti dapatkan quảng_cáo theo_dõi 更多 関連
"""
_LINE_START = r"^(?:(?![\"'“”‘’«»„])[\W_])*"  # a quoted phrase is a statement in the news, not a label
_APPEAL = re.compile(rf"{_LINE_START}(?:{'|'.join(_APPEAL_PHRASES.split()).replace('_', ' ')})", re.IGNORECASE)
_LABEL = re.compile(rf"{_LINE_START}(?:{'|'.join(_LABEL_PHRASES.split()).replace('_', ' ')})", re.IGNORECASE)
_MAX_LABEL_CHARS = 80  # characters; a longer line or a sentence that begins with a label word is text about the subject
_OFFER_PHRASES = r"""
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
_SUMMARY_WORDS = (
    "summary|zusammenfassung|sammendrag|sammanfattning|résumé|resumen|resumo|riassunto|samenvatting|ringkasan|tóm tắt"
)
_MADE_WORDS = (
    "generated|created|written|made|erstellt|erzeugt|generiert|lage[td]|gjord|généré|generad[oa]|gerado|creat[oa]|"
    "dibuat|tạo"
)
_MACHINE_WORDS = r"\bai\b|\bki\b|\bia\b|chatgpt|artifi\w+|trí tuệ nhân tạo|künstlich\w*|kunstig\w*|automati\w*|machine"
_MACHINE_SUMMARY_LABEL = re2.compile(
    rf"(?i)(?:{_SUMMARY_WORDS}).{{0,50}}(?:(?:{_MADE_WORDS}).{{0,40}}(?:{_MACHINE_WORDS})|(?:{_MACHINE_WORDS}).{{0,20}}(?:{_MADE_WORDS}))"
)
_OFFER = re2.compile(rf"(?i)(?:{'|'.join(_OFFER_PHRASES.split()).replace('_', ' ')})")
_SALES_PHRASES = r"""
subscri abonn \babos?\b newsletter e-?paper sign_(?:in|up) register log_?in\b whatsapp free_(?:trial|account) donat
become_a_member membership kostenlos gratis probelesen spenden suscr assin[ea] iscriv đăng_ký berlangganan подпис
會員 会員 订阅 購読 สมัคร
"""
_SALES_PITCH = re2.compile(rf"(?i)(?:{'|'.join(_SALES_PHRASES.split()).replace('_', ' ')})")
_BIOGRAPHY = re2.compile(
    r"(?i)^(?:[^.]{3,80} )?(?:is|are) an? [^.]{0,60}\b(?:reporter|correspondent|journalist|columnist|writer|"
    r"editor|professor|lecturer|fellow|researcher|contributor|producer|photographer)s?\b"
)
_RIGHTS_PHRASES = r"""
(?:copying|reproduction|republication|reprinting|redistribution)\b.{0,60}\b(?:allowed|permitted|permission|prohibited|source)
all_rights_reserved alle_rechte_vorbehalten tous_droits todos_los_derechos todos_os_direitos ghi_rõ_nguồn
bản_quyền_thuộc giấy_phép_(?:số|xuất_bản|hoạt_động|thiết_lập) 版权所有 转载请 無断転載 무단_?전재 สงวนลิขสิทธิ์ ສະຫງວນລິຂະສິດ
rechte_vorbehalten hak_cipta_dilindungi
"""
_IMPRINT_PHRASES = r"""
\b(?:tel|phone|telephone|telefon|téléphone|teléfono|fax|hotline|điện_thoại|đt|телефон)\b\.?\s*(?:[:：]|\(?\+?\d)
\b(?:address|adresse|dirección|endereço|alamat|địa_chỉ|tòa_soạn|trụ_sở|ที่อยู่|ທີ່ຢູ່|地址|адрес)\s*[:：]
\b(?:editor-in-chief|managing_editor|chefredakteur\w*|tổng_biên_tập|directeur_de_la_publication|pemimpin_redaksi)\b\s*[:：]
\b(?:licen[cs]e|registration)_no\b \bp\.?_?o\.?_box\b \be-?mail\s*[:：] ©
"""
_IMPRINT = re2.compile(rf"(?i)(?:{'|'.join((_RIGHTS_PHRASES + _IMPRINT_PHRASES).split()).replace('_', ' ')})")
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
_CREDIT_MARKERS = (  # every credit contains one of these; searching for them first is ten times faster
    *("©", "ⓒ", "(c)", "photo", "foto", "image", "picture", "bild", "ảnh", "ภาพ", "ພາບ", "credit", "courtesy", "getty"),
    *("shutterstock", "istock", " via", "/"),
)
_MAX_OFFER_CHARS = 300  # characters; a longer line that mentions an offer is text about it
_DATE_LINE_WORDS = r"""
published updated posted created modified last first on at the um uhr am pm a\.m p\.m gmt utc est edt bst cet cest
ist pt et date erstellt veröffentlicht aktualisiert stand publié mis
à jour le publicado actualizado el a las hrs? pubblicato il
alle dernière lesedauer minuten? minutes? min read reading time ngày cập nhật lúc giờ tháng năm monday tuesday wednesday
thursday friday saturday sunday mon tues? wed thu thurs? fri sat sun thứ hai ba tư bảy sáu chủ montag dienstag mittwoch
donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves
viernes sábado domingo th st nd rd de of source
"""
_DATE_LINE_WORD = re.compile(rf"\b(?:{'|'.join(_DATE_LINE_WORDS.split())})\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-/.年]|(?!\d))")
_LETTER_RUN = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?…。！？।။៖](?:[\"'”’»」』)\]]|\s)*$")
_DASHED_DATELINE = re.compile(r"^(.{2,80}?)\s*(?:[—–]|--|(?<=[\s)])-)\s*(?=\S)")
_MAX_DATELINE_CHARS = 90  # characters within which a dateline has its dash
_CHINESE_DATELINE = re.compile(r"^.{2,14}\d{1,2}月\d{1,2}日电\s*(?:题：|[（(].{2,12}[）)])?\s*")
_BRACKETED_AGENCY = re.compile(r"\s*\(([A-ZĐ][\w .&/+-]{1,24})\)\s*$")
_TRAILING_DATE = re.compile(r",?\s*(?:\d{1,2}\s+)?[^\W\d_]{3,10}\.?\s*(?:\d{1,2})?(?:,?\s*\d{4})?$")
_AGENCY_SIGNATURE = re.compile(r"\s*(?:[—–]|--|\s-)\s*([A-ZĐ]{2,8}(?:\s?/\s?[A-ZĐ][\w+]{1,14})*)\s*(?:\./?\.?)?$")
_STANDALONE_SIGNATURE = re.compile(
    r"^\(?(?:(?:source|nguồn|theo|fuente|quelle|según)\s*:?\s*)?([A-ZĐ]{2,8}(?:\s?/\s?[A-ZĐ][\w+]{1,14})*)\)?\.?$",
    re.IGNORECASE,
)


def is_sentence(text: str) -> bool:
    """Return whether a line ends like a sentence."""
    return _SENTENCE_END.search(text[-12:]) is not None


def is_reader_appeal(text: str) -> bool:
    """Return whether a line addresses the reader (appeal, offer, label) instead of reporting news."""
    if len(text) < _MAX_LABEL_CHARS and _LABEL.match(text) and not is_sentence(text):
        return True
    return _APPEAL.match(text) is not None or (len(text) < _MAX_OFFER_CHARS and _OFFER.search(text) is not None)


def is_sales_pitch(text: str) -> bool:
    """Return whether a line offers a subscription, an account or similar; such lines are part of a promotional box."""
    return _SALES_PITCH.search(text) is not None


def is_machine_summary_label(text: str) -> bool:
    """Return whether a line is the label of a machine-generated summary."""
    return len(text) < _MAX_OFFER_CHARS and _MACHINE_SUMMARY_LABEL.search(text) is not None


def is_credit(text: str) -> bool:
    """Return whether a line ends with a picture credit, which makes it a caption."""
    tail = text[-110:].lower()
    return any(map(tail.__contains__, _CREDIT_MARKERS)) and _CREDIT.search(tail) is not None


def is_byline(text: str) -> bool:
    """Return whether a line is a byline: it begins like one and either is not a sentence or contains a year."""
    return _BYLINE.match(text) is not None and (not is_sentence(text) or _YEAR.search(text) is not None)


def is_biography(text: str) -> bool:
    """Return whether a line describes an author ("Ann Example is a reporter at ..."). Use it only below the text."""
    return len(text) < _MAX_OFFER_CHARS and _BIOGRAPHY.search(text) is not None


def is_imprint(text: str) -> bool:
    """Return whether a line belongs to a page's imprint (copyright, address, licence).

    Use it only at the end of the text.
    """
    return len(text) < 2 * _MAX_OFFER_CHARS and _IMPRINT.search(text) is not None


def is_date_line(text: str) -> bool:
    """Return whether a line contains little more than a date."""
    if sum(map(str.isdigit, text)) < 3:
        return False
    words = [
        word for word in _LETTER_RUN.findall(_DATE_LINE_WORD.sub(" ", text)) if word.casefold() not in MONTH_NUMBERS
    ]
    return sum(map(len, words)) <= 6


def is_fact_line(text: str) -> bool:
    """Return whether a line lists facts near the headline: fields separated by bars, or a date without a sentence."""
    return not is_sentence(text) and (text.count("|") + text.count(" • ") >= 2 or _YEAR.search(text) is not None)


def _has_dash(text: str) -> bool:
    """Return whether a text contains a dash; a cheap test before the slow patterns for datelines and signatures."""
    return "-" in text or "—" in text or "–" in text


def split_dateline(text: str) -> tuple[str, str, str]:
    """Split the first paragraph into dateline, remaining text and the agency in the dateline.

    "HANOI (VNA) — The" gives "HANOI (VNA) —", "The" and "VNA". Without a dateline the first part is empty.
    """
    match = _CHINESE_DATELINE.match(text)
    if match:
        return match[0].strip(), text[match.end() :], ""
    match = _DASHED_DATELINE.match(text) if _has_dash(text[:_MAX_DATELINE_CHARS]) else None
    if not match:
        return "", text, ""
    place, agency = match[1].strip(), ""
    named = _BRACKETED_AGENCY.search(f" {place}")
    if named:
        agency = named[1]
        place = place[: max(0, named.start() - 1)].strip()
    remaining = text[match.end() :]
    if remaining[:1].islower() or not _is_dateline_place(place, agency):
        return "", text, ""
    return text[: match.end()].strip(), remaining, agency


def _is_dateline_place(place_text: str, agency: str) -> bool:
    """Return whether a text is the place of a dateline: capitals, optionally with a date.

    With an agency, the place may be in lower case or missing.
    """
    if place_text and place_text != place_text.upper():
        day = _TRAILING_DATE.search(place_text)
        month = day and any(word.casefold() in MONTH_NUMBERS for word in _LETTER_RUN.findall(day[0]))
        place_text = place_text[: day.start()] if day and month else place_text
    letters = "".join(_LETTER_RUN.findall(place_text))
    if not letters:
        return bool(agency)
    if place_text == place_text.upper():
        return len(letters) >= 3 and letters.lower() != letters and len(place_text.split()) <= 6
    return bool(agency) and len(place_text.split()) <= 5 and place_text[:1].isupper()


def split_agency_signature(text: str) -> tuple[str, str]:
    """Split the agency's signature from the last paragraph, as in "... in each country. — VNA/VNS"."""
    alone = _STANDALONE_SIGNATURE.match(text)
    if alone and (alone[1].isupper() or "/" in alone[1]):
        return "", alone[1]
    at = max(0, len(text) - 60)
    match = _AGENCY_SIGNATURE.search(text, at) if _has_dash(text[at:]) else None
    if match and is_sentence(text[: match.start()]):
        return text[: match.start()], match[1]
    return text, ""
