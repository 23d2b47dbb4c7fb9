"""Countries as the press names them: nouns, adjectives, capitals, and the convention by which their names are built.

A row: name and its other names / adjectives in English, French, Spanish / capitals and seats of government / the
convention of personal names / the language in which an unqualified title means this country. All words are folded.
"""

from functools import cache
from types import MappingProxyType

_COUNTRY_ROWS = """
vietnam, viet nam, srv / vietnamese, vietnamien, vietnamienne, vietnamita / hanoi, ha noi / vietnamese / vi
laos, lao pdr, lao / laotian, laotien, laotienne, laosiano / vientiane, vieng chan / lao / lo
cambodia, campuchia, cambodge, kampuchea / cambodian, khmer, cambodgien, cambodgienne / phnom penh / khmer / km
thailand, thai lan, thailande / thai, thailandais, thailandaise / bangkok / thai / th
myanmar, burma, birmanie, mi an ma / burmese, birman, birmane / naypyidaw, nay pyi taw, yangon / burmese / my
china, prc, trung quoc, chine, tiongkok / chinese, chinois, chinoise, chino / beijing, bac kinh, pekin / chinese / zh
taiwan, dai loan / taiwanese, taiwanais / taipei / chinese / zh
hong kong / hongkonger / hong kong / singapore / zh
macau, macao / macanese / macau / singapore / zh
singapore, singapour, singapura / singaporean, singapourien / singapore / singapore /
malaysia, malaisie / malaysian, malaisien, malaisienne / kuala lumpur, putrajaya / malay / ms
brunei, brunei darussalam / bruneian / bandar seri begawan / malay / ms
indonesia, indonesie / indonesian, indonesien, indonesienne, indonesio / jakarta / indonesian / id
philippines, the philippines, filipina / philippine, filipino, filipina, philippin / manila, malacanang / filipino /
    tl
timor leste, east timor / timorese, timorais / dili / portuguese / pt
japan, nhat ban, japon, jepang / japanese, japonais, japonaise, japones / tokyo / japanese / ja
south korea, republic of korea, rok, korea, han quoc, coree du sud / south korean, korean, coreen, sud coreen / seoul
    / korean / ko
north korea, dprk, trieu tien, coree du nord / north korean, nord coreen / pyongyang / korean / ko
mongolia, mongolie / mongolian, mongol / ulaanbaatar, ulan bator / western / mn
india, an do, inde / indian, indien, indienne / new delhi, delhi / indian / hi
pakistan / pakistani, pakistanais / islamabad / indian / ur
bangladesh / bangladeshi / dhaka / indian / bn
sri lanka / sri lankan / colombo / indian / si
nepal / nepali, nepalese / kathmandu / indian / ne
bhutan / bhutanese / thimphu / indian / dz
maldives / maldivian / male / indian / dv
afghanistan / afghan / kabul / arabic / ps
united states, us, usa, u s, america, hoa ky, etats unis, estados unidos, amerika serikat / american, americain,
    americaine, estadounidense / washington, white house, pentagon / western / en
united kingdom, uk, britain, great britain, england, royaume uni, reino unido, vuong quoc anh / british, britannique,
    britanico / london, downing street, whitehall / western /
france, phap / french, francais, francaise, frances / paris, elysee, matignon / western / fr
germany, duc, allemagne, alemania / german, allemand, allemande, aleman / berlin / western / de
italy, italie, italia / italian, italien, italiano / rome / western / it
spain, espagne, espana / spanish, espagnol, espanol / madrid / hispanic / es
portugal / portuguese, portugais / lisbon / portuguese / pt
netherlands, the netherlands, ha lan, pays bas / dutch, neerlandais / the hague, amsterdam / western / nl
belgium, belgique, bi / belgian, belge / brussels / western /
luxembourg / luxembourgish / luxembourg / western /
switzerland, suisse, thuy si / swiss / bern / western /
austria, autriche, ao / austrian, autrichien / vienna / western /
poland, pologne, ba lan / polish, polonais / warsaw / western / pl
czech republic, czechia / czech / prague / western / cs
slovakia / slovak / bratislava / western / sk
slovenia / slovenian, slovene / ljubljana / western / sl
croatia / croatian / zagreb / western / hr
serbia / serbian / belgrade / slavic / sr
bosnia and herzegovina, bosnia / bosnian / sarajevo / western / bs
kosovo / kosovar / pristina / western / sq
albania / albanian / tirana / western / sq
north macedonia, macedonia / macedonian / skopje / slavic / mk
montenegro / montenegrin / podgorica / slavic /
hungary, hongrie, hungari / hungarian, hongrois / budapest / hungarian / hu
romania, roumanie / romanian, roumain / bucharest / western / ro
bulgaria, bulgarie / bulgarian, bulgare / sofia / slavic / bg
moldova / moldovan / chisinau / western / ro
greece, grece, hy lap / greek, grec / athens / western / el
cyprus / cypriot / nicosia / western / el
malta / maltese / valletta / western / mt
turkey, turkiye, tho nhi ky, turquie / turkish, turc, turque / ankara / western / tr
sweden, suede, thuy dien / swedish, suedois / stockholm / western / sv
norway, norvege, na uy / norwegian, norvegien / oslo / western / no
denmark, danemark, dan mach / danish, danois / copenhagen / western / da
finland, finlande, phan lan / finnish, finlandais / helsinki / western / fi
iceland, islande / icelandic, islandais / reykjavik / given / is
estonia / estonian / tallinn / western / et
latvia / latvian / riga / western / lv
lithuania / lithuanian / vilnius / western / lt
ireland, irlande / irish, irlandais / dublin / western /
russia, russian federation, nga, russie, rusia / russian, russe, ruso / moscow, kremlin / slavic / ru
ukraine, ucraina / ukrainian, ukrainien / kyiv, kiev / slavic / uk
belarus, bielorussie / belarusian / minsk / slavic / be
georgia / georgian / tbilisi / slavic / ka
armenia / armenian / yerevan / slavic / hy
azerbaijan / azerbaijani, azeri / baku / slavic / az
kazakhstan / kazakh, kazakhstani / astana / slavic / kk
uzbekistan / uzbek / tashkent / slavic / uz
kyrgyzstan / kyrgyz / bishkek / slavic / ky
tajikistan / tajik / dushanbe / slavic / tg
turkmenistan / turkmen / ashgabat / slavic / tk
iran / iranian, iranien / tehran / arabic / fa
iraq, irak / iraqi, irakien / baghdad / arabic / ar
israel / israeli, israelien / jerusalem, tel aviv / western / he
palestine / palestinian, palestinien / ramallah, gaza / arabic / ar
saudi arabia, arabie saoudite / saudi, saoudien / riyadh / arabic / ar
united arab emirates, uae, emirats arabes unis / emirati / abu dhabi / arabic / ar
qatar / qatari / doha / arabic / ar
kuwait, koweit / kuwaiti / kuwait city / arabic / ar
bahrain / bahraini / manama / arabic / ar
oman / omani / muscat / arabic / ar
yemen / yemeni / sanaa / arabic / ar
jordan, jordanie / jordanian, jordanien / amman / arabic / ar
lebanon, liban / lebanese, libanais / beirut / arabic / ar
syria, syrie / syrian, syrien / damascus / arabic / ar
egypt, ai cap, egypte / egyptian, egyptien / cairo / arabic / ar
libya, libye / libyan, libyen / tripoli / arabic / ar
tunisia, tunisie / tunisian, tunisien / tunis / arabic / ar
algeria, algerie / algerian, algerien / algiers, alger / arabic / ar
morocco, maroc / moroccan, marocain / rabat / arabic / ar
sudan, soudan / sudanese, soudanais / khartoum / arabic / ar
ethiopia, ethiopie / ethiopian, ethiopien / addis ababa / given / am
eritrea / eritrean / asmara / given / ti
somalia / somali / mogadishu / given / so
kenya / kenyan / nairobi / western / sw
tanzania / tanzanian / dodoma, dar es salaam / western / sw
uganda, ouganda / ugandan / kampala / western /
rwanda / rwandan, rwandais / kigali / western / rw
democratic republic of congo, drc, congo, rdc / congolese, congolais / kinshasa / western /
nigeria / nigerian / abuja / western /
ghana / ghanaian / accra / western /
senegal / senegalese, senegalais / dakar / western /
ivory coast, cote d ivoire / ivorian, ivoirien / abidjan, yamoussoukro / western /
mali / malian, malien / bamako / western /
niger / nigerien / niamey / western /
burkina faso / burkinabe / ouagadougou / western /
cameroon, cameroun / cameroonian, camerounais / yaounde / western /
gabon / gabonese, gabonais / libreville / western /
chad, tchad / chadian, tchadien / n djamena / western /
madagascar / malagasy, malgache / antananarivo / western /
angola / angolan / luanda / portuguese / pt
mozambique / mozambican / maputo / portuguese / pt
zambia / zambian / lusaka / western /
zimbabwe / zimbabwean / harare / western /
namibia / namibian / windhoek / western /
botswana / botswanan / gaborone / western /
south africa, nam phi, afrique du sud / south african, sud africain / pretoria, cape town / western /
canada / canadian, canadien, canadienne / ottawa / western /
mexico, mexique / mexican, mexicain, mexicano, mexicana / mexico city / hispanic / es
cuba / cuban, cubain, cubano / havana, la habana, la havane / hispanic / es
guatemala / guatemalan, guatemalteco / guatemala city / hispanic / es
honduras / honduran, hondureno / tegucigalpa / hispanic / es
el salvador / salvadoran, salvadoreno / san salvador / hispanic / es
nicaragua / nicaraguan, nicaraguense / managua / hispanic / es
costa rica / costa rican, costarricense / san jose / hispanic / es
panama / panamanian, panameno / panama city / hispanic / es
dominican republic / dominican, dominicano / santo domingo / hispanic / es
haiti / haitian, haitien / port au prince / western / fr
jamaica / jamaican / kingston / western /
venezuela / venezuelan, venezolano, venezolana, venezuelien / caracas / hispanic / es
colombia, colombie / colombian, colombien, colombiano, colombiana / bogota / hispanic / es
ecuador, equateur / ecuadorian, ecuatoriano / quito / hispanic / es
peru, perou / peruvian, peruano, peruana, peruvien / lima / hispanic / es
bolivia, bolivie / bolivian, boliviano / la paz / hispanic / es
chile, chili / chilean, chileno, chilena, chilien / santiago / hispanic / es
argentina, argentine / argentinian, argentine, argentino, argentin / buenos aires, casa rosada / hispanic / es
uruguay / uruguayan, uruguayo / montevideo / hispanic / es
paraguay / paraguayan, paraguayo / asuncion / hispanic / es
brazil, bresil, brasil / brazilian, bresilien, brasileno, brasileiro / brasilia / portuguese / pt
australia, uc, australie / australian, australien / canberra / western /
new zealand, nouvelle zelande / new zealander, kiwi / wellington / western /
papua new guinea, png / papua new guinean / port moresby / western /
fiji / fijian / suva / western /
solomon islands / solomon islander / honiara / western /
"""


