"""Names that are short or foreign forms of one another: one family a line, folded. Ours.

German and English first, then Spanish and Portuguese.
"""

from __future__ import annotations

import re
from functools import lru_cache

_UMLAUTS = re.compile(r"([aou])e(?=[^aeiou]|$)")


@lru_cache(maxsize=32_768)
def shortest(token: str) -> str:
    """One spelling of a folded word for ``mueller`` and ``muller``: umlauts written out lose their e."""
    return _UMLAUTS.sub(r"\1", token) if len(token) > 3 else token


FAMILIES = """
alexander alexandra alex sascha sasha sandra xandra lex
andreas andrew andras andy drew andi
anna ann anne annie anni nancy anja anke annika
anneliese annelies liesel
annabelle anabella anabelle annabel bella
antonia antonius anton anthony antonio toni tony
anastasia anastassia nastassia stacy
barbara babs barbie bärbel baerbel
benjamin ben benni benny
bernhard bernd berni bernard bernie
brigitte gitte gitta birgit
candace kandace candice candy
carolin caroline karoline caro lina carrie
catherine katherine katharina katarina kathrin katrin kate katie kathy cathy kitty kaethe katja
charles charlie chuck karl carl
charlotte lotte lotti charly
christian chris christoph christopher kit
christine christina christel tina chrissi christiane chrissy kristin kristen
daniel dan danny
daniela daniella dani
david dave
deborah debbie debora
dieter hansdieter
dietrich dirk
donald don donny
dorothea dorothee doris dora thea dorothy dot
edward edmund ed eddie ted ned eduard edi
eleonore eleanor ellen elli ellie nora lore
elisabeth elizabeth elise elsbeth lisbeth lisa liesl lilli lizzie liz beth betty betti bettina eliza else sissi libby
emma emily emmi
eugene gene
eva evi evelyn evchen
ferdinand ferdi
florian flo
frances francesca franziska fran fanny franzi
francis frank franz franziskus
friederike rike fritzi
friedrich fritz frederick fred freddy freddie friedel frederic
gabriele gabriela gabi gaby
geoffrey jeffrey jeff geoff
georg george schorsch juergen jorg joerg
gerald gerry jerry
gerhard gerd gert
gertrud trude gerti traudl trudy
gregory gregor greg
guenter guenther
hannelore hanne lore hanna
hannah hanna hanni johanna jo
harald harry
harold hal
heinrich heinz heiner henry henri hein hinrich
helene helena lena leni
helmut helmuth
henry harry hank
herbert herb
hildegard hilde hilda
hubert hubertus
ingeborg inge ingrid inga
isabel isabella isabelle bella isa
jacob jakob jake jack
jacqueline jackie
james jim jimmy jamie
jennifer jenny jen jenni
jessica jess jessie
joachim achim jochen
johann johannes hans hannes john jan jonny johnny jack jens
jonathan jon jonny
joseph josef joe sepp jupp joey
josephine josefine josie fine josefa
judith judy
julia julie jule juliane juli
julius jules
karlheinz kalle
kenneth ken kenny
klaus claus nikolaus nicolas nicholas nick nico niklas klas
konrad konny kurt
kornelia cornelia conny nele
laurence lawrence larry lars lorenz
leonard leonhard leo len lenny leon
louis ludwig lewis lutz lou luis
lucas lukas luke luca
magdalena magda lena leni
manfred manni fred
manuela manu ela
margarete margaret margarethe margret grete greta gretel marga rita meg peggy peggie maggie marge daisy margot
maria marie mary mia mitzi molly polly
markus marcus marc mark marco
marlene marlies
martin marty
martina tina
matthew matt matthias matthaeus matti hias mattias
maximilian max maxi maximilien
melanie mel melli
michael mike michel micha michi mick mickey mikolaj misha mitch
michaela michelle ela michi
mohammed mohamed mohammad mohamad muhammad muhammed muhamed
monika monica moni
morris morrie maurice moritz
natalie natalia natascha nat tascha
nathan nathaniel nate
norbert nobby
oliver olli ollie
pamela pam
patricia pat patty tricia patsy trish
patrick pat paddy
paul pauli paulchen
peter pete petey pit
philipp philip phil phillip
rachel rachael
raimund raymond ray
rebecca rebekka becky becca
regina gina regine
reinhard reinhold reini
richard rick dick ricky rich richie
robert bob rob bobby robbie bert rupert robin
roland rolli
ronald ron ronny
rosemarie rosemary rosi rose rosie
rudolf rudi rolf ralf rudolph ralph
samantha sam sammy
samuel sam sammy
sarah sara sally zara sahra
sebastian basti bastian wastl seb
siegfried siggi sigi
sigrid siri
simon sim
sofia sophie sophia sofie
stefan stephan steffen stephen steven steve steph stefano
stefanie stephanie steffi steph
susanne susan susanna susi suzi sanne sue susie suzanne suzy
sylvia silvia silvi
theodor theodore theo ted teddy
theresa therese resi teresa tess tessa terry
thomas tom tommy thom
timothy tim timmy
ulrich uli ulli ulricus
ulrike uli ulli rike
ursula uschi ursel ulla
valentina valentin vali
veronika veronica vroni
victoria viktoria vicky vicki tori
viktor victor vic
vincent vince vinzenz
virginia ginny
walter walt wally
wilhelm william willi willy will bill billy liam helm wim
wilhelmine mina minna wilma
wolfgang wolf wolfi
yvonne yvi
zacharias zachary zach zack
alejandro ale jandro
concepcion concha conchita
consuelo chelo
dolores lola loli lolita
eduardo lalo edu
enrique quique kike
fernando nando
francisco paco pancho kiko chico
gregorio goyo
guadalupe lupita lupe
guillermo memo
ignacio nacho
jesus chucho chuy
joaquin quino
jose pepe pepito ze
josefina pepa fina
manuel manolo
mercedes merche
rafael rafa
roberto beto
rosario charo
aisha aicha ayesha aische ayse aishe
mohammed muhammad mohamed mohamad muhammed mohammad
ahmed ahmad achmed ahmet
hussein husain hussain hossein huseyin
yousef yusuf youssef joussef
fatima fatma fatimah fatemeh
khaled khalid chaled halid
omar omer umar
said saeed sayed
mustafa mostafa moustafa
ibrahim ebrahim
zuleyha suleika zuleika
ioannis yannis giannis jannis yiannis john
georgios giorgos yorgos yiorgos george georg
konstantinos constantinos constantine konstantin kostas costas dinos
eleni elene helene helena helen
nikolaos nikos nick nicholas
dimitrios dimitris dimitri demetrios demetris
emmanouil emmanoyil emmanuel emanuel manolis manos
alexandros alekos alexander alexis
panagiotis panayiotis takis panos
athanasios thanasis thanos
vasileios vasilios vasilis basil
anastasios tasos
theodoros thodoris theodor theo
michail michalis michael
charalampos charalambos babis
antonios antonis anton
evangelos vangelis
stylianos stelios
spyridon spyros
angeliki aggeliki angela angelika
kalliopi kalliope popi
evangelia evaggelia litsa eva
paraskevi evi vivi
aikaterini ekaterini katerina katina
vasiliki vaso vicky
panagiota giota yota
maria maro marika
andrzej jedrzej
katarzyna katharina katarina kasia
krzysztof christoph christopher krzys
malgorzata margareta margarethe gosia
elzbieta elisabeth elizabeth ela
pawel paul
lukasz lucas lukas
wojciech wojtek
zbigniew zbyszek
zaneta janette jeanette
oleksandr alexander aleksandr
mikhail michail michael
ekaterina yekaterina jekaterina katharina
evgeny yevgeny evgeniy yevgeniy jewgeni
yuri yury juri
renate renata
""".strip().splitlines()

