"""Words that tell a name from a word, a place, a thing or another person; all folded."""

import re


def parse_words(text: str) -> frozenset[str]:
    """Return the words of a block."""
    return frozenset(text.split())


def _parse_phrases(text: str) -> frozenset[str]:
    """Return the phrases of a block, which bars keep apart."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


PLACE_WORDS_AFTER = parse_words(
    """
    street st road rd avenue ave boulevard blvd lane highway expressway bridge tunnel square park garden gardens
    plaza roundabout airport port harbour harbor station terminal stadium arena gymnasium university college
    school academy institute hospital clinic library museum mausoleum memorial temple pagoda church mosque
    cathedral cemetery monument theatre theater hall centre center tower building hotel market mall bank factory
    plant dam reservoir lake river mountain mount island islands bay beach cape peninsula pass province district
    commune ward village town township city county prefecture region municipality hamlet cup trophy prize award
    medal scholarship foundation fund institution society association club fc united league thought class
    frigate ship ferry vessel corvette submarine cruiser typhoon tea festival championship tournament trail
    corporation company co ltd inc group jsc holdings bus brewery cement steel sugar rice noodle restaurant cafe
    coffee jalan rue avenida calle lycee ecole hopital archipelago sea strait canal gorge cave waterfall forest
    reserve zone quarter subdistrict
    """
)
"""What a name becomes part of when it stands right before."""

LOWERCASE_PLACE_WORDS_AFTER = parse_words(
    """
    street road avenue boulevard lane highway expressway bridge tunnel square airport stadium university
    hospital library museum mausoleum province district commune ward city county prefecture cup trophy prize
    scholarship foundation monument pagoda hydropower dam river lake thought-school frigate class-frigate
    """
)
"""The same in small letters, less the words that often begin the next phrase."""

PLACE_WORDS_BEFORE = parse_words(
    """
    boulevard avenue rue quai pont lycee stade universite aeroport hopital ecole calle avenida plaza jalan jln
    jl via viale piazza strasse ship frigate vessel destroyer corvette submarine cruiser carrier ferry yacht
    tanker uss hms rss kri brp ins hmas hmcs typhoon hurricane cyclone operation cup trophy stadium fort camp
    mount mt lake river port cape bandara bandar universitas rumah masjid pelabuhan kapal stasiun tol jembatan
    taman lapangan gedung kabupaten kecamatan desa kelurahan provinsi kota pulau sungai gunung kampung thanon
    wat soi phra trophee coupe barrage batiment navire fregate
    """
)
"""What a name belongs to when it stands right after."""

VIETNAMESE_PLACE_WORDS_BEFORE = parse_words(
    """
    đường phố cầu trường phường quận huyện xã tỉnh tàu hầm chợ chùa đền hồ sông núi đảo cảng ga ấp thôn làng bản
    """
)
VIETNAMESE_PLACE_PHRASES_BEFORE = _parse_phrases(
    """
    đại học | học viện | bệnh viện | công viên | quảng trường | sân bay | thành phố | thị xã | thị trấn | nhà máy |
    nhà hát | bảo tàng | cao đẳng | tượng đài | trung học | tiểu học | thư viện | khu phố | đại lộ | công ty | tập
    đoàn | giải thưởng | giải bóng | cúp bóng | quỹ học bổng | sân vận động | khu công nghiệp | trường thpt | trường
    thcs
    """
)
"""Vietnamese words of the kind, with their marks: without them they are other words."""

OCCUPATIONS = parse_words(
    """
    singer actor actress dancer painter artist musician pianist violinist composer rapper drummer guitarist
    model photographer cameraman footballer striker goalkeeper midfielder defender winger player coach swimmer
    runner sprinter boxer wrestler athlete cyclist golfer cueist shuttler student pupil schoolboy schoolgirl
    teacher lecturer tailor farmer fisherman driver rider cook baker butcher barber carpenter plumber
    electrician mechanic vendor shopkeeper trader hawker nurse dentist pharmacist engineer architect novelist
    poet writer author filmmaker comedian presenter blogger youtuber influencer tiktoker suspect defendant
    convict thief robber trafficker dealer victim patient villager resident passenger guide monk nun apprentice
    trainee intern guard cashier waiter waitress builder mason tourist retiree pensioner widow grandmother
    grandfather potter weaver goldsmith docker cleaner gardener postman accountant salesman businesswoman
    landlord tenant plumber surgeon chanteur chanteuse acteur actrice peintre footballeur entraineur etudiant
    etudiante eleve agriculteur pecheur chauffeur penyanyi aktor aktris pelatih pemain petani nelayan sopir guru
    siswa mahasiswa pedagang cantante actor jugador entrenador estudiante agricultor pescador
    """
)
"""Who is not an official: said right before a full name, or right after it, the name is a namesake's."""

