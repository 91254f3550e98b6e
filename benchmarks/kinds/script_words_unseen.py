"""Other names of four languages than those of ``script_words``, which the product's lists of forms were tuned with.

Nobody tunes with these. Forms are those that registers, papers and football teams print, the usual one first.
"""

from __future__ import annotations


def _names(text: str) -> list[str]:
    return text.split()


POLISH_MEN = _names("""
Ludwik/Ludwig/Louis Feliks/Felix Konrad/Conrad Bronisław/Bronek Seweryn/Severin Norbert Hubert Aleksy/Alexis Bogdan
Błażej/Blasius/Blaise Emil Filip/Philipp/Philip Gustaw/Gustav Hieronim/Hieronymus Jeremi/Jeremias Juliusz/Julius
Klemens Krystian Lech/Leszek Marceli/Marcel Maksymilian/Maximilian/Maks Nikodem Oskar/Oscar Olgierd Patryk/Patrick
Remigiusz Roch Sebastian/Seba Tymoteusz/Timotheus/Tymek Wit Ziemowit Zenon Leonard/Leon Ksawery/Xaver Gabriel Dominik
Cyprian
""")
POLISH_WOMEN = _names("""
Adrianna/Adriana/Ada Amelia Apolonia/Pola Bożena Celina/Celine Czesława Daria Dominika/Dominique Felicja/Felicitas
Franciszka/Franziska/Frania Gabriela/Gabriele/Gabi Hanna/Hania Honorata Irena/Irene/Irka Jagoda Józefa/Josefa/Józia
Kamila/Camilla Kinga Klara/Clara Kornelia/Cornelia Laura Lidia/Lydia Liliana Łucja/Lucia/Lucie Ludwika/Louise Marianna
Marzena Mirosława/Mirka Nina Oliwia/Olivia Otylia/Ottilie Regina Róża/Rosa Sabina/Sabine Stefania/Stephanie
Wioletta/Violetta Zdzisława Zuzanna/Susanne/Zuza
""")
POLISH_LAST = _names("""
Bielecki Gołębiewski Chojnacki Domański Frątczak Gawroński Grzelak Jędrzejewski Janiszewski Kłos Kostrzewa Kuczyński
Leśniak Lipiński Łukasik Madej Mikołajczyk Milewski Mikulski Niemczyk Orzechowski Owczarek Pawłowicz Piątek Podgórski
Pietrzyk Rogalski Rybicki Skowroński Sobolewski Stasiak Strzelecki Szczepaniak Świątek Śliwiński Tokarski Turek
Twardowski Tkaczyk Wnuk Wierzbicki Wolski Wrona Zaremba Zarzycki Zięba Żukowski Żebrowski Bieniek Bogusz Borowiec
Brzozowski Bukowski Chrzanowski Cichoń Dębski Drozd Dziedzic Filipek Gałązka Gołąb Góra Jarosz Jeziorski Kędzierski
Klimek Kmiecik Kosiński Kruszewski Kulesza Kuśmierz Kwaśniewski Łapiński Marczak Matysiak Mierzejewski Miśkiewicz
Muszyński Olejniczak Osiński Pająk Pluta Przybysz Radomski Rosiak Skrzypczak Słowik Stachowiak Szymczak Ścibor Wąsik
""")

