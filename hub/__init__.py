"""Hub, the omni-channel customer hub.

The way of the data, and the folder each step lives in:

    receive, verify, store      hub/intake      webhooks, backfills and files become inbox entries
    normalise                   hub/normalise   inbox entries become canonical events
    resolve                     hub/identity    events become records; records become clusters
    survive                     hub/profiles    a cluster becomes one golden profile, with provenance
    enqueue … record            hub/outbox      changed profiles reach every CRM and e-mail system

``hub/pipeline.py`` holds the same table as data. ``hub/connectors/shopify`` is a good next page.
"""

__version__ = "0.1.0"
