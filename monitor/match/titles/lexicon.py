"""The vocabulary of titles in press languages: posts, ranks, honorifics, and what posts are about.

Each row: a symbol and the folded phrases that mean it. ``h:`` the head of a post, ``l:`` its level, ``d:`` its domain,
``r:`` a rank, ``m:`` a form of address, ``-:`` words that stand in titles and decide nothing.
"""

from functools import cache
from types import MappingProxyType

_POSITION_ROWS = """
h:premier = prime minister, pm, premier, thu tuong, thu tuong chinh phu, premier ministre, premiere ministre, perdana
    menteri, primer ministro, primera ministra, primeiro ministro, chancellor, taoiseach, head of government, primeira
    ministra, premie, presidente del gobierno, presidenta del gobierno, presidente del consejo, presidente del
    consiglio, chancelier, chanceliere, cancelliere, bundeskanzler, bundeskanzlerin, kanzler, kanzlerin,
    ministerprasident, ministerprasidentin, premierminister, premierministerin, regierungschef, regierungschefin,
    minister president, basbakan, basbakani, waziri mkuu, statsminister, statsministern, statsministeren,
    paaministeri, prim ministru, prim ministrul, premierul, premiera, premierem, premierowi, predseda vlady,
    predsedkyne vlady
h:minister = minister, ministers, bo truong, ministre, menteri, mendagri, ministro, ministra, cabinet minister,
    minister counsellor, ministar, ministr, ministryne, ministerka, ministrul, ministerin, bundesminister,
    bundesministerin, bakan, bakani, waziri, ministeri, ministrem, ministrowi
h:minister l:deputy = thu truong, wamen, undersecretary, under secretary, viceministro, vize minister, wiceminister,
    bakan yardimcisi, naibu waziri, vice ministro, vice ministra, viceministra
h:minister d:foreign = foreign minister, fm, foreign secretary, menlu, canciller, chancellor of foreign affairs,
    aussenminister, aussenministerin, utrikesminister, utrikesministern, utenriksminister, utenriksministeren,
    udenrigsminister, udenrigsministeren, ulkoministeri, chanceler, szef msz, szefa msz, szefowa msz
h:minister d:defence = defence minister, defense minister, defmin, menhan, defence chief, defense chief,
    verteidigungsminister, verteidigungsministerin, forsvarsminister, forsvarsministern, forsvarsministeren,
    puolustusministeri, szef mon, szefa mon
h:secretary d:foreign = secretary of state
h:minister d:finance = finance minister, menkeu, chancellor of the exchequer, treasurer, finanzminister,
    finanzministerin, finansminister, finansministern, finansministeren, valtiovarainministeri
h:president = president, state president, chu tich nuoc, presiden, presidente, presidenta, head of state, presidency,
    presidente de la republica, president elect, state leader, tong thong, bundesprasident, bundesprasidentin,
    prasident, prasidentin, prezydent, prezydenta, prezydentem, prezydentowi, prezident, prezidenta, prezidentka,
    prezidentem, presedintele, presidentti, cumhurbaskani, cumhurbaskanimiz, staatsprasident, staatschef, capo dello
    stato, president de la republique, rais, rais wa jamhuri
h:gensec = general secretary, tong bi thu, party general secretary, party chief, party leader, party secretary,
    secretary general, sec gen, secretaire general, sekjen, secretario general, secretaire general du parti,
    secretario geral, secretaria geral, secretaria general, segretario generale, generalsekretar, generalsekretarin,
    katibu mkuu, sekretarz generalny
h:chair = chairman, chairwoman, chairperson, chair, speaker, chu tich, ketua, president of the senate, voorzitter,
    predseda, predsedkyne, przewodniczacy, przewodniczaca, spika, orador
h:chair d:assembly = national assembly chairman, na chairman, national assembly chair, chu tich quoc hoi, parliament
    speaker, house speaker, na chair, national assembly president, na president, assembly speaker, marszalek sejmu,
    marszalek senatu, bundestagsprasident, bundestagsprasidentin, meclis baskani, tbmm baskani, presidente da camara,
    presidente do senado, presidente da assembleia, spika wa bunge
h:head = head, director, truong ban, chu nhiem, cuc truong, vu truong, director general, chef, director of,
    administrator, commissioner, chief executive, kepala, directeur, directrice, chief executive officer, ceo, giam
    doc, chefe, jefe, jefa, cheffe, direttore, direttrice, dyrektor, mkurugenzi, mkuu wa
h:chief = chief, leader, boss, lider, lideri, leiter, leiterin, szef, szefowa, kiongozi
h:chief d:staff = chief of the general staff, chief of general staff, chief of staff, army chief of staff, general
    staff chief, tong tham muu truong, chef d etat major, chef d etat major general, army chief, military chief, chief
    of the army staff, chief of army staff, chief of defence, chief of defense, chief of defence force, chief of
    defence forces, chief of the defence staff, cds, coas, chief of staff of the army, joint chiefs chairman, heads
    the general staff, tham muu truong, armed forces chief, chairman of the joint chiefs of staff, jcs chairman,
    genelkurmay baskani, generalstabschef, generalinspekteur, szef sztabu generalnego, chefe do estado maior, jefe del
    estado mayor, capo di stato maggiore, mkuu wa majeshi
h:chief d:party = parteichef, parteichefin, genel baskani, parteivorsitzender, parteivorsitzende, partijleider,
    partileder, kiongozi wa chama
h:commander = commander, commander in chief, supreme commander, tu lenh, panglima, commandant, panglima tni, army
    commander, komutan, komutani, befehlshaber, kommandeur, comandante, dowodca, kamanda
h:ambassador = ambassador, dai su, ambassadeur, ambassadrice, duta besar, dubes, embajador, embajadora, high
    commissioner, embaixador, embaixadora, ambasciatore, ambasciatrice, botschafter, botschafterin, ambasador,
    ambasadorka, buyukelci, buyukelcisi, balozi, ambassadoren, velvyslanec, ambasadorul
h:attache = attache, tuy vien, military attache
h:envoy = envoy, special envoy, representative, special representative, consul, consul general, charge d affaires
h:governor = governor, thong doc, gubernur, gouverneur, gobernador, gobernadora, central bank governor, governor
    general, governador, governadora, governatore, wojewoda, valisi, gavana, hejtman, landeshauptmann, gouverneurin,
    guvernator, guvernatorul
h:mayor = mayor, maire, walikota, alcalde, alcaldesa, chu tich thanh pho, prefeito, prefeita, sindaco, sindaca,
    burgermeister, burgermeisterin, oberburgermeister, oberburgermeisterin, burgemeester, burmistrz, belediye baskani,
    buyuksehir belediye baskani, borgmester, borgmesteren, borgarrad, primator, primatorka, primarul, primar, meya
h:secretary = secretary, bi thu, secretaire, sekretaris, secretario, permanent secretary, cabinet secretary, setya,
    secretaria, segretario, segretaria, sekretar, staatssekretar, staatssekretarin, staatssecretaris, sekretarz,
    katibu, cs
h:secretary d:prime = pcs
h:monarch = king, queen, sultan, emperor, crown prince, prince, princess, emir, roi, reine, rey, raja, yang di pertuan
    agong
h:justice = chief justice, justice, judge, chanh an, prosecutor, attorney general, prosecutor general, procurator
    general, solicitor general, vien truong, jaji, jaji mkuu, generalstaatsanwalt, procurador geral, procuradora
    geral, fiscal general, generalbundesanwalt, prokurator generalny
h:spokesman = spokesperson, spokesman, spokeswoman, nguoi phat ngon, porte parole, juru bicara, jubir, portavoz, porta
    voz, portavoce, regierungssprecher, regierungssprecherin, sprecher, sprecherin, rzecznik, rzeczniczka, sozcu,
    sozcusu, msemaji, vocero, vocera, woordvoerder, mluvci, talsperson
h:member = senator, congressman, congresswoman, lawmaker, member of parliament, mp, deputy of, depute, deputee,
    politburo member, member of the politburo, uy vien bo chinh tri, uy vien, member, delegate, dai bieu, senador,
    diputado, representative of, senadora, senatore, senatrice, senateur, deputado, deputada, deputato, diputada,
    abgeordneter, abgeordnete, posel, poslanka, poslanec, milletvekili, kamerlid, mbunge, seneta, senatorul,
    deputatul, vereador, vereadora, eurodeputado, eurodeputada, eurodeputato
h:adviser = adviser, advisor, conseiller, counsellor, counselor, penasihat, asesor, state counsellor
h:inspector = inspector general, auditor general, tong thanh tra, tong kiem toan, ombudsman
l:deputy = deputy, vice, pho, assistant, associate, under, wakil, timbalan, adjoint, subsecretario, vize, alternate,
    deputies, vizekanzler, wice, naibu, vicepresidente de, stellvertretender, stellvertretende
h:premier l:deputy = deputy prime minister, deputy pm, dpm, vice premier, vice prime minister, pho thu tuong, vice
    premier ministre, timbalan perdana menteri, deputy premier, viceprimer ministro, vizekanzlerin, wicepremier,
    wicepremiera, vicepremier, vice primeiro ministro, vice primeira ministra, naibu waziri mkuu, vicepremiera
h:president l:deputy = vice president, pho chu tich nuoc, wakil presiden, wapres, vicepresidente, vicepresidenta, vp,
    cumhurbaskani yardimcisi, naibu rais, makamu wa rais, makamu rais, wiceprezydent, vizeprasident, vizeprasidentin,
    viceprezident, vicepresedintele, vice presidente, dp
h:minister l:deputy = deputy minister, vice minister, vice ministre, wakil menteri, timbalan menteri
h:minister d:interior = innenminister, innenministerin, inrikesminister, inrikesministern, sisaministeri, szef mswia
h:minister d:justice = justizminister, justizministerin, justisminister, justisministeren, justitieminister,
    justitieministern, garde des sceaux
h:minister d:economy = wirtschaftsminister, wirtschaftsministerin
h:minister d:health = gesundheitsminister, gesundheitsministerin
l:former = former, ex, formerly, then, late, outgoing, retired, ancien, ancienne, cuu, nguyen la, mantan, bekas,
    exministro, expresidente, one time, erstwhile, deposed, ousted, onetime, eski, byly, byla, ehemaliger, ehemalige,
    ehemaligen, dawny, fost, fostul, tidligere, tidigare, entao, voormalig, zamani
"""

