CREATE OR REPLACE FUNCTION gate.record(act text, object text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
    INSERT INTO audit (tenant_id, user_id, source, act, object, data)
    VALUES (gate.tenant_id(), gate.setting_id('user_id'), coalesce(nullif(current_setting('mandant.source', true), ''), 'system'), act, object, data)
$$;
DROP TRIGGER seals ON audit;
DROP FUNCTION erase_personal(integer);
DROP FUNCTION sign_audit_checkpoint(integer, bigint, bytea);
DROP FUNCTION prune_audit(integer);
DROP FUNCTION sign_audit_head(integer, bytea);
DROP FUNCTION seal_audit(integer);
DROP FUNCTION move_audit_head(integer, bigint, bytea);
DROP FUNCTION audit_ends();
DROP FUNCTION on_audit();
DROP VIEW audit_proofs;
UPDATE users SET state = 'inactive' WHERE state = 'anonymous';
ALTER TABLE users DROP CONSTRAINT users_state_check, ADD CONSTRAINT users_state_check CHECK (state IN ('active', 'inactive'));
ALTER TABLE tenants DROP COLUMN audit_days;
DROP TABLE audit_checkpoints, audit_heads, audit_seals, audit_unsealed;
UPDATE audit SET data = data || personal WHERE personal IS NOT NULL;
DROP INDEX audit_user_idx;
ALTER TABLE audit DROP COLUMN came_from, DROP COLUMN seen_as, DROP COLUMN personal, DROP COLUMN salt, DROP COLUMN mark;
