"""Names of seven languages, the most frequent first; forms of one name stand together with slashes between them.

The first form is the usual transcription. Russian, Ukrainian and Greek stand in their own letters, and are transcribed
by ``transcribing``; what follows the slash there are short or foreign forms in Latin letters.
"""

from __future__ import annotations


def _names(text: str) -> list[str]:
    return text.split()


POLISH_MEN = _names("""
Piotr/Peter/Pjotr Krzysztof/Christoph/Krzyś/Kristof Andrzej/Andreas/Andrew Tomasz/Thomas/Tomek Jan/Johann/Janek
Paweł/Paul/Pavel Michał/Michael/Mihal Marcin/Martin Jakub/Jacob/Kuba Adam Łukasz/Lukas/Lucas Grzegorz/Gregor/Grzesiek
Mateusz/Matthäus/Matheus Wojciech/Wojtek/Woitek Mariusz/Marius Dariusz/Darius/Darek Zbigniew/Zbyszek Jerzy/Georg/Jurek
Maciej/Matthias/Maciek Rafał/Raphael Robert Kamil Jacek Dawid/David Sławomir/Slavomir Mirosław/Mirek Stanisław/Stan
Kacper/Kaspar Bartosz/Bartek Szymon/Simon Ryszard/Richard Janusz Marek/Mark Artur/Arthur Przemysław/Przemek
""")
POLISH_WOMEN = _names("""
Anna/Ania/Anja Maria/Maryla Katarzyna/Kasia/Katharina Małgorzata/Gosia/Margarete Agnieszka/Agnes/Aga Barbara/Basia
Ewa/Eva Krystyna/Christina/Krysia Magdalena/Magda Elżbieta/Elisabeth/Ela Joanna/Asia/Johanna Aleksandra/Alexandra/Ola
Zofia/Sophie/Zosia Monika/Monica Teresa/Theresa Danuta Natalia/Natalie Karolina/Caroline Marta/Martha Beata/Beate
Dorota/Dorothea Janina Jadwiga/Hedwig Jolanta/Jola Iwona/Yvonne Grażyna Justyna/Justine Paulina Wiktoria/Victoria
Halina Renata/Renate Sylwia/Silvia Izabela/Isabella/Iza Urszula/Ursula/Ula Weronika/Veronika
""")
POLISH_LAST = _names("""
Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Mazur
Jankowski Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek
Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak Górski
Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Zalewski Wróblewski
Marciniak Jasiński Zawadzki Bąk Jakubowski Sadowski Duda Włodarczyk Chmielewski Borkowski Sokołowski Szczepański
Sawicki Kucharski Lis Maciejewski Kubiak Kalinowski Mazurek Wysocki Kołodziej Kaźmierczak Czarnecki Sobczak Konieczny
Głowacki Urbański Zakrzewski Wasilewski Krajewski Laskowski Ziółkowski Gajewski Mróz Brzeziński Przybylski Szulc
Czajkowski Makowski Baranowski Cieślak Andrzejewski Szczygieł Żurawski Święcicki Gęsior Łuczak Żak Rzepka
""")

