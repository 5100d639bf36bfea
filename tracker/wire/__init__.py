"""The message formats, pure bytes <-> values. Both ends of the wire read this one copy."""
