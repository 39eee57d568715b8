"""The real engine on the real ledger, with a hostile bus, a virtual clock and crashes on purpose.

python -m tests.simulation --seed 7        replay one seed, with everything that happens
python -m tests.simulation --seeds 100000  run many, stop at the first that breaks a promise
"""
