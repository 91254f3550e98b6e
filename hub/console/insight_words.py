"""Words of Insight: stages, groups, models, and what to do next."""

from __future__ import annotations

from hub.console.marking import N_

LIFE = {
    "potential": N_("not ordered yet"),
    "new": N_("new"),
    "existing": N_("existing"),
    "loyal": N_("loyal"),
    "at_risk": N_("at risk"),
    "former": N_("former"),
    "won_back": N_("won back"),
    "champions": N_("champions"),
    "active": N_("active"),
    "promising": N_("promising"),
    "needs_attention": N_("needs attention"),
    "previously_loyal": N_("previously loyal"),
    "almost_lost": N_("almost lost"),
    "dormant": N_("dormant"),
}
"""Stages of the life cycle, and RFM groups."""

LIFE_MEANS = {
    "potential": N_("Known, but without an order that counts."),
    "new": N_("One order, and still time for the second."),
    "existing": N_("More likely than not still a customer."),
    "loyal": N_("Often here, and expected to be."),
    "at_risk": N_("Away for longer than is usual for them."),
    "former": N_("Most likely gone."),
    "won_back": N_("Had gone, and ordered again."),
}

LIFE_NEXT = {
    "potential": N_("Give them a reason for the first order; those with a cart or a question first."),
    "new": N_("Help with what they bought, then suggest what goes with it: the second order makes the customer."),
    "existing": N_("Suggest what others with the same products bought; no discount is needed."),
    "loyal": N_("Thank them, ask them for a review or a friend, and offer what they are likely to want next."),
    "at_risk": N_("Write now, in person where much is expected: ask what is missing before you offer a discount."),
    "former": N_("One good offer to those who may be written to; then leave them in peace."),
    "won_back": N_("Find out what brought them back, and make the next order easy."),
}
"""What people of a stage are good for next."""

MODELS = {
    "first": N_("First touch"),
    "last": N_("Last touch"),
    "last known": N_("Last known touch"),
    "linear": N_("All alike"),
    "position": N_("First and last most"),
    "time decay": N_("The later, the more"),
    "markov": N_("What is missing without it"),
    "shapley": N_("Its part in every mix"),
}
"""How attribution shares revenue out."""

GROUPS = {
    "customers": N_("Customers"),
    "offers": N_("What to offer"),
    "marketing": N_("Marketing"),
    "money": N_("Money"),
    "more": N_("More"),
}
"""What reports are about."""

GROUPED = {
    "life-cycle": "customers",
    "segments": "customers",
    "rfm": "customers",
    "personas": "customers",
    "cohorts": "customers",
    "cohorts-by-channel": "customers",
    "products": "offers",
    "up-sell": "offers",
    "replenishment": "offers",
    "carts": "offers",
    "leads": "offers",
    "attribution": "marketing",
    "journeys": "marketing",
    "funnel": "marketing",
    "ladder": "marketing",
    "holdout": "marketing",
    "qualification": "marketing",
    "kpis": "money",
    "forecast": "money",
    "forecast-by-channel": "money",
    "digest": "money",
}
"""The group of each measure by its slug; one that is not here is in ``more``."""
