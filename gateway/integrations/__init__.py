"""Other systems around a centre, a folder for each: their signatures, their words, and what of them is taken.

Services say what they need as protocols; what is in here fills them, and is put together in `wiring`.
"""
