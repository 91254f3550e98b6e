"""First names that are short or foreign forms of one another, of languages with names of their own: one family a line.

Folded, as ``short_forms``; ours. Men and women are on lines of their own, so that Karol is no Karolina. Forms that only
sound alike (Layla, Leila) need no line: ``spellings`` hears them.
"""

ENGLISH = """
abigail abby abbie gail
agatha aggie
albert al bert bertie
alfred alf fred freddie
allison alison allie ally
amanda mandy amy
amelia millie amy
arthur art artie
augustus august gus augustine
beatrice bea trixie
bernadette bernie
bradley brad
bronwyn bron
calvin cal
cameron cam
chester chet
clifford cliff
constance connie
cynthia cindy
deirdre dee deedee
dominic dom nic
douglas doug
elaine lainie
ernest ernie
florence flo florrie
genevieve jenny gen
geraldine gerry
gertrude gertie trudy
gilbert gil bert
gillian jill gill
herbert herb bert
isaac ike zac
jacqueline jacqui jackie
janet jan
jeremy jerry jem
josephine josie jo
joshua josh
judith judy jude
kimberly kim kimberley
leslie les
lillian lily lil lilian
lucille lucy lucinda
madeleine maddie madeline madelyn
mildred millie
millicent millie
mitchell mitch
nigel nige
penelope penny
philippa pippa pip
prudence prue
randolph randy
raymond ray
roderick rod
rodney rod
russell russ
sidney sid sydney
stuart stu stewart
tabitha tabby
terence terry terrence
tobias toby tobi
vincent vinny vinnie
winifred winnie
"""

POLISH = """
aleksander alexander olek alek
andrzej jedrzej andreas andrew andrei jedrek
antoni antek tosiek anton antonius anthony
arkadiusz arek
bartosz bartek
bartlomiej bartek bartholomaeus bartholomew
blazej blasius
boguslaw bogus
boleslaw bolek
cezary cezar caesar
czeslaw czesiek
dariusz darek
dominik domino
edward edek eduard
eugeniusz gienek eugen eugene
franciszek franek franz francis
fryderyk friedrich frederick
grzegorz grzesiek grzes gregor gregory
henryk heniek heinrich henry
ignacy ignaz
ireneusz irek
jacek jacenty hyacinth
jakub kuba jacob jakob
jan janek jasiek johann john johannes
jaroslaw jarek
jerzy jurek georg george
jozef jozek josef joseph
kacper kaspar kasper caspar casper
karol karl charles carl
kazimierz kazik kasimir
krzysztof krzysiek krzys krzychu christoph christopher kristof
krystian christian
leszek lech
lukasz lucas lukas
maciej maciek matthias
marcin martin
marek mark markus marcus
mariusz marius
mateusz matthaeus matthew
michal michael
mieczyslaw mietek
mikolaj nikolaus nicholas
miroslaw mirek
pawel paul
piotr piotrek peter pete
przemyslaw przemek
radoslaw radek
rafal raphael rafael
roman romek
ryszard rysiek richard
slawomir slawek
stanislaw staszek stach stas stanislaus
szczepan stefan stephan
szymon simon
tadeusz tadek thaddaeus
tomasz tomek thomas
waldemar waldek
waclaw wacek wenzel
wieslaw wiesiek
wiktor viktor victor
witold witek
wladyslaw wladek ladislaus
wlodzimierz wlodek
wojciech wojtek adalbert
zbigniew zbyszek zbych
zdzislaw zdzisiek
zygmunt zyga sigmund siegmund
agata agathe agatha
agnieszka aga agnes
aleksandra ola alexandra
alicja ala alice
anna ania anka hania
barbara basia baska
beata beate
cecylia cecilia caecilia
danuta danka danusia
dorota dorothea dorka
edyta edith
elzbieta ela elisabeth elizabeth
emilia emilka emily
ewa eva ewka
ewelina ewelyn evelyn eveline
genowefa genia genoveva
halina halinka
helena hela helene helen
irena irka irene
iwona yvonne
izabela iza isabella isabel
jadwiga jadzia hedwig
janina janka
joanna asia johanna
jolanta jola yolanda jolanthe
julia julka
justyna justine justina
karolina caroline carolin karoline
katarzyna kasia kaska katharina catherine
klaudia claudia
krystyna krysia christine christina
lucja lucia
magdalena magda
malgorzata gosia malgosia margarete margaret margareta margarethe
maria marysia maryla marie mary
marta martha
natalia natalka
oliwia olivia
patrycja patricia
paulina pauline
roza rosa rose
stanislawa stasia
stefania stefanie stephanie
sylwia sylvia silvia
teresa theresa therese
urszula ula ursula
weronika weronka veronika veronica
wiktoria viktoria victoria
wioletta violetta
zofia zosia sophie sophia sofia
zuzanna zuza susanne susanna
"""

