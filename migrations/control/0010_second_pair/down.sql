DROP TRIGGER critical ON tenants;
DROP TRIGGER again ON memberships;
DROP TABLE pending_rights;
DROP FUNCTION lock_rights_for(integer);
DROP FUNCTION on_confirmed();
DROP FUNCTION on_critical();
DROP FUNCTION on_membership_dates();
-- Computes memberships anew. Most have the same roles as many others: each combination is computed once.
CREATE OR REPLACE FUNCTION compute_rights(of_memberships integer[]) RETURNS void
LANGUAGE sql SET search_path = control, pg_temp
AS $$
    WITH each AS (
        SELECT m.id, t.ceiling_in_force AS ceiling,
            ARRAY(SELECT mr.role_id FROM membership_roles mr WHERE mr.membership_id = m.id ORDER BY 1) AS roles,
            ARRAY(SELECT s.right_key FROM membership_rights s WHERE s.membership_id = m.id ORDER BY 1) AS singles
        FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE m.id = ANY (of_memberships)
    ), sets AS MATERIALIZED (
        SELECT roles, singles, ARRAY(SELECT DISTINCT r FROM unnest(rights_of_roles(roles) || singles) r ORDER BY 1) AS granted
        FROM (SELECT DISTINCT roles, singles FROM each) d
    ), outcomes AS MATERIALIZED (
        SELECT roles, singles, ceiling, granted, within(granted, ceiling) AS in_force
        FROM (SELECT DISTINCT roles, singles, ceiling FROM each) d JOIN sets USING (roles, singles)
    )
    UPDATE memberships m SET granted = o.granted, in_force = o.in_force
    FROM each JOIN outcomes o ON o.roles = each.roles AND o.singles = each.singles
        AND o.ceiling IS NOT DISTINCT FROM each.ceiling
    WHERE m.id = each.id AND (m.granted, m.in_force) IS DISTINCT FROM (o.granted, o.in_force)
$$;
DROP FUNCTION critical_in(integer);
SELECT compute_rights(ARRAY(SELECT id FROM memberships));
ALTER TABLE tenants DROP COLUMN critical_rights, DROP COLUMN critical_fewer, DROP COLUMN critical_asked_by,
    DROP COLUMN critical_asked_at;
