-- The certificates that accounts have registered, and what host servers may ask about them.
SET LOCAL ROLE jidgate_owner;

-- Text is compared octet by octet: an index does not change its order when the system's collations
-- change theirs.
CREATE TABLE jidgate.certificate (
  account text COLLATE "C" NOT NULL
    CHECK (octet_length(account) <= 2047 AND account ~ '^[^@/]+@[^@/]+$'),
  name text COLLATE "C" NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
  der bytea NOT NULL CHECK (octet_length(der) BETWEEN 64 AND 16384),
  sha256 bytea NOT NULL GENERATED ALWAYS AS (sha256(der)) STORED,
  subject text NOT NULL CHECK (octet_length(subject) <= 512),
  xmpp_addresses text[] NOT NULL
    CHECK (cardinality(xmpp_addresses) <= 1000 AND array_position(xmpp_addresses, NULL) IS NULL),
  key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 32),
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL CHECK (not_after >= not_before),
  can_manage boolean NOT NULL,
  -- The records that count against the limit of an account take its places 1, 2, 3 …
  slot smallint CHECK (slot > 0),
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  disabled_at timestamptz,
  revoked_at timestamptz,
  -- The calls that added and ended it: one whose answer was lost finds out what it has done.
  add_id uuid NOT NULL,
  end_id uuid,
  -- When the account was told, and when the host had ended the sessions of a revoked one.
  told_added_at timestamptz,
  told_expiring_at timestamptz,
  sessions_ended_at timestamptz,
  CONSTRAINT certificate_slot_while_in_use
    CHECK ((slot IS NOT NULL) = (disabled_at IS NULL AND revoked_at IS NULL)),
  -- Marked before it is revoked, its sessions would never be ended.
  CONSTRAINT certificate_ended_after_revoked
    CHECK (sessions_ended_at IS NULL OR revoked_at IS NOT NULL),
  -- Also after it was revoked: what was given up once never comes back. Serves logins as well.
  CONSTRAINT certificate_once PRIMARY KEY (sha256, account),
  -- Serves whatever looks for the records of an account, too.
  CONSTRAINT certificate_slot UNIQUE (account, slot)
);

CREATE UNIQUE INDEX certificate_name ON jidgate.certificate (account, name)
  WHERE revoked_at IS NULL;
CREATE INDEX certificate_not_after ON jidgate.certificate (not_after);
CREATE INDEX certificate_untold ON jidgate.certificate (added_at) WHERE told_added_at IS NULL;
CREATE INDEX certificate_expiring ON jidgate.certificate (not_after)
  WHERE told_expiring_at IS NULL AND slot IS NOT NULL;
CREATE INDEX certificate_unended ON jidgate.certificate (revoked_at, sha256, account)
  WHERE revoked_at IS NOT NULL AND sessions_ended_at IS NULL;

-- Whoever revokes, also by plain SQL: those who end sessions are woken, and look for themselves.
-- Notifications that are equal are sent once for a transaction. Anybody can send them: they say
-- nothing, and what is believed is the table.
CREATE FUNCTION jidgate.notify_of_revoked() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_notify('jidgate_revoked', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER certificate_revoked AFTER UPDATE OF revoked_at ON jidgate.certificate
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION jidgate.notify_of_revoked();

-- By the time of the statement and not of each row, which a query would have to look at one by one.
CREATE VIEW jidgate.certificate_record AS
  SELECT certificate.*,
    CASE
      WHEN revoked_at IS NOT NULL THEN 'revoked'
      WHEN disabled_at IS NOT NULL THEN 'disabled'
      WHEN not_after < statement_timestamp() THEN 'expired'
      ELSE 'active'
    END AS state,
    coalesce(revoked_at, disabled_at) AS ended_at
  FROM jidgate.certificate;

CREATE VIEW jidgate.certificates AS
  SELECT account, name, encode(sha256, 'hex') AS sha256, subject, xmpp_addresses, key, not_before,
    not_after, can_manage, state, added_at, ended_at
  FROM jidgate.certificate_record;

-- Who may log in with the certificate of this fingerprint, now: in a long transaction as well, and
-- for whoever asks a second time after a session was opened.
CREATE FUNCTION jidgate.login_candidates(sha256 bytea)
  RETURNS TABLE (account text, name text, can_manage boolean, xmpp_addresses text[])
  LANGUAGE sql VOLATILE STRICT SECURITY DEFINER ROWS 1
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT certificate.account, certificate.name, certificate.can_manage, certificate.xmpp_addresses
  FROM jidgate.certificate
  WHERE certificate.sha256 = $1
    AND certificate.disabled_at IS NULL AND certificate.revoked_at IS NULL
    AND clock_timestamp() BETWEEN certificate.not_before AND certificate.not_after
$$;

GRANT USAGE ON SCHEMA jidgate TO jidgate_login;
GRANT EXECUTE ON FUNCTION jidgate.login_candidates(bytea) TO jidgate_login;
GRANT SELECT ON jidgate.certificates TO jidgate_reader;

GRANT SELECT, DELETE,
  INSERT (account, name, der, subject, xmpp_addresses, key, not_before, not_after, can_manage, slot,
    add_id),
  UPDATE (slot, disabled_at, revoked_at, end_id, told_added_at, told_expiring_at,
    sessions_ended_at)
  ON jidgate.certificate TO jidgate_service;
GRANT SELECT ON jidgate.certificate_record, jidgate.certificates TO jidgate_service;
