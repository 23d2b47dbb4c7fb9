"""Foreign text: links to other stories, notices and biographies inside the article's box are not its text."""

import pytest

from monitor.domain.article import Article
from monitor.extract.extractor import extract_page

A = "The provincial assembly voted on Tuesday to rebuild the bridge over the river, which a flood destroyed in autumn."
B = "Work is to begin in March and to last until the rainy season, the head of the works department told reporters."
C = "About forty families who live on the far bank have to cross by boat until the new bridge is open, he added."
D = "The cost is put at nine million dollars, two thirds of which a development bank is to lend at a low rate."
OTHER = "General Somebody Else opens the winter games of the northern provinces"


def read(*inside: str) -> Article:
    text = "".join(part if part.startswith("<") else f"<p>{part}</p>" for part in inside)
    page = f"<main><article><h1>Assembly votes for bridge</h1><div class=entry-content>{text}</div></article></main>"
    return extract_page(page.encode(), "https://daily.example/politics/bridge-7", "")


@pytest.mark.parametrize(
    "label",
    [
        *(
            "READ ALSO:",
            "Also read |",
            "Read Next:",
            "Đọc thêm:",
            "Tin liên quan:",
            "Baca:",
            "BACA JUGA:",
            "Lire aussi :",
        ),
        *("À lire également :", "Lees ook:", "Lesen Sie auch:", "Auch interessant:", "LEGGI ANCHE >", "Lea también:"),
        *("Le puede interesar:", "Leia também:", "Veja também:", "Читайте также:", "По теме:", "Читайте також:"),
        *("اقرأ أيضًا:", "اقرأ المزيد:", "延伸閱讀：", "相关阅读：", "推薦閱讀：", "あわせて読みたい：", "관련기사:"),
        *("อ่านเพิ่มเติม:", "ອ່ານເພີ່ມເຕີມ:", "អានបន្ថែម៖", "សូមអាន៖", "ဆက်စပ်သတင်း -", "Přečtěte si také:", "Zobacz też:"),
        *(
            "Læs også:",
            "Läs även:",
            "Lue myös:",
            "Olvasd el ezt is:",
            "Citește și:",
            "Прочетете още:",
            "Διαβάστε επίσης:",
        ),
        *(
            "İlgili haber:",
            "بیشتر بخوانید:",
            "קראו גם:",
            "यह भी पढ़ें:",
            "Pročitajte još:",
            "Skaitykite taip pat:",
            "Loe ka:",
        ),
    ],
)
def test_a_line_that_points_to_another_story_is_dropped(label: str) -> None:
    """With or without a link, in many languages."""
    for line in (f"<p><b>{label}</b> {OTHER}</p>", f"<p>{label} <a href=/x>{OTHER}</a></p>"):
        assert read(A, B, line, C).body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize(
    "notice",
    [
        "It looks like you are using an ad blocker. Please disable it to support our journalism.",
        "We use cookies to improve your experience. By continuing to browse you accept our cookie policy.",
        "Found a typo? Select the text and press Ctrl+Enter to report it to the editors.",
        "Если вы заметили ошибку в тексте, выделите её и нажмите Ctrl+Enter.",
        "Haben Sie einen Fehler gefunden? Bitte teilen Sie uns dies mit.",
        "Sie haben einen Adblocker aktiviert. Bitte deaktivieren Sie ihn, um weiterzulesen.",
        "Vous avez repéré une faute ? Signalez-la à la rédaction.",
        "Bạn phát hiện lỗi chính tả? Bôi đen và nhấn Ctrl+Enter để báo cho tòa soạn.",
        "Мы используем файлы cookie, чтобы улучшить работу сайта. Продолжая, вы соглашаетесь с этим.",
        "Questo sito usa i cookie. Continuando accetti la nostra informativa.",
        "本网站使用Cookie来改善您的体验。",
        "発見した広告ブロッカーを無効にしてください。",
        "Schrijf je in voor onze nieuwsbrief en ontvang elke ochtend het nieuws.",
        "Tilmeld dig og få nyhederne hver morgen.",
        "Följ oss på Facebook och missa inget från kommunen.",
        "Meld deg på nyhetsbrevet og få sakene rett i innboksen.",
        "Seuraa meitä Facebookissa ja pysy ajan tasalla.",
        "Zapisz się na newsletter i nie przegap żadnej wiadomości.",
        "Sledujte nás na sociálních sítích a nic vám neunikne.",
        "Iratkozzon fel hírlevelünkre, hogy mindenről értesüljön.",
        "Urmărește-ne pe Google News pentru cele mai noi știri.",
        "Последвайте ни във Facebook за още новини.",
        "Подписывайтесь на наш канал, чтобы первыми узнавать новости.",
        "Ακολουθήστε μας στο Google News για όλες τις ειδήσεις.",
        "Bizi sosyal medyada takip edin, haberleri kaçırmayın.",
        "تابعونا على فيسبوك لمعرفة آخر الأخبار.",
        "הצטרפו לקבוצת הוואטסאפ שלנו וקבלו עדכונים.",
        "Unduh aplikasi kami untuk membaca berita tanpa iklan.",
        "ติดตามข่าวสารได้ที่เพจของเรา",
        "네이버에서 본지를 구독해 주세요.",
        "请扫描二维码关注我们的公众号。",
    ],
)
def test_a_notice_to_the_reader_is_dropped(notice: str) -> None:
    """Notices about cookies, advertising blockers and typing errors."""
    assert read(A, B, C, f"<div class=box><p>{notice}</p></div>").body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize(
    "line",
    [
        "The regulator fined two companies because they use cookies without consent, a spokesman said.",
        "Engineers found a mistake in the plans of the bridge only when the first pillar had been built.",
        "The minister is a former correspondent in Paris and has written two books about the river.",
        "Readers of the plan will see that the bridge is to be two metres higher than the old one.",
        "Der Minister hat einen Fehler eingeräumt und will die Pläne nun noch einmal prüfen lassen.",
        "By 2030 the new bridge will carry forty thousand cars a day, the ministry said.",
        "Abbonati in calo: il gruppo editoriale ha perso un quinto dei lettori in un anno.",
        "Abone olanların sayısı bir yılda ikiye katlandı, dedi şirketin genel müdürü gazetecilere.",
        "アプリをダウンロードした利用者は百万人に上り、開通の日に予約した人も多いという。",
        "市民可下载政务客户端投诉桥梁问题，有关部门将在三天之内作出答复并公布处理结果。",
        "Theo điều tra năm 2023, cây cầu cũ đã hư hỏng nặng từ nhiều năm trước trận lũ.",
    ],
)
def test_news_about_such_things_is_kept(line: str) -> None:
    """Only words to the reader are dropped."""
    assert read(A, line, B, C, D).body == f"{A}\n{line}\n{B}\n{C}\n{D}"


