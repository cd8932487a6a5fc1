-- How imports end: `broken` is one whose program died and that nobody goes on with.
ALTER TABLE imports DROP CONSTRAINT imports_state_check;
ALTER TABLE imports ADD CONSTRAINT imports_state_check
    CHECK (state IN ('uploaded', 'checking', 'checked', 'queued', 'running', 'done', 'failed', 'cancelled', 'broken'));

-- The planner learns at once what a large import changed: until PostgreSQL does so by itself, lists and
-- counts are planned for the table as it was. Only an owner may analyse a table.
CREATE FUNCTION refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    PERFORM scope();
    ANALYZE t_{id}.recipients, t_{id}.subscriptions;
END $$;

REVOKE EXECUTE ON FUNCTION refresh_statistics() FROM PUBLIC;
