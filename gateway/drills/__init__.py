"""Exercises of the whole system: real servers, the gateway and a simulated fleet as processes of their own, and a list
of what must hold, printed line by line.

The processes follow one clock, which goes on only when nothing is under way between them. So a drill takes as long as
the machine needs and says the same on every machine; at true speed it is the same drill by the machine's clock.
"""