RUSSIAN_AND_UKRAINIAN = """
aleksandr oleksandr alexander sascha sasha shura
aleksei alexey aleksey alexei oleksii aljoscha alyosha lyosha
anatoli anatoly tolya tolja
andrei andrey andrii andreas
boris borys borya
dmitri dmitry dmitrij dmytro dima mitya
evgeni evgeny yevgeny jewgenij zhenya schenja eugen eugene
fyodor fedor fjodor fedir theodor
grigori grigory hryhorii grischa grisha
ivan iwan vanya wanja
konstantin kostya kostja
leonid lyonya ljonja
maksim maxim maksym
mikhail michail mykhailo mischa misha michael
nikolai nikolay nikolaj mykola kolya kolja nikolaus
pavel pavlo pascha pasha paul
petr pyotr pjotr petro petya peter
roman roma
sergei sergey sergej serhii seryozha serjoscha
vasily wassili vasyl vasya wasja
viktor victor vitya witja
vladimir wladimir volodymyr wolodymyr vova wowa volodya
vladislav wladislaw vladyslav vlad
vyacheslav wjatscheslaw viacheslav slava
yegor jegor egor
yuri yury juri iurii yura jura
anastasia anastasiya nastya nastja
anna anya anja ganna hanna
daria darya darja dascha dasha daryna
ekaterina yekaterina jekaterina kateryna katerina katya katja
elena jelena yelena olena lena helena helen
elizaveta jelisaweta yelizaveta lisa
evgenia yevgenia jewgenija zhenya schenja eugenia
galina halyna galya
irina iryna ira irene
ksenia xenia kseniya ksyuscha ksyusha
lyubov ljubow liubov lyuba ljuba
lyudmila ljudmila liudmyla ludmila lyuda mila
margarita rita
maria mariya marija mascha masha mary
nadezhda nadeschda nadiia nadya nadja nadia
natalia natalya nataliia natascha natasha
olga olha olya olja
sofia sofya sonya sonja sophie
svetlana swetlana svitlana sveta
tatiana tatjana tatyana tetiana tanya tanja
valentina valentyna valya
viktoria viktoriia victoria vika
yulia julia yuliia iuliia yulya
"""

GREEK = """
alexandros alex alekos alexander
anastasia natasa natassa tasoula
anastasios tasos
andreas andrew
angelos aggelos angelo
apostolos tolis
aristotelis aris telis
charalampos babis haris harry lampis
christos chris hristos
christina chris
chrysoula chrysa soula
despoina despina debbie
dimitra demetra mimi
dimitrios dimitris dimitri mitsos jimmy demetrios demetris
efstathios stathis stathi
efthymios thymios
eftychia effie
eirini irini irene rena
eleftherios lefteris
eleni helen leni elena lena helena
emmanouil manolis manos emmanuel manuel
evangelos vangelis evan
evangelia litsa eva lia
evgenia eugenia jenny
fotios fotis
foteini fotini fofi
georgia gogo tzina
georgios giorgos yorgos george georg
gerasimos makis
grigorios grigoris gregory
ilias elias
ioanna joanna gianna yanna
ioannis giannis yannis jannis john
iosif joseph sifis
kalliopi popi
konstantina dina ntina nantia
konstantinos kostas costas konstantin constantine dinos gus
leonidas leo leon
michail michalis michael mike
nikolaos nikos nicolas nicholas nick
ourania rania
panagiota giota yota
panagiotis panos takis
paraskevi evi vivi voula
pavlos paul
petros peter
sofia sophie sophia
sotirios sotiris
spyridon spyros spiros
stamatios stamatis
stefanos stephen stephan
stylianos stelios
theodora dora
theodoros thodoris theo theodore theodor
triantafyllos lakis
vasileios vasilis bill basil
vasiliki vaso vicky vasso
zoi zoe
aikaterini ekaterini katerina catherine katharina kathy
"""

ARABIC_AND_PERSIAN = """
abdulrahman abdelrahman abderrahmane abdurrahman
ibrahim ebrahim brahim ibraheem abraham
daoud dawood daud david
elias ilyas eliyas
harun haroun aaron
idris driss edris
isa issa eissa
ismail ismael esmail smail
jamal gamal djamal dschamal cemal
khadija khadidja chadidscha kadija hatice khadeeja
maryam mariam miriam meryem
mousa moussa musa moses
osman othman uthman ousmane
soliman suleiman sulayman suleyman salomon
tarek tariq tarik
walid waleed oualid
yahya yehia
yaqub yacoub yakup jacob
yousef yusuf youssef youssouf joseph jussuf
younes yunus younis yunis
zakaria zakariya zekeriya
said saeed saied sayed
"""


def lines() -> list[str]:
    """All families, one a line."""
    return "\n".join((ENGLISH, POLISH, RUSSIAN_AND_UKRAINIAN, GREEK, ARABIC_AND_PERSIAN)).split("\n")
