DROP FUNCTION refresh_statistics();
UPDATE imports SET state = 'failed' WHERE state = 'broken';
ALTER TABLE imports DROP CONSTRAINT imports_state_check;
ALTER TABLE imports ADD CONSTRAINT imports_state_check
    CHECK (state IN ('uploaded', 'checking', 'checked', 'queued', 'running', 'done', 'failed', 'cancelled'));
