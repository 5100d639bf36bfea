"""A fleet that does not exist: vehicles on the roads of a region's profile, each with a receiver and a real outbox."""
