GRANT EXECUTE ON FUNCTION f() TO somebody;
-- EXECUTE in a comment
CREATE TRIGGER t BEFORE UPDATE ON t EXECUTE FUNCTION g();
DO $$ BEGIN
  EXECUTE format('CREATE ROLE %I LOGIN', role_name);
  EXECUTE format('CREATE ROLE %s LOGIN', role_name);
  EXECUTE format('CREATE ROLE %I LOGIN', role_name) || options;
  EXECUTE 'DROP TABLE ' || name;
END $$;
