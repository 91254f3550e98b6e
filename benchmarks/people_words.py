"""Words that invented people are made of, the most frequent first where a list has an order."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""
Peter Michael Thomas Andreas Wolfgang Maria Klaus Jürgen Günter Stefan Christian Ursula Monika Werner Petra Elisabeth
Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela Claudia Susanne Gabriele Christa Christine Hildegard
Martin Daniel Frank Markus Bernd Helmut Walter Alexander Julia Anna Katharina Sandra Nicole Stefanie Melanie Anja
Birgit Ulrike Barbara Angelika Heike Martina Manfred Dieter Horst Uwe Rainer Jan Jens Matthias Sebastian Tobias
Florian Philipp Lukas Jonas Leon Felix Paul Maximilian Ben Finn Elias Noah Luis Emma Mia Hannah Sofia Lena Lea Marie
Laura Lisa Sarah Johanna Charlotte Clara Emilia Ella Ida Frieda Mathilda Greta Jörg Oliver Sven Dirk Torsten Thorsten
Ralf Holger Karl Heinz Hans Gerhard Georg Josef Franz Hermann Kurt Rolf Ernst Rudolf Harald Norbert Reinhard Volker
Joachim Lothar Siegfried Herbert Friedrich Wilhelm Heinrich Otto Robert David Simon Benjamin Patrick Marcel Dennis
Kevin Marco Mario Antonio Giuseppe Ali Mehmet Mustafa Ahmet Mohamed Ahmad Omar Yusuf Emre Can Murat Hasan Ibrahim
Fatma Ayşe Emine Zeynep Elif Hatice Aylin Leyla Anton Jakob Theo Moritz Emil Oskar Henri Samuel Raphael Gabriel Adrian
Dominik Fabian Manuel Rene Christoph Björn Lars Nils Timo Kai Marc Pascal Nico Erik Marvin Tim Tom Max Linus Mats Liam
Milan Levi Piotr Adam Krzysztof Tomasz Agnieszka Katarzyna Magdalena Ewa Joanna Małgorzata Anastasia Natalia Olga
Irina Elena Tatjana Svetlana Ekaterina Dmitri Sergej Viktor Vladimir Igor Alexej Ivan Nikolai Nadine Jessica Jennifer
Vanessa Yvonne Katja Kathrin Silke Simone Tanja Sonja Silvia Doris Ute Beate Bettina Cornelia Jutta Marion Regina Rita
Rosemarie Ruth Waltraud Edith Irmgard Gertrud Ilse Inge Elfriede Margarete Anneliese Lieselotte Hannelore Eva Christel
Bärbel Marlies Sigrid Heidi Dagmar Anke Antje Britta Kerstin Maren Wiebke Imke Frauke Meike Nora Paula Pauline Luisa
Amelie Nele Lilly Leni Mila Lina Maja Carla Helena Victoria Alina Jana Michelle Celine Chiara Giulia Francesca Alessia
Luca Matteo Lorenzo Pierre Jean Louis Hugo Chloé Camille Manon James John William George Harry Emily Olivia Grace
Charlie Jack Rosa Carmen José Miguel Pablo Lucia Ana Sofija Marko Luka Nikola Milica Jelena Dragan Goran Zoran Mirjana
Aleksandra Bogdan Andrei Ioana
""")

