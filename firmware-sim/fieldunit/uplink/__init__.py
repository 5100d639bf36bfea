"""Brings the outbox to the centre over MQTT.

`lanes` decides what to send now; `link` keeps one connection up; `delivery` joins them for a unit with an outbox,
`bare` for a device that has none; `network` runs many of them in one thread.
"""
