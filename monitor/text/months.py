"""Names of the months as outlets print them, in the languages of the field and the large ones beside it."""

_MONTH_ROWS = """
january february march april may june july august september october november december
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
januar februar marz april mai juni juli august september oktober november dezember
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
januari februari maart april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november desember
janner februar mars april mai juni juli august september oktober november dezember
januari februari mac april mei jun julai ogos september oktober november disember
januari februari maret april mei juni juli agustus september oktober november desember
ocak subat mart nisan mayıs haziran temmuz agustos eylul ekim kasım aralık
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopadu prosince
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
ม.ค ก.พ มี.ค เม.ย พ.ค มิ.ย ก.ค ส.ค ก.ย ต.ค พ.ย ธ.ค
ມັງກອນ ກຸມພາ ມີນາ ເມສາ ພຶດສະພາ ມິຖຸນາ ກໍລະກົດ ສິງຫາ ກັນຍາ ຕຸລາ ພະຈິກ ທັນວາ
មករា កុម្ភៈ មីនា មេសា ឧសភា មិថុនា កក្កដា សីហា កញ្ញា តុលា វិច្ឆិកា ធ្នូ
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
jan feb mar apr may jun jul aug sep oct nov dec
jan feb mrz apr mai jun jul aug sept okt nov dez
ene feb mar abr may jun jul ago set oct nov dic
jan fev mar avr mai juin juil aout sep out nov dez
gen feb mar apr mag giu lug ago set ott nov des
янв фев мар апр май июн июл авг сен окт ноя дек
"""

MONTH_NUMBERS = {name: number for line in _MONTH_ROWS.split("\n") for number, name in enumerate(line.split(), 1)}
"""Month names without marks, in lower case and without a final dot -> 1 to 12."""
