"""Google, in one room: credentials, the endpoint, patience with faults, and the few calls that we make."""
