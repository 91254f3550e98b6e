"""matching: two records to bits, bits to clusters. Pure: it reads no store, no clock, and draws no random number."""
