-- Every question that a person was asked, and how it ended.
SET LOCAL ROLE jidgate_owner;

CREATE TABLE jidgate.confirmation_log (
  id uuid PRIMARY KEY,
  asked_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  jid text NOT NULL,
  method text NOT NULL,
  -- A query string may hold secrets.
  url text NOT NULL CHECK (position('?' IN url) = 0),
  site text NOT NULL,
  via text NOT NULL CHECK (via IN ('iq', 'message', 'page')),
  outcome text NOT NULL
    CHECK (outcome IN ('confirmed', 'denied', 'expired', 'unreachable', 'cancelled')),
  asker inet
);

CREATE INDEX confirmation_log_asked_at ON jidgate.confirmation_log (asked_at);

CREATE VIEW jidgate.confirmations AS
  SELECT id, asked_at, ended_at, jid, method, url, site, via, outcome, asker
  FROM jidgate.confirmation_log;

GRANT INSERT ON jidgate.confirmation_log TO jidgate_service;
GRANT SELECT ON jidgate.confirmations TO jidgate_service, jidgate_reader;
