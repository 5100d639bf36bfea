"""Road regions on disk: made from OpenStreetMap extracts, loaded into the domain's graph."""