VIETNAMESE_OCCUPATIONS = _parse_phrases(
    """
    ca sĩ| diễn viên| nhạc sĩ| họa sĩ| hoạ sĩ| nghệ sĩ| đạo diễn| cầu thủ| huấn luyện viên| vận động viên| học
    sinh| sinh viên| em| cháu| bé| thầy giáo| cô giáo| nông dân| tài xế| ngư dân| bị cáo| nghi phạm| bị can| nạn
    nhân| bệnh nhân| phóng viên| người mẫu| tiền đạo| thủ môn| hậu vệ| tiền vệ| kỳ thủ| võ sĩ| nhà thơ| nhà văn|
    nhiếp ảnh gia| thợ may| hành khách| đối tượng| tử tù
    """
)

COMMON_WORDS = parse_words(
    """
    a an and are as at be been being but by can could did do does for from had has have he her here hers him his
    how i if in into is it its just may me more most must my new no nor not now of off on once one only or other
    our out over own said says she should since so some such than that the their them then there these they this
    those though through to today together tomorrow tonight too two under until up upon us very was we were what
    when where which while who whom whose why will with within without would yesterday yet you your after again
    against all almost along already also although always amid among any around because before behind below
    between both down during each either else even ever every few first former following however instead last
    later least less like many meanwhile much near neither never next nothing often outside per perhaps second
    several still third thus toward towards under unlike via whether yes according accepts addresses agrees aims
    allows announces appeals appoints approves arrives asks assures attends backs bans becomes begins bids
    blames boosts breaks briefs bring brings build builds call calls cancels chairs cheers chides cites claims
    closes comes commends condemns confers confirms congratulates considers continues creates cuts debates
    declares delivers demands denies discuss discusses drops eases elected elects embarks ends enters enhances
    expands expects expresses extends faces fails feels fires flies gets gives goes greets grants hails handed
    hands hears held helps highlights hold holds honours honors hosts hopes inaugurates inspects invites issues
    joins keeps kicks lands lauds launches lays leads leaves left lifts looks loses made make makes marks meet
    meets met moves named names offers opens orders outlines pays plans pledges praises prepares presents
    presides promises promotes proposes protests provides put puts quits raises reaches reacts receives rejects
    releases remains replaces reports resigns responds resumes returns reviews rides rules run runs sacks saw
    sees seeks sends set sets shares shows signals signs slams speaks spells spoke stands starts stays steps
    stops stresses strengthens submits suggests supports sworn takes talks tells thanks told took tours travels
    tries turns underlines unveils urge urged urges views visit visited visits votes vows wants warns watches
    welcomed welcomes win wins wishes witnesses won work works writes army air arms bilateral border business
    cabinet campaign ceremony chiefs congress cooperation council country crisis day deal defence defense
    delegation development diplomacy diplomatic drill economic election exercise force forces friendship
    government growth guests hosting international investment joint law leaders long market meeting military
    ministers ministry nation national navy official officials pact parliament party peace people police policy
    political post power press progress region regional relations role rose says security senior series session
    side sides stability state statement states strategic summit support talk term ties time top trade training
    trip troops vice visiting war way week working world year years foreign public chief general president prime
    minister leader high level monday tuesday wednesday thursday friday saturday sunday january february march
    april june july august september october november december spring summer autumn winter north south east west
    northern southern eastern western le la les un une des du de au aux et ou mais est sont dans par pour sur
    avec sans sous entre depuis chez lors selon apres avant lundi mardi mercredi jeudi vendredi samedi dimanche
    hier aujourd ce cette ces son sa ses leur il elle ils el los las una unos del al y o pero es son en con por
    para sin sobre entre desde hasta segun este esta ayer hoy dan di ke dari yang untuk pada dengan oleh dalam
    ini itu juga akan telah sudah bahwa serta menurut sementara kata saat cung ngay sau truoc tai theo khi va
    voi cho nhung trong ngoai tren duoi hom sang chieu toi nguoi cac mot dla wedlug wobec przed przez przeciw
    zdaniem podle pred pri podla kdyz keby gdy kiedy medzi proti fur nach auch wenn gegen laut doch denn wegen
    """
)
"""Words that stand with a capital at the beginning of a sentence or in a headline without being names."""