ARABIC_MEN = _names("""
Haitham/Haytham Mazen/Mazin Ghassan/Gassan Jawad/Jouad Wissam/Wisam Munir/Mounir/Moneer Rafiq/Rafik/Rafeek
Tawfiq/Toufik/Tewfik Shadi/Chadi/Schadi Sherif/Sharif/Cherif Hisham/Hicham/Hischam Louay/Luay/Loai Marwan/Merwan
Ziad/Ziyad/Zyad Muhannad/Mohannad/Mouhannad Qais/Kais/Qays Sami/Samy Ihab/Ehab Imad/Emad Fadi/Fady Fouad/Fuad/Foued
Riad/Riyadh/Riyad Sufyan/Sofiane/Soufian Mounib/Munib Wael/Wail Yasser/Yasir/Jasser Raed/Raid Hani/Hany Basel/Basil
Mutaz/Moutaz/Motaz Abdelkader/Abdulqadir/Abdelqader Abdelmajid/Abdulmajeed Nizar/Nezar Jalal/Galal/Djalal Kamal/Kamel
Anwar/Anouar Saif/Seif/Sayf Ridha/Rida/Reda Mehdi/Mahdi Moncef/Munsif Lotfi/Lutfi
""")
ARABIC_WOMEN = _names("""
Intisar/Entisar Ibtisam/Ebtisam/Ibtissem Ikram/Ikrame Jamila/Djamila/Gamila Karima/Kareema Latifa/Lateefa
Malika/Maleeka Manal/Manel Maysa/Maisa/Mayssa Mona/Muna/Mouna Nabila/Nabeela Nadine Nahla/Nehla Naima/Naeema/Naïma
Najat/Nagat Rabia/Rabiah Rasha/Racha/Rascha Rawan/Rouane Rola/Rula Rukaya/Roqaya/Ruqayya Sahar/Saher
Shaima/Chaima/Shaymaa Siham/Sihem/Seham Soraya/Thuraya/Suraya Sumaya/Soumaya/Sumayyah Widad/Ouidad Zahra/Zehra/Zahrah
Lamia/Lamya Lubna/Loubna Dalal/Dallal Dunya/Donia/Dounia Inas/Enas/Ines Ghalia Hayat/Hayet Basma/Besma
Safiya/Safia/Safiyya Samah
""")
ARABIC_LAST = _names("""
Abbas/Abas Nasrallah/Nasralla Shahin Bitar/Bittar Tawil/Taouil Qabbani/Kabbani Sharif/Cherif Jundi/Joundi Hijazi/Hegazy
Khayat/Chayat Rahal/Rahhal Samaan/Semaan Tannous/Tanous Atallah/Attallah Barakat/Baraket Bishara/Bechara Chami Dabbagh
Fakhoury/Fakhouri/Fachuri Ghandour/Gandour Hamoud/Hammoud/Hamud Hanna Jabbour/Gabbour Jumaa/Gomaa/Jomaa Kattan/Qattan
Lahoud/Lahud Makki/Mekki Mughrabi/Maghrabi/Moghrabi Naccache/Naqqash/Nakkasch Obeid/Ubaid/Obaid Odeh/Awda/Auda
Rahme/Rahma Rizk/Rizq Saadi/Sadi Sarkis Shalabi/Chalabi/Schalabi Shukri/Choukri Sulayman Tahan/Tahhan Yazbek/Yasbek
Zayn/Zein/Zain Zogbi/Zoghbi/Soghbi Zuhair/Zouheir al-Asad/al-Assad al-Amin/al-Ameen al-Dosari/al-Dossary
al-Ghamdi/al-Gamdi al-Harbi al-Mutairi/al-Moutairi al-Otaibi/al-Utaibi al-Shehri/al-Schehri al-Subaie/al-Sbei
al-Maliki/al-Malky al-Nahhas al-Qasimi/al-Kassimi al-Rifai/al-Refai al-Tayeb/al-Tayyib al-Yousef/al-Jussuf
al-Zoubi/al-Zubi ben-Ammar ben-Khalifa bou-Chamaoui/bouchamaoui abu-Khalil/abou-Khalil abu-Hassan/abou-Hassan
abdel-Nour/abdul-Nour abdel-Latif/abdul-Lateef Mahfouz/Mahfuz Bouzid/Buzid Trabelsi/Trabulsi Gharbi Chaouch/Shawish
Belhadj/Belhaj Boudiaf/Budiaf Mansouri/Mansuri
""")

