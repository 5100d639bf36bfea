INSERT INTO share_accesses (centre, share, at, address, what, shown, refused)
VALUES (%(centre)s, %(share)s, %(at)s, %(address)s, %(what)s, %(shown)s, %(refused)s)
