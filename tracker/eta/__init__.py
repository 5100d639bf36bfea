"""Arrival times: a value with an interval, a source and an age, or unknown."""