_RANK_ROWS = """
r:general = general, gen, dai tuong, thuong tuong, trung tuong, thieu tuong, tuong, lieutenant general, lieut gen,
    lieu gen, lt gen, ltg, lieutenant generals, lt generals, senior lieutenant general, sen lieut gen, sen lt gen, sr
    lt gen, snr lt gen, senior general, sen gen, snr gen, vice senior general, colonel general, col gen, major
    general, maj gen, brigadier general, brig gen, brigadier, brig, marshal, field marshal, air marshal, air chief
    marshal, acm, army general, full general, 4 star general, four star general, general de corps d armee, general de
    division, general de brigade, jenderal, jend, letjen, mayjen, brigjen, letnan jenderal, mayor jenderal, police
    general, pol gen, pol lt gen, pol maj gen, teniente general, tuong linh, generals, gen ret, retired general, let
    jen, komjen, irjen, gral, orgeneral, korgeneral, tumgeneral, generale, generalleutnant, generalmajor,
    brigadegeneral, jenerali, luteni jenerali, generaal, generala
r:admiral = admiral, adm, vice admiral, vadm, rear admiral, radm, do doc, pho do doc, laksamana, laksamana madya,
    amiral, fleet admiral, commodore, almirante, admirals, oramiral, koramiral, ammiraglio, admiraal
r:colonel = colonel, col, senior colonel, sr col, snr col, lieutenant colonel, lt col, dai ta, thuong ta, trung ta,
    thieu ta, kolonel, letkol, coronel, pol col, major, maj, mayor infanteri, captain, capt, cpt, lieutenant, lieut,
    lt, cmdr, sergeant, sgt, capitaine, officer, group captain, wing commander, albay, oberst, colonnello, pulkownik,
    kanali
"""

