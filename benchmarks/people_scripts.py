"""Names as systems write them in Latin letters, one name a string: its usual spelling first, then others, by ``|``.

Romanisations: ALA-LC and ISO 233 (Arabic), Pinyin and Wade-Giles (Chinese), BGN/PCGN and German (Russian, Ukrainian),
ELOT 743 (Greek); Polish, Turkish and Vietnamese without their diacritics, as keyboards without them write.
"""

from __future__ import annotations

from typing import NamedTuple


class Names(NamedTuple):
    """First and last names of one language, the most frequent first."""

    first: list[str]
    last: list[str]


def _names(first: str, last: str) -> Names:
    return Names(first.strip().split("\n"), last.strip().split("\n"))


NAMES: dict[str, Names] = {
    "Polish": _names(
        """
Łukasz|Lukasz|Lucas
Małgorzata|Malgorzata|Margareta
Paweł|Pawel|Paul
Michał|Michal|Michael
Agnieszka|Agnieschka
Grzegorz|Gregor
Katarzyna|Katharina
Wojciech|Wojtek
Jędrzej|Jedrzej|Andrzej
Elżbieta|Elzbieta|Elisabeth
Stanisław|Stanislaw|Stanislav
Krzysztof|Christoph
Bożena|Bozena
Rafał|Rafal|Raphael
Żaneta|Zaneta|Janette
Zbigniew|Zbyszek
""",
        """
Wójcik|Wojcik|Wojzik
Kowalczyk|Kowalczik
Wiśniewski|Wisniewski|Wisniewsky
Dąbrowski|Dabrowski|Dombrowski
Kamiński|Kaminski|Kaminsky
Zieliński|Zielinski|Zielinsky
Szymański|Szymanski|Schimanski
Woźniak|Wozniak
Kozłowski|Kozlowski|Koslowski
Jabłoński|Jablonski
Wróbel|Wrobel|Wrubel
Krawczyk|Krawtschik
Grabowski|Grabowsky
Pawłowski|Pawlowski
Michałowska|Michalowska
Łuczak|Luczak|Lutschak
""",
    ),
    "Arabic": _names(
        """
Mohammed|Muhammad|Mohamed|Mohamad|Muhammed
Ahmed|Ahmad|Achmed
Hussein|Husain|Hussain|Hossein
Abdul Rahman|Abdelrahman|Abdulrahman|Abd al-Rahman
Yousef|Yusuf|Youssef|Joussef
Fatima|Fatma|Fatimah|Fatemeh
Khaled|Khalid|Chaled
Aisha|Aicha|Ayesha
Omar|Omer|Umar
Mahmoud|Mahmud
Zainab|Zeinab|Zaynab
Ibrahim|Ebrahim
Said|Saeed|Sayed
Layla|Leila|Laila
Mustafa|Mostafa|Moustafa
Noor|Nour|Nur
""",
        """
Al-Hassan|Alhassan|Hassan|El Hassan
Al-Masri|Almasri|El Masry
Haddad|Hadad|Hadded
Khoury|Khouri|Khuri|Churi
Al-Sayed|Elsayed|Alsayed|El-Said
Nasser|Nasir|Naser
Abdallah|Abdullah|Abdulla
Shaheen|Shahin|Schahin
Qasim|Kassem|Qassem|Kasim
Darwish|Darwiche|Derwisch
Al-Najjar|Najjar|Alnajar
Rahimi|Rahimy
Benali|Ben Ali
Bouazizi|Buazizi
Mansour|Mansur|Mansoor
Suleiman|Sulaiman|Soliman
""",
    ),
    "Chinese": _names(
        """
Xiaoming|Xiao Ming|Hsiao-ming
Wei|Way
Jing|Ching
Meiling|Mei Ling|Mei-Ling
Guoqiang|Guo Qiang|Kuo-chiang
Li Na|Lina
Zhiyong|Zhi Yong|Chih-yung
Xueqin|Xue Qin|Hsueh-chin
Haoran|Hao Ran
Yuting|Yu Ting|Yu-Ting
Jianguo|Jian Guo|Chien-kuo
Shuang|Shuan
Tianyi|Tian Yi|Tien-i
Qiuyue|Qiu Yue
""",
        """
Zhang|Chang
Wang|Wong
Li|Lee
Zhao|Chao
Chen|Chan
Zhou|Chow|Chou
Xu|Hsu
Huang|Hwang
Zheng|Cheng
Xie|Hsieh
Liu|Lau
Cai|Tsai
Qian|Chien
Deng|Teng
Guo|Kuo
Zhu|Chu
""",
    ),
    "Vietnamese": _names(
        """
Thị Mai|Thi Mai|Mai
Văn Hùng|Van Hung|Hung
Minh Đức|Minh Duc|Duc
Thị Hương|Thi Huong|Huong
Quang Huy|Huy
Ngọc Ánh|Ngoc Anh|Anh
Thanh Tùng|Thanh Tung|Tung
Thị Lan|Thi Lan|Lan
Hữu Phước|Huu Phuoc|Phuoc
Kim Oanh|Oanh
Đình Trọng|Dinh Trong|Trong
Bích Ngọc|Bich Ngoc|Ngoc
""",
        """
Nguyễn|Nguyen|Ngyuen
Trần|Tran
Lê|Le
Phạm|Pham
Hoàng|Hoang|Huynh
Phan
Vũ|Vu|Vo
Đặng|Dang
Bùi|Bui
Đỗ|Do
Hồ|Ho
Ngô|Ngo
Dương|Duong
Lý|Ly
""",
    ),
    "Turkish": _names(
        """
Ayşe|Ayse|Aische
Mehmet|Mehmed
Çağlar|Caglar|Tschaglar
İbrahim|Ibrahim
Özgür|Ozgur|Oezguer
Şükrü|Sukru|Schükrü
Gülşen|Gulsen|Guelsen
Oğuz|Oguz|Oguzhan
Hatice|Hadice
Yiğit|Yigit
Züleyha|Zuleyha|Suleika
Emine|Amine
""",
        """
Yılmaz|Yilmaz
Şahin|Sahin|Schahin
Öztürk|Ozturk|Oeztuerk
Çelik|Celik|Tschelik
Yıldırım|Yildirim
Güneş|Gunes|Guenes
Doğan|Dogan
Kılıç|Kilic|Kilitsch
Aydın|Aydin
Koç|Koc|Kotsch
Erdoğan|Erdogan
Ünal|Unal|Uenal
""",
    ),
    "Russian": _names(
        """
Юлия|Yuliya|Julia|Iuliia
Дмитрий|Dmitry|Dmitri|Dmitrij
Сергей|Sergey|Sergei|Sergej
Екатерина|Ekaterina|Yekaterina|Jekaterina
Наталья|Natalya|Natalia|Natalja
Алексей|Alexey|Aleksei|Alexej
Евгений|Evgeny|Yevgeniy|Jewgeni
Татьяна|Tatyana|Tatiana|Tatjana
Юрий|Yuri|Yury|Juri
Михаил|Mikhail|Michail
Ксения|Kseniya|Xenia|Ksenija
Олександр|Oleksandr|Alexander|Aleksandr
""",
        """
Шевченко|Shevchenko|Schewtschenko|Ševčenko
Иванов|Ivanov|Iwanow
Кузнецов|Kuznetsov|Kusnezow
Попов|Popov|Popow
Васильев|Vasilyev|Vasiliev|Wassiljew
Соловьёв|Solovyov|Soloviev|Solowjow
Чернов|Chernov|Tschernow
Яковлева|Yakovleva|Jakowlewa
Журавлёв|Zhuravlev|Schurawljow
Ющенко|Yushchenko|Juschtschenko
Зайцева|Zaytseva|Zaitseva|Saizewa
Хохлов|Khokhlov|Chochlow
""",
    ),
    "Greek": _names(
        """
Γιώργος|Giorgos|Georgios|Yorgos
Ιωάννης|Ioannis|Yannis|Giannis
Κωνσταντίνος|Konstantinos|Kostas|Constantinos
Ελένη|Eleni|Helene
Δημήτρης|Dimitris|Dimitrios
Χρήστος|Christos|Hristos
Βασιλική|Vasiliki|Wassiliki
Νικόλαος|Nikolaos|Nikos
Παναγιώτης|Panagiotis|Panayotis
Ευαγγελία|Evangelia|Euangelia
""",
        """
Παπαδόπουλος|Papadopoulos|Papadopulos
Οικονόμου|Oikonomou|Economou|Ikonomou
Γεωργίου|Georgiou|Georgiu
Χατζής|Chatzis|Hatzis
Αγγελόπουλος|Angelopoulos|Aggelopoulos
Βλάχος|Vlachos|Wlachos
Καραγιάννης|Karagiannis|Karayannis
Δημητρίου|Dimitriou|Demetriou
Νικολαΐδης|Nikolaidis|Nicolaides
Μακρής|Makris
""",
    ),
}
"""By language."""