SURNAMES = """
zhang chang cheung
wang wong
li lee
zhao chao chiu
chen chan chin tan
zhou chow chou
xu hsu hui tsui
huang hwang wong ooi
zheng cheng
xie hsieh tse
liu lau liou low
cai tsai choi chua
qian chien chin
deng teng tang
guo kuo kwok kwek
zhu chu
lin lam lim
wu ng woo goh
zhong chung
yang yeung young yeo
liang leung neo
he ho
sun suen
hu woo wu
gao kao ko
ma mah
luo lo law loh
song sung
han hon
tang tong
feng fung
yu yue yu
dong tung
xiao hsiao siu siew
cheng ching
cao tsao cho
yuan yuen
fu foo
shen sum shum
zeng tseng tsang chan
peng pang
lu lui loo
su so soh
jiang chiang kong
jia chia ka
ding ting
wei ngai
xue hsueh hsuh sit
ye yeh yip yap
yan yen yim
du tu to
pan poon pun
dai tai
xia hsia ha
tian tien tin
fan faan
fang fong
shi shih sze
yao yiu
tan tam
liao liu liew
zou tsou chow
xiong hsiung hung
jin chin kam
lu lok
hao hou
kong kung hung
bai pai pak
cui tsui chui
kang hong
mao mo
qiu chiu yau
qin chin chun
jiang kiang chiang
gu ku koo
hou hau
shao siu
meng mang
long lung
wan man
duan tuan
lei lui loi
tang tong
yin wan
li lai
chang sheung
he hor
lai lay
gong kung
wen man wan
hoang huynh
vu vo
oikonomou economou ikonomou
""".strip().splitlines()
"""Last names of one sign, or one word, that are written unlike: Pinyin, Wade-Giles and Cantonese; north and south of
Vietnam; one family a line, folded."""