CHINESE_LAST = _names("""
Hong/Hung/洪 Shi/Shih/石 Fan/Fan/范 Fang/Fong/方 Liao/Liu/廖 Zou/Tsou/Chow/邹 Xiong/Hsiung/Hung/熊 Jin/Chin/Kam/金
Hao/Hao/郝 Kong/Kung/Hung/孔 Bai/Pai/Pak/白 Cui/Tsui/崔 Kang/Kang/康 Mao/Mao/Mo/毛 Qiu/Chiu/Yau/邱 Qin/Chin/Chun/秦
Gu/Ku/Koo/顾 Hou/Hou/Hau/侯 Shao/Shao/Siu/邵 Meng/Meng/Mang/孟 Long/Lung/龙 Wan/Wan/Man/万 Duan/Tuan/段 Lei/Lei/Lui/雷
Tao/Tao/To/陶 Yin/Yin/Wan/尹 Chang/Chang/Sheung/常 Wu/Wu/Mo/武 Qiao/Chiao/Kiu/乔 Lai/Lai/赖 Gong/Kung/龚 Wen/Wen/Man/文
Pang/Pang/庞 Fu/Fu/符 Nie/Nieh/Nip/聂 Yao/Yao/Yiu/姚 Ren/Jen/Yam/任 Zhuang/Chuang/Chong/庄 Ouyang/Ouyang/Auyeung/欧阳
Qi/Chi/Chai/齐 Niu/Niu/Ngau/牛 Ge/Ko/Kot/葛 Ni/Ni/Ngai/倪 Shang/Shang/Sheung/尚
""")
CHINESE_GIVEN = _names("""
bin/pin/斌 bing/ping/冰 can/tsan/灿 cheng/cheng/诚 chang/chang/昌 cui/tsui/翠 da/ta/达 di/ti/迪 fei/fei/飞 fu/fu/福
guang/kuang/光 hai/hai/海 han/han/涵 heng/heng/恒 huan/huan/欢 kai/kai/凯 kun/kun/坤 le/le/乐 liang/liang/亮 lin/lin/琳
ling/ling/玲 meng/meng/梦 miao/miao/淼 nan/nan/楠 ning/ning/宁 peng/peng/鹏 qi/chi/琪 qian/chien/倩 rong/jung/荣
ru/ju/如 shan/shan/珊 sheng/sheng/胜 shu/shu/淑 shuang/shuang/爽 si/szu/思 song/sung/松 tai/tai/泰 xi/hsi/曦
xiang/hsiang/翔 xing/hsing/星 xiong/hsiung/雄 yao/yao/瑶 ze/tse/泽 zhen/chen/珍 zhong/chung/忠 zhu/chu/竹 zong/tsung/宗
zhe/che/哲 yun/yun/云 yue/yueh/月
""")

VIETNAMESE_LAST = _names("""
Trương Đào Vương Phùng Lưu Kiều Thái Tăng La Chu Nghiêm Mạc Tôn Hứa Bạch Doãn Lại Tống Từ Triệu Văn Đồng Viên Quan
""")
VIETNAMESE_MIDDLE_MEN = _names("Bá Đăng Trọng Thế Viết Khắc Nhật Phước Hải Trường Việt Thái Vĩnh Tiến Duy")
VIETNAMESE_MIDDLE_WOMEN = _names("Thị Thị Diễm Hoài Như Tường Mộng Cẩm Tố Ánh Nhã Thục Uyên Lệ Trúc")
VIETNAMESE_MEN = _names("""
An Bảo Bách Chiến Chương Danh Dương Đại Giáp Hậu Hiển Hoàn Hợp Hữu Khải Khôi Kỳ Lộc Lợi Lực Mạnh Nghĩa Nhân Nhật Phát
Phú Phước Quý Sang Tân Thạch Thái Thiện Thông Thuận Tín Trí Trọng Tường Vĩ Vũ
""")
VIETNAMESE_WOMEN = _names("""
Ái Ánh Bích Cúc Châu Đào Diễm Diệu Hảo Hiên Hòa Huệ Huyền Kiều Lài Lê Lý Mến Mơ Na Ngà Nguyệt Nhàn Nhi Như Ni Phụng
Phượng Quỳnh Sương Tâm Thanh Thắm Thi Thơ Thoa Thúy Thư Tiên Trâm Trúc Uyên Vi Xoan Ý Yên
""")
WESTERN = _names("Leo Oscar Felix Henry Ivan Simon Vincent Ray Fiona Stella Tina Iris Carol Mandy Doris Emma")
