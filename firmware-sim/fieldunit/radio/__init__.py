"""The bridge at a base radio's serial port: what the radios say goes to the centre, and nothing of it is lost."""
