"""Where positions come from: ports that are opened again by themselves, what is wrong with them, and which one counts.

A port carries bytes and knows no NMEA (`serial_port`, `tcp`, `udp`, `gpsd`, `file`); `reader` keeps one open in a
thread; `condition` says in a sentence how it is; `preference` chooses among several sources. What the bytes mean is
`tracker.wire`'s.
"""
