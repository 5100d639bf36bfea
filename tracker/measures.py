"""Conversion factors, each with its source and whether it is exact, and the size of the Earth.

Everything inside is SI; these are used at the edges only.
"""

KNOT = 1852 / 3600
"""Metres per second in one knot. Exact: the international nautical mile is 1852 m (BIPM SI Brochure, 9th ed., 2019)."""

KILOMETRE_PER_HOUR = 1000 / 3600
"""Metres per second in one kilometre per hour. Exact."""

GPS_ROLLOVER_DAYS = 7168
"""Days after which the 10-bit week number of GPS L1 C/A repeats: 1024 weeks. Exact (IS-GPS-200, 20.3.3.3.1.1)."""

EARTH_RADIUS = 6_371_008.8
"""Mean radius of the Earth, metres (2a + b) / 3 of WGS 84. Approximate: distances on this sphere are within 0.6 %."""

MILE_PER_HOUR = 1609.344 / 3600
"""Metres per second in one mile per hour. Exact: the international mile is 1609.344 m."""
