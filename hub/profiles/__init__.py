"""survive: a cluster's records to one golden profile, with provenance per value."""