ARABIC_MEN = _names("""
Mohammed/Muhammad/Mohamed/Mohammad/Mohamad/Muhamed Ahmed/Ahmad/Achmed Ali/Aly Hassan/Hasan
Hussein/Hussain/Husain/Hossein Mahmoud/Mahmud Omar/Umar/Omer Khaled/Khalid/Chaled Youssef/Yousef/Yusuf/Youssouf/Joseph
Ibrahim/Ibraheem/Brahim Mustafa/Mostafa/Moustafa Abdullah/Abdallah/Abdulla Abdulrahman/Abdelrahman/Abderrahman
Said/Saeed/Saïd/Sayed Karim/Kareem Hamza/Hamzah Bilal/Belal Tarek/Tariq/Tareq Samir/Sameer Amir/Ameer
Ismail/Ismael/Esmail Anas/Annas Ayman/Aiman Nabil/Nabeel Rachid/Rashid/Rasheed Walid/Waleed/Oualid
Faisal/Faysal/Feisal Jamal/Gamal/Djamal Nasser/Nasir Salah/Saleh/Salih Othman/Osman/Uthman Suleiman/Sulaiman/Soliman
Zaid/Zayd/Zeid Firas/Feras Bashar/Baschar Adel/Adil
""")
ARABIC_WOMEN = _names("""
Fatima/Fatma/Fatimah/Fatema Aisha/Aischa/Ayesha/Aïcha Mariam/Maryam/Mariem/Meriem Zainab/Zeinab/Zaynab
Khadija/Chadidscha/Khadidja Amina/Ameena/Aminah Layla/Leila/Laila/Leyla Nour/Nur/Noor Sara/Sarah Hanan/Hanane
Samira/Sameera Salma/Selma Huda/Houda Rania/Ranya Yasmin/Jasmin/Yasmine/Yasmeen Dina/Deena Iman/Eman/Imane Reem/Rim
Rana/Ranah Nadia/Nadja/Nadya Lina/Leena Asma/Asmaa Hala/Halah Abeer/Abir Ghada/Rada Wafa/Wafaa Souad/Suad Najwa/Nagwa
Hiba/Heba Sana/Sanaa
""")
ARABIC_LAST = _names("""
Ali Hassan Ahmed/Ahmad Mohammed/Mohamed/Muhammad Ibrahim Hussein/Hussain Mahmoud/Mahmud Khalil/Chalil Said/Saeed
al-Masri al-Ahmad al-Hussein al-Khatib/al-Chatib al-Hariri al-Sayed/al-Said al-Ali al-Najjar/al-Naggar al-Haddad
al-Shami/al-Schami al-Rashid/al-Raschid al-Jabri/al-Djabri al-Tamimi al-Zahrani al-Qahtani/al-Kahtani al-Omari
al-Hamid/al-Hameed al-Khouri/al-Khoury al-Hakim al-Sabbagh al-Bakri al-Attar al-Turki al-Mansour/al-Mansur al-Saleh
Haddad Khoury/Khouri/Churi Nasser/Nasir Othman/Osman Suleiman/Sulaiman/Soliman Youssef/Yousef/Yusuf Mansour/Mansur
Abdullah/Abdallah Darwish/Darwisch Qasim/Kassem/Kasim Hamdan Shaheen/Schahin/Chahine Bakr Daoud/Dawood/Dawud Farah
Salem/Salim Issa/Eissa Mustafa/Mostafa Saleh/Salih Taha/Tahha Zaidan/Zeidan Aziz/Azeez Habib/Habeeb Jaber/Gaber
ben-Salah ben-Youssef bou-Aziz/bouaziz abu-Zaid/abou-Zeid abu-Bakr/abou-Bakr abdel-Karim/abdul-Karim
abdel-Rahman/abdul-Rahman abdel-Aziz/abdul-Aziz Awad/Auad Ghanem/Ghanim Kanaan/Canaan Maalouf/Malouf Sabri
Shawki/Schauki
""")

