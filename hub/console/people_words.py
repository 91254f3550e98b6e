"""Words of the core on who is who, as people read them: evidence, answers, decisions, why a value won or lost."""

from __future__ import annotations

from hub.console.marking import N_

ANSWERS = {"accept": N_("one person"), "reject": N_("not now"), "never": N_("two people, for ever")}

ANSWERED = {
    "accept": N_("They are one person now."),
    "reject": N_("Not now: it comes back when the evidence has grown."),
    "never": N_("They stay two people, for ever."),
}

WAITS = {
    "between ask and same": N_("The evidence is neither enough nor nothing."),
    "refused: contradicts": N_("Enough by itself, but all that is known of both contradicts."),
    "refused: ambiguous": N_("Enough by itself, but it fits more than one person."),
    "refused: blast radius": N_("A limit of the rules holds so large a merge back."),
}

AGREEMENT = {
    "same": N_("the same"),
    "part": N_("the same in part"),
    "different": N_("different"),
    "one_sided": N_("only one tells it"),
}

FEATURES = {
    "prior": N_("Before any evidence"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "address": N_("Address"),
    "birth_date": N_("Date of birth"),
    "account": N_("Account"),
    "handle": N_("Handle"),
    "loyalty": N_("Loyalty card"),
    "national_id": N_("National id"),
    "household": N_("Household"),
    "suffix": N_("Salutation"),
}
"""What two records are compared in."""

LEVELS = {
    "random": N_("two records taken at random"),
    "exact": N_("the same"),
    "part": N_("the same in part"),
    "alias": N_("one is a short or other form"),
    "typo": N_("the same but for a typing error"),
    "close": N_("much alike"),
    "initial": N_("one is an initial"),
    "far": N_("hardly alike"),
    "different": N_("different"),
    "two_names": N_("one is Chinese, the other is not"),
    "couple_different": N_("alike, a man's and a woman's"),
    "alike_different": N_("alike, and two well-known names"),
    "initial_different": N_("different in the initial"),
    "swapped": N_("the other way round"),
    "shared": N_("the same, but too many share it"),
    "other": N_("two different ones"),
    "too_many": N_("more than one person has"),
    "near": N_("nearly the same"),
    "near_name": N_("the same but for a typing error"),
    "local": N_("the same name at another provider"),
    "local_number": N_("the same name with digits at another provider"),
    "weak": N_("the same, but perhaps somebody else's"),
    "role": N_("a desk's mailbox, not a person's"),
    "door": N_("the same street and number"),
    "street": N_("the same street"),
    "postal_city": N_("the same postal code and city"),
    "postal": N_("the same postal code"),
    "postal_near": N_("the same city, nearly the same postal code"),
    "city": N_("the same city"),
    "city_different": N_("different cities"),
    "neighbours": N_("the same street, numbers nearby"),
    "moved_street": N_("the same street and city, another postal code"),
    "moved_postal": N_("the same postal code, another door"),
    "moved_city": N_("the same city, another door"),
    "bound": N_("family and housemates share it too"),
    "same in a household": N_("father and son may share one"),
    "common in a household": N_("two of one household hardly share one"),
    "alike in a household": N_("brothers and sisters may be called so"),
    "digit": N_("the same but for one digit"),
    "day_month": N_("the same day in another year"),
    "two_parts": N_("the same year, and day or month"),
    "january": N_("a first of January, as forms fill in"),
    "filler": N_("one is a first of January, as forms fill in"),
    "short": N_("the same, too short to be unique"),
    "salutation_different": N_("one a man, one a woman"),
}
"""How far they agree in it."""

WILL = {
    "merge": N_("The records there become one."),
    "leave": N_("It cannot merge: one record is written from now on, the others stay as they are."),
    "write": N_("The record there gets what is known of both."),
    "create": N_("There is no record of its own: one is made if a route takes the person."),
    "correct": N_("Its record loses what came from the others; what is empty now is cleared."),
    "restore": N_("Its own record is there again, under the id it had."),
    "recreate": N_("A second record is made, under a new id."),
    "look": N_("The merge may have been carried out unseen: its record is looked at first, then kept or made again."),
    "keep": N_("The merge was not delivered yet: its record is still there, and is written only where it differs."),
}
"""What becomes of a profile in a destination."""

JOINED_BY = {"judgement": N_("decided"), "link": N_("by source"), "evidence": N_("evidence")}
"""What joins two records, in a word that fits its label."""

APART_BY = {
    "different": N_("A person decided that they are two."),
    "hold": N_("A limit of the rules holds the merge back until a person decides."),
    "review": N_("Somebody answered no, until the evidence grows."),
    "guard": N_("Enough by itself, but a guard holds it back."),
    "doubt": N_("The evidence is neither enough nor nothing."),
}

VERDICTS = {
    "same": N_("Decided: one person"),
    "different": N_("Decided: different people"),
    "hold": N_("Held back until a person decides"),
}

DECISIONS = {
    "merge": N_("Merge two people into one"),
    "never": N_("Two people, for ever"),
    "split": N_("Split records off"),
    "undo": N_("Take a decision back"),
}

DO = {
    "merge": N_("Merge"),
    "never": N_("Keep them apart"),
    "split": N_("Split off"),
    "undo": N_("Take it back"),
}

CAME = {"webhook": N_("verified signature"), "backfill": N_("read from the history"), "file": N_("read from a file")}

RULES = (
    N_("newest source time"),
    N_("source rank, then newest source time"),
    N_("most complete, then newest source time"),
    N_("told by most records, then newest source time"),
    N_("oldest source time"),
    N_("an opt-out holds until a newer explicit opt-in"),
    N_("an explicit opt-in newer than every opt-out"),
    N_("newest statement"),
)
"""Why a golden value won, as survivorship tells it; ``tr`` finds the text."""

LOST = (
    N_("older"),
    N_("newer"),
    N_("less complete"),
    N_("its source ranks lower"),
    N_("told by fewer records"),
    N_("of the same time, and its source ranks lower"),
    N_("of the same time and source rank, and later in the order of records"),
    N_("the same value, older"),
    N_("the same value, newer"),
    N_("the same value, less complete"),
    N_("the same value, its source ranks lower"),
    N_("the same value, told by fewer records"),
    N_("the same value, of the same time, and its source ranks lower"),
    N_("the same value, of the same time and source rank, and later in the order of records"),
    N_("of the same time, and not stricter"),
    N_("newer, but only an explicit opt-in ends an opt-out"),
    N_("deleted at the source"),
    N_("no sale: a test, cancelled or failed"),
    N_("open: nobody has paid it yet"),
)
"""Why a value lost, or an order does not count."""

WHY_SENT = {
    "unknown": N_("Hub heard of the opt-out only afterwards: nobody could have stopped it here."),
    "on_its_way": N_("It went out before %(name)s was told of the opt-out."),
    "known": N_(
        "%(name)s had been told by then, and sent it all the same: look there for a flow or list that does not ask for "
        "the consent."
    ),
    "not_told": N_("Hub told %(name)s nothing: no route leads there. Unsubscribe them there too, or give it a route."),
}
"""Why somebody was written to after a no."""
