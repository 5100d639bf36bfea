-- Above all that were given, and above the clock in microseconds: after a restored backup, too, the next is the highest.
SELECT greatest((SELECT coalesce(max(n), 0) + 1 FROM commands), (extract(epoch FROM %(now)s::timestamptz) * 1000000)::bigint)
