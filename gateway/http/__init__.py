"""The web side: REST, the live socket, and the board's files."""
