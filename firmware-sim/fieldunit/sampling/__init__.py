"""Which fixes are reported. Pure: time is an argument, and nothing here knows a port, a disk or a network.

`situation` says what the unit is doing, `policy` how often that is worth a fix, `budget` whether the day's data allow
it, `sampler` which fixes of one source those are.
"""
