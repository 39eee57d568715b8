"""A region is lost, and every environment in it is failed over at once: what that takes.

    python -m benchmarks.outage [--environments N] [--write]

The engine, its ledger on a real PostgreSQL and the failover's own table of steps are the real ones.
Time is virtual: a step lasts as long as ``scenario`` says, instances come and go as the scale
controller lets them, and a transaction waits while the ledger has as many as it takes in a second.
"""