CHINESE_LAST = _names("""
Wang/Wong/王 Li/Lee/李 Zhang/Chang/Cheung/张 Liu/Lau/Liou/刘 Chen/Chan/Tan/陈 Yang/Yeung/Young/杨 Zhao/Chao/Chiu/赵
Huang/Wong/Hwang/黄 Zhou/Chou/Chow/周 Wu/Ng/吴 Xu/Hsu/Tsui/徐 Sun/Suen/孙 Hu/Woo/胡 Zhu/Chu/朱 Gao/Kao/Ko/高
Lin/Lam/Lim/林 He/Ho/何 Guo/Kuo/Kwok/郭 Ma/Mah/马 Luo/Lo/罗 Liang/Leung/梁 Song/Sung/宋 Zheng/Cheng/郑
Xie/Hsieh/Tse/谢 Han/Hon/韩 Tang/Tong/唐 Feng/Fung/冯 Yu/Yue/于 Dong/Tung/董 Xiao/Hsiao/Siu/萧 Cheng/Ching/程
Cao/Tsao/曹 Yuan/Yuen/袁 Deng/Teng/邓 Fu/Foo/傅 Shen/Sum/沈 Zeng/Tseng/曾 Peng/Pang/彭 Lu/Lui/吕 Su/So/苏
Jiang/Chiang/蒋 Cai/Tsai/Choi/蔡 Jia/Chia/贾 Ding/Ting/丁 Wei/Ngai/魏 Xue/Hsueh/薛 Ye/Yeh/Yip/叶 Yan/Yen/阎 Du/Tu/杜
Pan/Poon/潘 Dai/Tai/戴 Xia/Hsia/夏 Zhong/Chung/钟 Tian/Tien/田
""")
CHINESE_GIVEN = _names("""
wei/wei/伟 fang/fang/芳 na/na/娜 min/min/敏 jing/ching/静 li/li/丽 qiang/chiang/强 lei/lei/磊 jun/chun/军 yang/yang/洋
yong/yung/勇 yan/yen/艳 jie/chieh/杰 juan/chuan/娟 tao/tao/涛 ming/ming/明 chao/chao/超 xiu/hsiu/秀 xia/hsia/霞
ping/ping/平 gang/kang/刚 gui/kuei/桂 ying/ying/英 hua/hua/华 hui/hui/慧 xin/hsin/欣 yu/yu/宇 hao/hao/浩 zi/tzu/子
xuan/hsuan/轩 jia/chia/佳 mei/mei/梅 lan/lan/兰 ting/ting/婷 xiao/hsiao/小 dong/tung/东 bo/po/波 hong/hung/红
guo/kuo/国 jian/chien/建 zhi/chih/志 wen/wen/文 chun/chun/春 qing/ching/清 long/lung/龙 feng/feng/峰 xue/hsueh/雪
rui/jui/睿 yi/i/怡 chen/chen/晨
""")
WESTERN = _names(
    "Kevin Jack Tony David Eric Jason Peter Andy Grace Amy Cindy Linda Vivian Joyce Jenny Alice Helen Lily"
)

VIETNAMESE_LAST = _names("""
Nguyễn Trần Lê Phạm Hoàng/Huỳnh Phan Vũ/Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trịnh Mai Đoàn Cao Lương Tô Hà Tạ Châu
Quách
""")
VIETNAMESE_MIDDLE_MEN = _names("Văn Hữu Đức Minh Quang Xuân Thanh Quốc Công Ngọc Anh Gia Đình Hoàng Tuấn")
VIETNAMESE_MIDDLE_WOMEN = _names("Thị Thị Ngọc Thu Thanh Minh Kim Phương Thùy Hồng Bích Mỹ Bảo Khánh Quỳnh")
VIETNAMESE_MEN = _names("""
Anh Hùng Dũng Tuấn Minh Nam Long Hải Sơn Thắng Cường Đức Hiếu Trung Quân Phúc Khoa Huy Bình Tùng Việt Kiên Thành Phong
Lâm Tài Vinh Hưng Khánh Duy Đạt Tiến Toàn Quang Thịnh
""")
VIETNAMESE_WOMEN = _names("""
Hương Lan Linh Mai Hoa Hạnh Thảo Trang Ngọc Thu Hà Nga Phương Thủy Yến Hằng Anh Nhung Oanh Chi Vân Dung Loan Hiền Hồng
Diệp Tuyết Liên Ngân Trinh Quyên My Vy Giang Xuân
""")