@pytest.mark.parametrize(
    "biography",
    [
        "John Example covers energy for the Daily. He previously worked for an agency in Jakarta.",
        "The author is a professor of law at the National University and a former diplomat.",
        "Der Autor ist Korrespondent in Peking.",
        "Anna Beispiel ist Redakteurin im Ressort Politik und schreibt über Südostasien.",
        "Jean Exemple est journaliste au service International.",
        "Juan Ejemplo es corresponsal en Asia desde 2015 y autor de dos libros.",
        "Tác giả là nghiên cứu viên tại Viện Nghiên cứu Đông Nam Á.",
        "Автор — старший научный сотрудник Института востоковедения.",
        "作者是国立大学国际关系学教授。",
        "Views expressed are the author’s own.",
        "Reach the reporter at jane@daily.example or 555-0100.",
    ],
)
def test_a_line_about_the_author_is_dropped(biography: str) -> None:
    """At the end of the article."""
    assert read(A, B, C, D, f"<p><em>{biography}</em></p>").body == f"{A}\n{B}\n{C}\n{D}"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "jp-relatedposts",
            "wprpi_post_box",
            "irp-wrapper",
            "other-stories",
            "newsrelated",
            "storyrelated",
            "zox-also",
        ),
        *("also-in-news", "trending-now", "youmaylike", "wp_rp_wrap", "elementor-posts", "topstories", "popular-posts"),
        *("tin-cung-muc", "bai-lien-quan", "mas-leidas", "plus-lus", "zergnet", "revcontent", "hot-topic-news"),
    ],
)
def test_boxes_with_other_stories_are_dropped(name: str) -> None:
    """The text in them needs no link."""
    assert read(A, B, f"<div class='{name}'><p>{OTHER}, a spokesman said.</p></div>", C).body == f"{A}\n{B}\n{C}"


def test_a_picture_series_about_other_news_is_dropped() -> None:
    """Its captions share no name with the article; the captions of a series about the article do."""
    legends = [
        f"{OTHER} in Harbin",
        "President Foreign meets Chancellor Stranger in Geneva",
        "Fans greet Singer in Lima",
    ]
    series = "".join(f"<li><img src={at}.jpg><p>{text} today.</p></li>" for at, text in enumerate(legends))
    found = read(A, B, f"<div class=gallery><ul>{series}</ul></div>", C)
    assert (found.body, found.captions) == (f"{A}\n{B}\n{C}", ())
    own = "".join(
        f"<li><img src={at}.jpg><p>The old bridge on a Tuesday in {at}.</p></li>" for at in (1990, 2000, 2010)
    )
    assert len(read(A, B, f"<div class=gallery><ul>{own}</ul></div>", C).captions) == 3