VIETNAMESE_HEADLINE_WORDS = parse_words(
    """
    làm tiếp thăm dự hội gặp nói phát chủ yêu trao nhận đến tới chúc kiểm chỉ ký và với là có được sẽ đã về tại trả điện
    gửi đề khẳng tham lên rời đón chào kết cùng cho ra vào giữ bổ thị đối trình tặng dâng viếng khai bế công nêu nhấn
    đồng chia cảm thông hoan thúc tăng đẩy mong giao bàn tuyên trong trước sau khi trên của các những một hai ba hôm
    ngày sáng chiều tối bị tuần thứ tiễn cắt động thực hoàn triển tổ
    """
)
"""Syllables, with their marks, that follow a name in a Vietnamese headline and are no part of it."""

WORDS_AFTER_NAME = parse_words(
    """
    said says told tells asked added noted stressed affirmed highlighted emphasised emphasized thanked praised
    congratulated proposed suggested pledged promised replied answered warned described visited welcomed received hosted
    attended chaired urged expressed spoke met also who himself herself underlined reiterated reaffirmed hailed voiced
    appreciated commended called arrived flew left led signed handed presented opened took gave did had has was will
    a dit estime ajoute souligne declare affirme dijo afirmo pidio mengatakan menyatakan berkata
    """
)
"""What follows a name and hardly ever an ordinary word of the same letters."""

ORDINARY_WORD_NAMES = parse_words(
    """
    son man hung dung sang hang ban long king bush rice brown green white black gray grey young price banks wood
    hill stone rose bill mark grace hope joy faith page cook bishop pope baker hunter fisher mason carter taylor
    smith major miller ford may west best day ball bell bird bond book brook chase cross field fields fox frost
    gates glass gold good hall hart heath hood hunt kay knight lamb law little love lowe marsh mill moon moor
    noble park parks pitt pool power pratt reed rich van to in rivers road savage sharp shell short silver
    singer snow sparks spring stern storm strong swan temple walker wall ward waters webb weeks wells wise wolf
    workman yard tea lay chest bear case wage fire can do he she you they so no on an me my we us it is as at or
    if of hat hit ham hot him tan ten toe pan pin pot pen pet put pun bay bin bit bat nap net not nit nut lap
    let lit lot loan loud than then that trim mo
    """
)
"""Ordinary words that are also somebody's name; alone they need more than a capital."""

