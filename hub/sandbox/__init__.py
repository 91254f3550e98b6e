"""sandbox: CRMs that speak a vendor's HTTP API, in memory: for the demo, tests and benchmarks."""