def _parse_country_rows() -> list[list[list[str]]]:
    lines = _COUNTRY_ROWS.strip().replace("\n    ", " ").splitlines()
    return [[[word.strip() for word in part.split(",") if word.strip()] for part in row.split("/")] for row in lines]


_AMBIGUOUS_COUNTRY_WORDS = {
    "us",
    "bi",
    "ao",
    "uc",
    "nga",
    "duc",
    "phap",
    "male",
    "u s",
    "chad",
    "jordan",
    "georgia",
    "niger",
    "rome",
}
"""Words that are also something else; as evidence of a country they count in a title alone, where case shows them."""


_MULTI_COUNTRY_LANGUAGES = {"en", "fr", "es", "pt", "ar", "de", "zh", "sw"}
"""Languages of many countries: a title alone says nothing in them."""


@cache
def _country_tables() -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]:
    """Return word -> country, word or capital -> country, country -> convention, language -> country."""
    words: dict[str, str] = {}
    evidence: dict[str, str] = {}
    conventions: dict[str, str] = {}
    homes: dict[str, str] = {}
    for names, adjectives, capitals, convention, language in _parse_country_rows():
        country = names[0]
        conventions[country] = convention[0]
        for word in names + adjectives:
            words.setdefault(word, country)
        for word in names + adjectives + capitals:
            if word not in _AMBIGUOUS_COUNTRY_WORDS:
                evidence.setdefault(word, country)
        for code in set(language) - _MULTI_COUNTRY_LANGUAGES:
            homes.setdefault(code, country)
    return words, evidence, conventions, homes


def country_words() -> MappingProxyType[str, str]:
    """Return every folded noun and adjective of a country with the country it means."""
    return MappingProxyType(_country_tables()[0])


def country_evidence_words() -> MappingProxyType[str, str]:
    """Return words that show that a text speaks of a country: nouns, adjectives and capitals, less ambiguous ones."""
    return MappingProxyType(_country_tables()[1])


def find_country_key(folded: str) -> str:
    """Return the one name of a country for any of its names, or the text itself where the country is not known."""
    return _country_tables()[0].get(folded.removeprefix("the ").strip(), folded)


def format_country_name(country: str) -> str:
    """Return a country's key as it is printed."""
    words = (word if word in {"of", "and", "the"} else word.capitalize() for word in country.split())
    return " ".join(words)


def find_convention(country: str) -> str:
    """Return the convention by which personal names of a country (a key) are built."""
    return _country_tables()[2].get(country, "western")


def find_home_country(language: str) -> str:
    """Return the country that a title without a country means in texts of a language, or an empty string."""
    return _country_tables()[3].get(language.partition("-")[0].lower(), "")