_ADDRESS_ROWS = """
m:address = mr, mrs, ms, miss, madam, madame, mme, mlle, m, monsieur, mm, messrs, sir, dame, lord, lady, dr, doctor,
    prof, professor, hon, honourable, honorable, rt hon, right honourable, h e, his excellency, her excellency,
    excellency, he mr, h e mr, comrade, comrades, dong chi, ong, ba, anh, chi, bac, u, daw, ko, samdech, samdech
    thipadei, samdech techo, samdech pichey sena, samdech kittisangahabindit, thipadei, techo, pichey, sena,
    kittiprittbandit, akka moha, lok, lok chumteav, oknha, neak oknha, datuk, datuk seri, datuk seri utama, dato, dato
    seri, dato sri, datuk amar, datuk patinggi, tan sri, tun, tengku, tunku, puan, encik, haji, hajah, pehin,
    pengiran, pak, bapak, bung, ibu, bu, sheikh, shaikh, sheik, sayyid, ayatollah, hojatoleslam, imam, shri, smt, sri,
    khun, nai, nang, senor, senora, don, dona, sr, sra, herr, frau, signor, signora, san, attorney, atty, engr,
    president u, first lady, ngai, tien si, giao su, gs, ts, bang, gus, kiai, kh, kyai, phraya, luang, pastor,
    reverend, rev, bishop, archbishop, cardinal, senhor, senhora, sayin, mheshimiwa, bwana, doutor, doutora
"""

