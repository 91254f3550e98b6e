"""resolve: canonical events to records, clusters and profile ids.

``record_changes`` gathers the events of a batch, and ``record`` stores them, with the ``buckets`` in which the records
are found. In a transaction of its own ``resolve`` places them: it has them ``held``, compares them with their
``fellows``, gathers who hangs together (``component``), and ``place`` puts every record into its profile. What decides
whether two records are one person is pure, and in ``hub.matching``.
"""