VIETNAMESE_COMPOUNDS = _parse_phrases(
    """
    chinh phu | chinh tri | chinh quyen | chinh sach | chinh thuc | chinh dang | chinh nghia | chinh luan | chinh vi
    | chinh la | chinh nho | chinh khach | chinh truong | chinh bien | cuong quoc | cuong do | cuong dieu | cuong
    linh | cuong che | thang loi | thang canh | thang dau | thang cuoc | giang vien | giang son | giang day | giang
    duong | hung vi | hung manh | hung hau | lam nghiep | lam viec | lam sang | lam sao | lam thoi | luong thuc |
    luong huu | luong tam | man tinh | man cam | chien tranh | chien dich | chien si | chien luoc | chien thang |
    chien khu | chien dau | quyet dinh | quyet tam | quyet liet | quyet toan | nghia vu | nghia la | nghia trang |
    nghia tinh | trung uong | trung quoc | trung tam | trung tuong | trung doan | trung hoc | trung dong | binh dang
    | binh luan | binh quan | binh minh | binh chung | binh doan | son la | quang truong | quang ngai | quang ninh |
    quang nam | quang tri | quang cao | dung cam | dung luong | dung la | dung truoc | minh bach | minh chung | minh
    hoa | tan binh | tan cong | tan dung | hai quan | hai san | hai ben | hai nuoc | hai phong | phuc vu | phuc hoi
    | phuc loi | phuc tap | thai do | thai lan | thai binh | anh hung | anh em | anh ninh | an ninh | an toan | an
    giang | ngoc trai | ngoc linh | long tin | long an | nam bo | nam dinh | phong trao | phong chong | phong thu |
    phong su | trong khi | trong do | trong nuoc | tri thuc | tri tue | hien nay | hien tai | hien dai | hien phap |
    hien truong | dao duc | dao tao | dat nuoc | dat dai | dang cong | dang uy | dang vien | duc ha | duc tin | ha
    noi | ha giang | ha tinh | ha nam | ha lan | tien si | tien hanh | tien do | tien giang | tien trinh | toan dan
    | toan cau | toan quoc | tuan duong | tuan tra | tu do | tu phap | tu tuong | tu nhien | van hoa | van phong |
    van ban | van de | van kien | vinh long | vinh danh | vinh phuc | y te | y kien | y thuc | xuan dieu | hoa binh
    | hoa ky | hoa hop | huy dong | huy hieu | huy chuong | khanh hoa | khanh thanh | kien giang | kien nghi | kien
    quyet | kien truc | ky niem | ky hop | ky thuat | nguyen nhan | nguyen tac | phu tho | phu yen | phu hop | phu
    quoc | phuong an | phuong phap | phuong tien | sang kien | sang tao | sinh vien | tam quan | tam nhin | tung
    buoc | viet nam | vu khi | vu an
    """
)
"""Two-syllable words and places whose first syllable is also a given name."""

VIETNAMESE_PLACES = _parse_phrases(
    """
    an giang | ba ria | bac giang | bac kan | bac lieu | bac ninh | ben tre | binh dinh | binh duong | binh phuoc |
    binh thuan | ca mau | can tho | cao bang | da nang | dak lak | dak nong | dien bien | dong nai | dong thap | gia
    lai | ha giang | ha nam | ha noi | ha tinh | hai duong | hai phong | hau giang | hoa binh | hung yen | khanh hoa
    | kien giang | kon tum | lai chau | lam dong | lang son | lao cai | long an | nam dinh | nghe an | ninh binh |
    ninh thuan | phu tho | phu yen | quang binh | quang nam | quang ngai | quang ninh | quang tri | soc trang | son
    la | tay ninh | thai binh | thai nguyen | thanh hoa | tien giang | tra vinh | tuyen quang | vinh long | vinh
    phuc | vung tau | yen bai | ho chi minh | dien bien phu | truong sa | hoang sa | van giang | tan cuong | duc
    giang | giang vo | dong dang | long bien | hoan kiem | ba dinh | cam ranh | nha trang | da lat | phu quoc | con
    dao | binh minh
    """
)
"""Provinces and well-known places whose names are also the end of a person's name."""

VIETNAMESE_SYLLABLE = re.compile(
    r"(?:ngh?|gh?|gi|kh|nh|ph|qu|th|tr|ch|[bcdhklmnprstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?\Z"
)
"""The folded form of a possible Vietnamese syllable."""
