"""Many machines on one ledger: inputs are submitted to a queue in its database, and workers on any machine take them."""