_DOMAIN_ROWS = """
d:defence = defence, defense, quoc phong, national defence, national defense, la defense, defense nationale,
    pertahanan, defensa, war, defence forces, defense forces, defensa nacional, defensie, defesa, difesa,
    verteidigung, milli savunma, savunma, obrony, obrony narodowej, obrana, ulinzi, apararii, aparare, forsvar
d:foreign = foreign, estrangeiros, msz, foreign affairs, external affairs, ngoai giao, affaires etrangeres,
    etrangeres, luar negeri, relaciones exteriores, exteriores, external relations, doi ngoai, foreign relations,
    foreign trade and, negocios estrangeiros, relacoes exteriores, assuntos exteriores, asuntos exteriores, esteri,
    affari esteri, disisleri, spraw zagranicznych, zahranici, zahranicnych veci, zahranicnich veci, buitenlandse
    zaken, mambo ya nje, mambo ya nchi za nje, externe, afacerilor externe, auswartiges, auswartigen
d:security = public security, cong an, security, securite publique, keamanan, national security, seguridad, an ninh
d:interior = interior, mswia, home affairs, home, noi vu, interieur, dalam negeri, gobernacion, interno, administracao
    interna, interni, icisleri, spraw wewnetrznych, vnitra, vnutra, binnenlandse zaken, mambo ya ndani, innern,
    inneren, affaires interieures
d:finance = finance, finances, tai chinh, keuangan, treasury, hacienda, fazenda, financas, finanze, finanzen, maliye,
    hazine ve maliye, hazine, finansow, financi, financii, financien, fedha, finantelor
d:staff = general staff, staff, tong tham muu, tham muu, etat major, etat major general
d:politics = politics, political, general department of politics, general political department, tong cuc chinh tri,
    political department, general department of political affairs, departement general de politique, political affairs
d:army = army, military, armed forces, quan doi, tni, angkatan darat, tentara, people s army, royal army, armee
d:navy = navy, naval, hai quan, angkatan laut, marine, armada, coast guard, coastguard
d:air = air force, air, khong quan, angkatan udara, fuerza aerea
d:police = police, canh sat, polri, kapolri, policia
d:assembly = national assembly, na, parliament, assembly, quoc hoi, house of representatives, dpr, mpr, house, senate,
    legislature, lower house, upper house, assemblee nationale, dewan rakyat, diet, congress, legislative council,
    bundestag, bunge, meclis, tbmm, sejmu, senatu, parlament, parlamento, camara dos deputados, assembleia da
    republica, kongresu, tweede kamer, knesset, duma
d:trade = trade, commerce, industry and trade, cong thuong, perdagangan, comercio, commercial, ticaret, handel,
    biashara, comercio exterior
d:industry = industry, industries, cong nghiep, perindustrian, industria
d:planning = planning, planejamento, planeamento, pianificazione, planificacion, planowania, planung, ke hoach,
    planning and investment, ke hoach va dau tu, investment, dau tu
d:economy = economy, economic, economics, economic affairs, kinh te, perekonomian, economia, economie, wirtschaft,
    ekonomi, gospodarki, uchumi, hospodarstvi
d:health = health, public health, y te, kesehatan, salud, sante, saude, salute, saglik, zdrowia, zdravotnictvi,
    zdravotnictva, afya, gesundheit, volksgezondheid, sanidad, sanatatii
d:education = education, giao duc, pendidikan, educacion, higher education, education and training, giao duc va dao
    tao, educacao, istruzione, milli egitim, edukacji, skolstvi, skolstva, elimu, bildung, onderwijs, educatiei
d:justice = justice, law, tu phap, hukum, justicia, justica, giustizia, adalet, sprawiedliwosci, spravedlnosti,
    spravodlivosti, justitie, justiz, sheria, justitiei
d:transport = transport, transportation, giao thong, perhubungan, giao thong van tai, public works and transport,
    transportes, trasporti, ulastirma, ulastirma ve altyapi, infrastruktury, dopravy, verkehr, uchukuzi
d:agriculture = agriculture, nong nghiep, pertanian, agricultura, forestry, rural development, agricoltura, tarim,
    tarim ve orman, rolnictwa, zemedelstvi, landwirtschaft, kilimo, landbouw
d:labour = labour, labor, manpower, lao dong, ketenagakerjaan, trabajo, trabalho, lavoro, arbeit, pracy, calisma,
    prace, kazi
d:energy = energy, mines, energy and mines, nang luong, energi, energia, oil, petroleum, mineral resources, esdm,
    energie, energii, enerji, nishati, minas e energia, enerji ve tabii kaynaklar
d:environment = environment, natural resources, tai nguyen, moi truong, lingkungan hidup, medio ambiente, climate,
    meio ambiente, ambiente, umwelt, cevre, klimatu, srodowiska, zivotniho prostredi, mazingira
d:culture = culture, van hoa, kebudayaan, cultura, tourism, sports, du lich
d:information = information, communications, thong tin, komunikasi, media, propaganda, digital, telecommunications
d:science = science, technology, khoa hoc, innovation, riset, ciencia
d:party = party, dang, parti, partai, partido, communist, cong san, communiste, party central committee, central
    committee, trung uong dang, revolutionary party, ccp, cpv, lprp, partei, partisi, partii, strany, chama, partidul
d:commission = military commission, central military commission, quan uy trung uong
d:organisation = organisation, organization, to chuc
d:court = court, supreme court, toa an, mahkamah, cour
d:bank = central bank, bank, state bank, ngan hang, ngan hang nha nuoc
d:province = province, provincial, city, municipal, district, tinh uy, thanh uy, tinh, thanh pho, ubnd, people s
    committee, prefecture, county, regional, village, commune, ward, town, company, club, group, corporation,
    university, school, association, hospital, union, federation, firm, tinh doan, huyen, quan uy, youth
"""

