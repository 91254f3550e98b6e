"""resolve: canonical events to records, clusters and profile ids.

``record_changes`` gathers the events of a batch, ``resolve`` is the entry, ``weigh`` compares with the records in the
same ``buckets``, ``component`` holds who hangs together, and ``place`` puts every record into its profile. What decides
whether two records are one person is pure, and in ``hub.matching``.
"""
