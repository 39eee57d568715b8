"""Evidence that stands on its own: a signed bundle per run, a page to read, how both are checked.

A bundle needs nothing but itself and a public key to be verified: no ledger, no network.
"""
