"""`sigap-unit doctor`: what is wrong with a unit, one line each, for whoever stands in front of it.

It looks where the agent would, with the agent's own parts, and changes nothing. While the agent runs it leaves
alone what that holds.
"""
