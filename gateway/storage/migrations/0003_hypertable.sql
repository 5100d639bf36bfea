-- Where the extension is there, fixes become a hypertable; where it is not, they stay the plain table of the same name.
-- Chunks are to be compressed only after the window in which late data is usual (units come back after days without
-- coverage); what comes later still is stored, only slower.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        PERFORM create_hypertable('fixes', 'fix_time', chunk_time_interval => INTERVAL '1 day');
        ALTER TABLE fixes SET (
            timescaledb.compress,
            timescaledb.compress_segmentby = 'centre, unit',
            timescaledb.compress_orderby = 'fix_time, source'
        );
        PERFORM add_compression_policy('fixes', INTERVAL '14 days');
    END IF;
END
$$;