_NEUTRAL_ROWS = """
-: = of, the, for, to, and, a, an, in, at, on, cum, kiem, de, du, des, d, la, le, les, l, et, en, del, y, e, da, do,
    van, bo, cua, va, dan, di, bagi, his, her, its, their, our, s, affairs, ministry, ministere, department, dept,
    office, national, people, peoples, people s, socialist, republic, democratic, federal, union of, royal,
    government, cabinet, chinh phu, central, trung uong, state, nha nuoc, nation, country, committee, commission,
    council, general, caretaker, interim, acting, senior, permanent, standing, first, second, newly elected, newly
    appointed, new, incoming, current, incumbent, visiting, concurrently, also, moi, nuoc, mo lenh, who, is, was,
    heads, heading, led, leads, by, high ranking, top, ranking, counterpart, host, guest, quyen, thuong truc, co,
    joint, associate of, hanh chinh, ad interim, day to day, hue, defacto, de facto, vietnamese led, sitting, long
    time, longtime, bloc, asean, un, eu, nato, world, global, dos, das, der, dem, den, fur, und, degli, dei, della,
    dello, delle, dell, ve, wa, ya, voor, het, och, og, ds, pentru, republica, republik, republiki, bundes, federale,
    jamhuri, governo, gobierno, rady ministrow, rp, cr, sr
"""


def _parse_title_rows(rows: str) -> dict[str, tuple[str, ...]]:
    read: dict[str, tuple[str, ...]] = {}
    for row in rows.strip().replace("\n    ", " ").splitlines():
        symbols, _, phrases = row.partition(" = ")
        for phrase in phrases.split(","):
            read.setdefault(phrase.strip(), tuple(sorted(symbols.split())))
    return read


@cache
def title_vocabulary() -> MappingProxyType[str, tuple[str, ...]]:
    """Return every phrase of titles with its symbols; posts win over ranks, ranks over forms of address."""
    merged: dict[str, tuple[str, ...]] = {}
    for rows in (_POSITION_ROWS, _RANK_ROWS, _ADDRESS_ROWS, _DOMAIN_ROWS, _NEUTRAL_ROWS):
        for phrase, symbols in _parse_title_rows(rows).items():
            merged.setdefault(phrase, symbols)
    return MappingProxyType(merged)


@cache
def max_title_phrase_words() -> int:
    """Return the number of words of the longest phrase."""
    return max(phrase.count(" ") for phrase in title_vocabulary()) + 1


@cache
def title_words() -> frozenset[str]:
    """Return every single word that stands in some title."""
    return frozenset(word for phrase in title_vocabulary() for word in phrase.split())


@cache
def single_word_titles() -> frozenset[str]:
    """Return the words that are a title, rank, form of address or domain by themselves."""
    return frozenset(phrase for phrase in title_vocabulary() if " " not in phrase)


@cache
def address_phrases() -> frozenset[str]:
    """Return ranks and forms of address, which may be dropped from the front of a configured name."""
    return frozenset(p for p, symbols in title_vocabulary().items() if symbols[0][0] in "mr")
