"""The server: everything that touches the world. It meets the vehicles only on the wire (``tracker.wire``)."""