TURKISH_MEN = _names("""
Mehmet/Mehmed Mustafa Ahmet/Ahmed Ali Hüseyin/Huseyn Hasan/Hassan İbrahim/Ibrahim İsmail/Ismail Osman Yusuf/Yussuf
Murat/Murad Ömer/Omer Ramazan Halil Süleyman/Suleyman Abdullah Mahmut/Mahmud Recep/Recip Salih Fatih Kadir Emre Hakan
Adem Kemal Yaşar Bekir Musa Metin Bayram Serkan Orhan Burak Fırat Gökhan Uğur Yunus Yakup Erdoğan Şükrü Çağlar Barış
Kerem Efe Ozan Cem/Djem Can/Dschan Volkan Tolga Oğuz Umut İlker Sinan Erkan Ümit Tuncay
""")
TURKISH_WOMEN = _names("""
Fatma/Fatima Ayşe/Aysche/Aische Emine Hatice/Hatidje Zeynep/Zeyneb Elif Meryem/Meriem Şerife Zehra Sultan Hanife Merve
Havva Zeliha Esra Fadime Özlem Hacer Yasemin/Jasemin Hülya Cemile Sevim Gülsüm Leyla/Leila Dilek Büşra Aysel Songül
Kübra Halime Esma Aynur Hayriye Kader Tuğba Rabia Sevgi Melek Derya Gülay Filiz Nurcan İpek Çiğdem Pınar Işıl Gönül
""")
TURKISH_LAST = _names("""
Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan
Şimşek Polat Özcan Korkmaz Çakır Erdoğan Yavuz Can Acar Şen Aktaş Güler Yalçın Güneş Bozkurt Bulut Keskin Ünal Turan
Gül Özer Işık Kaplan Avcı Sarı Tekin Taş Köse Yüksel Ateş Aksoy Çoban Uçar Ekinci Karaca Duman Güngör Uysal Toprak
Soylu Bayrak Sönmez Çiftçi Karataş Ağca Büyük Eroğlu İnce Kılınç Sağlam Tunç Uzun Yaşar Zengin Dağ Ergün Gündüz Ceylan
""")

RUSSIAN_MEN = _names("""
Александр/Sascha/Sasha/Alexander Сергей/Serge Владимир/Wolodja/Vova Дмитрий/Dima Андрей/Andreas Алексей/Aljoscha
Максим Евгений/Eugen Михаил/Mischa/Michael Николай/Kolja/Nikolaus Иван/Wanja Виктор Юрий Павел/Paul Игорь Олег Роман
Константин/Kostja Василий Анатолий Вячеслав/Slava Артём/Artem Денис Илья/Ilja Никита Геннадий Григорий Яков/Jakob
Фёдор/Theodor Вадим Пётр/Peter Леонид Станислав Валерий Тимофей
""")
RUSSIAN_WOMEN = _names("""
Елена/Lena/Helena Татьяна/Tanja Наталья/Natascha Ольга/Olja Ирина/Ira Анна/Anja Светлана/Sweta Мария/Mascha
Екатерина/Katja/Katharina Людмила/Ljuda Галина/Galja Марина Юлия/Julia Анастасия/Nastja Надежда/Nadja Валентина Нина
Любовь Дарья/Dascha Оксана Ксения/Xenia Виктория/Vika Александра/Sascha/Alexandra Лариса Евгения/Eugenia Яна Вера
Жанна Полина Софья/Sofia Лидия Зоя Алла Эльвира
""")
RUSSIAN_LAST = _names("""
Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев Семёнов
Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов Яковлев Григорьев
Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов Поляков Сорокин
Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов
Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов Мельников Денисов Гаврилов Тихонов Казаков
Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов Ефимов Щербаков Назаров Калинин Исаев Чайковский
Вишневский Хрущёв Жданов Цветков Юдин Яшин Щукин Островский Гончаров Шевцов
""")
UKRAINIAN_MEN = _names("""
Олександр/Alexander/Sascha Сергій/Sergej Володимир/Vladimir Андрій/Andrej Віктор Дмитро/Dmitri Микола/Nikolaj
Олексій/Alexej Юрій Михайло/Michail Іван Василь/Vasilij Євген/Evgenij Ігор Павло/Pavel Богдан Тарас Ярослав Максим
Артем Кирило/Kirill Григорій Петро/Petr Степан В'ячеслав
""")
UKRAINIAN_WOMEN = _names("""
Олена/Elena/Lena Наталія/Natalja Ольга Ірина Тетяна/Tatjana Оксана Людмила Світлана/Svetlana Галина/Halina Марія
Катерина/Ekaterina Юлія Вікторія Анна/Hanna Любов Надія/Nadeschda Валентина Анастасія Дарина/Daria Софія Зоряна Леся
""")
UKRAINIAN_LAST = _names("""
Шевченко Коваленко Бондаренко Ткаченко Кравченко Ковальчук Олійник Шевчук Поліщук Бондар Ткачук Мороз Марченко Лисенко
Руденко Савченко Петренко Кравчук Клименко Павленко Савчук Кузьменко Левченко Мельник Пономаренко Василенко Волошин
Харченко Карпенко Гаврилюк Швець Мельничук Тимошенко Гончаренко Сидоренко Гнатюк Зінченко Хоменко Яременко Пилипенко
Юрченко Дяченко Щербак Жук Цимбалюк Гордієнко Іщенко Євтушенко Панченко Романюк
""")

