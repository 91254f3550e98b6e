"""Names and addresses for the people of the demo beyond its first cast. All are invented; none is like another.

Two people of the same first or last name are no more alike than such people are: no numbered doubles, which the engine
would rightly take for typing errors of one another.
"""

from __future__ import annotations

from hub.mapping.name import fold

_FIRST = """
    Ida Bruno Käthe Anton Greta Oskar Frieda Matteo Wiebke Ömer Clara Agnes Tobias Yasmin Renate Dieter Sophie
    Maximilian Ursula Gregor Leonie Vincent Heike Jonathan Milena Rüdiger Paula Felix Doris Cem Nadine Theodor
    Lotte Walter Xenia Kilian Bärbel Florian Olivia Harald Tamara Enno Gudrun Philipp Viola Sönke Edith Marcel
    Isabel Roland Zita Wolfgang Hedwig Nils Johanna Egon Selma Rainer Verena Ibrahim Cosima Volker Merle Ansgar
    Dagmar Pascal Ricarda Swantje Elias Nele Bernd Fatma Ulrich Eva Monika Jasper Kurt Bianca Rosalie Detlef
    Svenja Achim Lieselotte Irmgard Quirin Solveig Erwin Hasan Birte Norbert Otto Wilma Gustav Luise Samuel
    Karin Fabian
"""
_LAST = """
    Schäfer Neumann Lang Jäger Weiß Özdemir Sommer Kühn Albrecht Voß Roth Dietrich Engelhardt Fuchs Gärtner
    Hübner Iversen Jansen Krämer Mertens Nowak Opitz Pfeiffer Quandt Richter Sauer Thiele Ullrich Vetter Wegener
    Yilmaz Zimmermann Ackermann Böttcher Claußen Dörfler Eberhard Feldkamp Grünewald Heinemann Ibsen Jürgens
    Kowalski Lüders Maurer Ostermann Tischler Unger Vollmer Winkler Zobel Aydin Brückner Conrad Dombrowski
    Ehlers Färber Hinrichs Mühlbauer Niemeyer Oswald Petersen Trautmann Urban Volkmann Wittig Zielinski
    Aschenbach Czerny Eichhorn Freitag Güler Hartwig Nagel Poschmann Seiffert Tietz Uhlig Wächter Busch Dorn
    Flemming Göbel Hahn Kessler Lorenz Meißner Preuß Rupp Scholz Teichmann Wolters Baumgart Haas Kolb Pohl Stein
    Binder Gruber Ziegler Pilz
"""
FIRST, LAST = tuple(_FIRST.split()), tuple(_LAST.split())
"""97 and 101 of them: their product of pairs is gone through before any full name comes again."""

_STREETS = (
    "Ahornweg", "Bachgasse", "Dorfanger", "Eichendorffring", "Fliederbusch", "Gutenbergstraße", "Hafendamm",
    "Inselplatz", "Johannisgarten", "Kastanienallee", "Lerchenfeld", "Marktplatz", "Nordufer", "Ostpreußendamm",
    "Pappelhof", "Querstraße", "Rosental", "Schillerhöhe", "Tannenweg", "Uferpromenade", "Viktoriastraße",
    "Wiesengrund", "Zeppelinstraße", "Am Anger", "Bei der Mühle", "Hinter dem Turm", "Im Winkel", "Zum Brunnen",
    "Obere Zeile",
)  # fmt: skip
_PLACES = (
    ("01067", "Dresden"), ("04109", "Leipzig"), ("06108", "Halle"), ("07743", "Jena"), ("09111", "Chemnitz"),
    ("14467", "Potsdam"), ("17489", "Greifswald"), ("18055", "Rostock"), ("19053", "Schwerin"), ("21335", "Lüneburg"),
    ("23552", "Lübeck"), ("24103", "Kiel"), ("26122", "Oldenburg"), ("27568", "Bremerhaven"), ("30159", "Hannover"),
    ("33602", "Bielefeld"), ("34117", "Kassel"), ("37073", "Göttingen"), ("38100", "Braunschweig"),
    ("39104", "Magdeburg"), ("44135", "Dortmund"), ("48143", "Münster"), ("52062", "Aachen"), ("55116", "Mainz"),
    ("60311", "Frankfurt"), ("65183", "Wiesbaden"), ("66111", "Saarbrücken"), ("68159", "Mannheim"),
    ("70173", "Stuttgart"), ("78462", "Konstanz"), ("86150", "Augsburg"),
)  # fmt: skip
_PROVIDERS = ("example.de", "example.com", "example.org", "post.example.de", "mail.example.org")


def name(number: int) -> tuple[str, str]:
    """First and last name of the ``number``-th person; no two of the first 9,797 are called the same."""
    return FIRST[number % len(FIRST)], LAST[number % len(LAST)]


def home(number: int) -> tuple[str, str, str]:
    """Street with number, postal code and city of the ``number``-th household; no two of thousands live together."""
    postal_code, city = _PLACES[number % len(_PLACES)]
    return f"{_STREETS[number % len(_STREETS)]} {1 + number % 83}", postal_code, city


def email(first: str, last: str, number: int) -> str:
    """Somebody's address, at one of several providers."""
    return f"{fold(first)}.{fold(last)}@{_PROVIDERS[number % len(_PROVIDERS)]}"
