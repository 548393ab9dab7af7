-- The roles, the schema, and where its version is kept.
--
-- Roles belong to the whole cluster: another database may have made them already, or makes them at
-- this moment. None has a password: until the operator gives one, a role can log in only where
-- pg_hba.conf trusts the connection itself (peer, certificate).
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['jidgate_owner', 'jidgate_service', 'jidgate_login', 'jidgate_reader']
  LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
  -- To make what the owner shall own one has to be a member; a superuser always is.
  IF NOT pg_has_role(current_user, 'jidgate_owner', 'MEMBER') THEN
    GRANT jidgate_owner TO CURRENT_USER;
  END IF;
END
$$;

CREATE SCHEMA jidgate AUTHORIZATION jidgate_owner;

SET LOCAL ROLE jidgate_owner;

-- A function is for nobody until it is granted.
ALTER DEFAULT PRIVILEGES FOR ROLE jidgate_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE jidgate.schema_version (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA jidgate TO jidgate_service, jidgate_reader;
GRANT SELECT ON jidgate.schema_version TO jidgate_service;
