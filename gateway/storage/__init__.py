"""PostgreSQL and TimescaleDB. SQL lives in .sql files; Python only carries values to it and back."""