MEN_FIRST = _words("""
Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Werner Martin Daniel Frank Markus Bernd
Helmut Walter Alexander Manfred Dieter Horst Uwe Rainer Jan Jens Matthias Sebastian Tobias Florian Philipp Lukas
Jonas Leon Felix Paul Maximilian Ben Finn Elias Noah Luis Jörg Oliver Sven Dirk Torsten Thorsten Ralf Holger Karl
Heinz Hans Gerhard Georg Josef Franz Hermann Kurt Rolf Ernst Rudolf Harald Norbert Reinhard Volker Joachim Lothar
Siegfried Herbert Friedrich Wilhelm Heinrich Otto Robert David Simon Benjamin Patrick Marcel Dennis Kevin Marco
Mario Anton Jakob Theo Moritz Emil Oskar Samuel Raphael Adrian Dominik Fabian Manuel Christoph Björn Lars Nils Timo
Kai Marc Pascal Erik Marvin Tim Tom Max Hans-Peter Karl-Heinz Jan-Philipp Klaus-Dieter
""")
WOMEN_FIRST = _words("""
Maria Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela Claudia Susanne
Gabriele Christa Christine Hildegard Julia Anna Katharina Sandra Nicole Stefanie Melanie Anja Birgit Ulrike Barbara
Angelika Heike Martina Emma Mia Hannah Sofia Lena Lea Marie Laura Lisa Sarah Johanna Charlotte Clara Emilia Ella Ida
Frieda Mathilda Greta Nadine Jessica Jennifer Vanessa Yvonne Katja Kathrin Silke Simone Tanja Sonja Silvia Doris Ute
Beate Bettina Cornelia Jutta Marion Regina Rita Rosemarie Ruth Waltraud Edith Irmgard Gertrud Ilse Inge Elfriede
Margarete Anneliese Lieselotte Hannelore Eva Christel Bärbel Marlies Sigrid Heidi Dagmar Anke Antje Britta Kerstin
Maren Wiebke Frauke Meike Nora Paula Luisa Nele Lilly Lina Carla Helena Alina Jana Eva-Maria Anne-Marie
Marie-Luise
""")

NEAR_FIRST = _words("""
Julia/Julian Jana/John Jana/Jan Peter/Petra Karin/Katrin Martin/Martina Christian/Christiane Christian/Christina
Daniel/Daniela Michael/Michaela Alexander/Alexandra Andreas/Andrea Simon/Simone Stefan/Stefanie Johann/Johanna
Josef/Josefine Paul/Paula Mario/Maria Gabriel/Gabriele Manuel/Manuela Patrick/Patricia Robert/Roberta Karl/Karla
Nikola/Nicole Franz/Franziska Wilhelm/Wilma Hans/Hanna Ulrich/Ulrike Kai/Kaia Lisa/Luisa Anna/Anne Marie/Maria
Erik/Erika Heinrich/Henrike Angelo/Angela Claudio/Claudia Silvio/Silvia Rene/Renate Georg/Georgia Friedrich/Friederike
Marko/Marion Tim/Tina Tom/Tomke Jens/Jenny Luca/Luka Emil/Emilia Leon/Leonie Max/Maxi
""")
"""Two people's first names, near by their letters."""

OCCUPATIONS = _words("""
painter composer writer lawyer merchant physician clergyman soldier politician actor teacher professor engineer
architect sculptor botanist publisher banker musician farmer brewer chemist historian philosopher
""")

LAST = _words("""
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf
Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann
Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn
Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon
Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas
Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff
Pfeiffer Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Nowak Kowalski
Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Ivanov Petrov Smirnov Popov Nguyen Tran Rossi Russo Ferrari Bianchi
Silva Santos Pereira Garcia Fernandez Lopez Hansen Jansen Petersen Christiansen Andersen Nielsen Jensen Smith Jones
Brown Taylor Khan Ali Ahmed Hassan Hussein Mohammed Ibrahim Popescu Ionescu Horvat Novak Kovačević Jovanović Nikolić
Marković Petrović
""")
LAST_HEADS = _words("""
Acker Adler Alt Amsel Apfel Auer Bach Baum Berg Birken Bock Breit Brink Brück Buch Burg Distel Dorn Eber Eich Eisen
Erl Falk Feld Fink Frei Fried Gold Gras Grün Hafer Hag Hammer Harden Hasel Heid Herz Hirsch Hoch Hof Hohen Holz Hopf
Kalk Kamm Kirch Klee Korn Kron Lamm Lang Laub Licht Linden Loh Mai Mark Mittel Moor Mühl Neu Nieder Nuss Ober Ost
Pfaff Quell Rau Reb Reh Ried Rosen Rot Sand Schaf Schön See Silber Sommer Sonn Stein Stern Stolz Tann Thal Ulm Unter
Vogel Wald Wasser Weid Wein Wiesen Wild Winter Wohl Zell Kasz Nowo Grab Jawor Mal Stan Wit Dom Petr Iwan Alex Ramir
Gonz Mart Oz Kar Yil Tok Bay Al El Ben Mac O’ Fitz van-der- de-
""")
LAST_TAILS = _words("""
mann bauer müller hofer berger meier schmidt kamp hausen dorf brink weber stedt ner huber thal rode wig bold hardt ing
ler stein feld bach wald horst hagen kötter busch auer wski czyk enko ovic escu ez oğlu sen son ini elli eau
""")