GREEK_MEN = _names("""
Γεώργιος/George/Giorgos/Yorgos Ιωάννης/John/Giannis/Yannis Κωνσταντίνος/Kostas/Constantine Δημήτριος/Dimitris/Dimitri
Νικόλαος/Nikos/Nicolas Παναγιώτης/Panos/Takis Βασίλειος/Vasilis/Bill Χρήστος/Chris Αθανάσιος/Thanasis
Μιχαήλ/Michalis/Michael Ευάγγελος/Vangelis Σπυρίδων/Spyros Αντώνιος/Antonis Αναστάσιος/Tasos Θεόδωρος/Theo/Thodoris
Ανδρέας/Andrew Χαράλαμπος/Babis/Harry Αλέξανδρος/Alex/Alekos Εμμανουήλ/Manolis Ηλίας/Elias Σταύρος Πέτρος/Peter
Στέφανος Απόστολος Σωτήριος/Sotiris Γρηγόριος/Grigoris Ευστάθιος/Stathis Λάμπρος Άγγελος/Angelo Φώτιος/Fotis
""")
GREEK_WOMEN = _names("""
Μαρία/Mary/Maro Ελένη/Helen/Leni Αικατερίνη/Katerina/Katharina Βασιλική/Vaso/Vicky Σοφία/Sophie Αγγελική/Angela
Γεωργία/Gogo Δήμητρα/Demetra Κωνσταντίνα/Dina Παρασκευή/Evi Αναστασία/Natasa Ιωάννα/Joanna Ευαγγελία/Litsa Άννα/Anna
Χριστίνα/Christina Φωτεινή/Fofi Ευγενία/Eugenia Δέσποινα Χρυσούλα Ειρήνη/Irene Αλεξάνδρα/Alexandra Σταυρούλα
Παναγιώτα/Yota Θεοδώρα/Dora Ζωή/Zoe Νίκη Μαρίνα Ουρανία/Rania Καλλιόπη/Popi Χαρίκλεια
""")
GREEK_LAST = _names("""
Παπαδόπουλος Παππάς Καραγιάννης Βλάχος Ιωάννου Οικονόμου Παπαγεωργίου Μακρής Κωνσταντινίδης Δημόπουλος Γεωργίου
Παπαδάκης Αντωνίου Νικολάου Αθανασίου Χριστοδούλου Αγγελόπουλος Παναγόπουλος Βασιλείου Δημητρίου Γιαννόπουλος
Θεοδωρόπουλος Κόκκινος Σπανός Λαμπρόπουλος Κυριακίδης Τσιρίγος Καραμανλής Μητσοτάκης Ξενάκης Ζαχαρόπουλος Χατζής
Αναγνωστόπουλος Ευαγγέλου Μιχαηλίδης Παυλίδης Σταματόπουλος Τζανετάκης Φωτόπουλος Ψάλτης Γκίκας Μπακάλης Ντούκας
Αλεξίου Ρήγας Καλογερόπουλος Δραγούμης Ηλιόπουλος Θεοχάρης Ιωαννίδης Λιβανός Πετρόπουλος Σαμαράς Τριανταφύλλου
Χριστόπουλος Σωτηρίου Μανωλάκης Αποστόλου Κατσαρός Στεφανίδης Κούρος Μπουγάς Γεωργιάδης Φιλίππου Χαραλάμπους
""")
