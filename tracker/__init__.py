"""The domain: values in, values out. No clock, socket, environment, database or log.

Angles are degrees, distances metres, speeds metres per second, times aware and in UTC.
"""
