"""resolve: canonical events to records, identifiers, edges and clusters.

What decides is pure (rules, matching, graph, drafts); ``resolve`` does the I/O.
"""
