"""Everything on one machine with one command: a broker, a database, the gateway and a simulated fleet.

It is here to be looked at and to prove itself; production runs the same gateway beside servers that others
look after.
"""
