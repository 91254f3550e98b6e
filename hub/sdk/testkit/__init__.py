"""The contract kit: what every connector promises, as laws S1–S30 and D1–D17, run over its own samples.

``hub.sdk.testkit.kit.checks`` lists the checks of one connector; ``plugin`` gives them to pytest, ``hub connector
check`` runs them without it. A law that cannot apply is left out because the connector's declaration says so, never
because a sample is missing.
"""