SHORT = {
    "Alexander": "Alex", "Andreas": "Andi", "Katharina": "Kathi", "Elisabeth": "Lisa", "Johanna": "Hanna",
    "Maximilian": "Max", "Michael": "Micha", "Thomas": "Tom", "Stefanie": "Steffi", "Susanne": "Susi", "Josef": "Sepp",
    "Wolfgang": "Wolf", "Sebastian": "Basti", "Christian": "Chris", "Matthias": "Matze", "Ursula": "Uschi",
    "Gabriele": "Gabi", "Barbara": "Babsi", "Benjamin": "Ben", "Friedrich": "Fritz", "Heinrich": "Heinz",
    "Robert": "Rob", "Daniel": "Dani", "Manfred": "Manni", "Magdalena": "Lena", "Margarete": "Grete",
    "Klaus": "Nikolaus",
}  # fmt: skip

CITIES = (
    ("Berlin", 150), ("Hamburg", 75), ("München", 60), ("Köln", 44), ("Frankfurt am Main", 30), ("Stuttgart", 26),
    ("Düsseldorf", 25), ("Leipzig", 25), ("Dortmund", 24), ("Essen", 23), ("Bremen", 23), ("Dresden", 22),
    ("Hannover", 21), ("Nürnberg", 21), ("Duisburg", 20), ("Wien", 75), ("Zürich", 17), ("Graz", 12), ("Basel", 7),
)  # fmt: skip
PLACE_HEADS = LAST_HEADS[:90]
PLACE_TAILS = _words("""
berg burg dorf hausen heim hofen ingen stadt feld bach au furt kirchen münster tal see walde brück rode leben ow itz
stetten beuren weiler reuth moos born büttel broich scheid rath
""")

STREETS = [
    "Hauptstraße", "Schulstraße", "Gartenstraße", "Bahnhofstraße", "Dorfstraße", "Bergstraße", "Birkenweg",
    "Lindenstraße",
    "Kirchstraße", "Waldstraße", "Ringstraße", "Schillerstraße", "Amselweg", "Wiesenstraße", "Goethestraße",
    "Jahnstraße", "Buchenweg", "Wiesenweg", "Am Sportplatz", "Finkenweg", "Blumenstraße", "Mühlenweg", "Ahornweg",
    "Friedhofstraße", "Rosenstraße", "Eichenweg", "Feldstraße", "Mozartstraße", "Am Bahnhof", "Lerchenweg",
]  # fmt: skip
STREET_HEADS = [*LAST_HEADS[:95], "Alte ", "Kleine ", "Untere ", "Kaiser", "König", "Bismarck", "Beethoven", "Lessing"]
STREET_TAILS = ["straße", "weg", "gasse", "platz", "allee", "ring", "stieg", "graben", "damm", "ufer", "acker", "hang"]

HOSTS = (
    ("briefkasten", "de"), ("postamt", "com"), ("quickmail", "org"), ("heimnetz", "de"), ("funkturm", "com"),
    ("zuhause", "org"), ("nordlicht", "de"), ("inbox", "com"), ("bergblick", "org"), ("datenpost", "de"),
    ("hafenmail", "com"), ("studium", "org"), ("verein", "de"), ("kabel", "com"), ("sonnenweg", "org"),
)  # fmt: skip
"""Like no other of them, as providers' names are: not a typing error apart."""
