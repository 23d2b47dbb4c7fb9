"""Elements of names that show how a name is built; all folded."""

from monitor.match.word_lists import parse_words

CHINESE_FAMILY_NAMES = parse_words(
    """
    wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie song tang han
    feng deng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lu ding ren shen yao cui tan jin
    zhong fan shi liao jia xia fu fang zou xiong bai meng qin qiu hou yin xue yan lei hao gong shao wan gu lai mao
    kong xiang dai ge mo ouyang sima zhuge xi bo hua mu lou ke wen chan wong cheung lam lau ho ng tsai lee lim tan
    goh teo ong chua koh ang chong tsang leung kwok cheng chow yeung hsiao hsieh chiang tse yip fung hui chung loh
    heng kao lo pang soh quah tay seah
    """
)
"""Chinese family names in the romanisations of the mainland, Hong Kong, Taiwan and South-East Asia."""

KOREAN_FAMILY_NAMES = parse_words(
    """
    kim lee yi rhee park pak choi choe jung jeong chung kang cho jo yoon yun jang chang lim im rim han oh o seo suh
    shin sin kwon hwang ahn an song yoo yu ryu hong jeon jun chun ko koh moon mun yang bae paik baek heo hur nam
    shim sim noh no roh ha gwak sung cha joo ju woo gu koo min jin na eom won bang byun yeo choo do so ra ri pang wi
    """
)
"""Korean family names as romanised."""

HISPANIC_SECOND_GIVEN_NAMES = parse_words(
    """
    jose juan maria luis carlos manuel andres miguel jorge ana francisco antonio pedro rafael raul fernando alberto
    angel jesus eduardo daniel javier enrique alejandro guillermo rosa laura marta claudia cristina isabel pablo
    diego victor hugo julio cesar mario martin oscar ricardo roberto sergio ivan felipe gabriel david alfredo
    armando ernesto gustavo hector ignacio jaime joaquin
    """
)
"""Given names that are often the second of two in Spanish-speaking countries."""

COMMON_FIRST_ELEMENTS = parse_words(
    """
    mohamed mohammed mohammad muhammad mohamad muhammed mohd md ahmad ahmed abdul abu haji nur nurul siti wan nik
    syed maria ma sri i ni
    """
)
"""First elements so common that the press drops them: the next one is the name in use."""

NAME_PARTICLES = parse_words(
    """
    de da do dos das del della di du des la le las los van von der den ter ten el al ibn ben st san mac af zu bin
    abu ould
    """
)
"""Words in small letters that belong to the family name after them."""
