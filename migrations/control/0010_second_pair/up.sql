-- A second pair of eyes: rights that a tenant marks critical do not take effect when one person gives them, but
-- when another confirms it. What is held back is computed where all ways of giving a right end, in
-- `compute_rights`: roles, changed roles, single rights, invitations, programs, restored versions.

ALTER TABLE tenants
    -- Keys of rights; an inner tenant adds its own to its parent's.
    ADD COLUMN critical_rights text[] NOT NULL DEFAULT '{}',
    -- Those that somebody wants to mark no longer: another confirms that, too.
    ADD COLUMN critical_fewer text[] NOT NULL DEFAULT '{}',
    ADD COLUMN critical_asked_by integer,
    ADD COLUMN critical_asked_at timestamptz;

-- Rights of places that are granted and not in force before somebody else confirms them.
CREATE TABLE pending_rights (
    membership_id integer NOT NULL REFERENCES memberships ON DELETE CASCADE,
    right_key text NOT NULL,
    -- Who gave it; NULL: the command line or the program.
    asked_by integer,
    asked_at timestamptz NOT NULL DEFAULT now(),
    -- Declined, or its time was over: it stays held back until it is taken away and given anew.
    declined_at timestamptz,
    declined_by integer,
    PRIMARY KEY (membership_id, right_key)
);
CREATE INDEX pending_rights_open_idx ON pending_rights (asked_at) WHERE declined_at IS NULL;

CREATE FUNCTION critical_in(of_tenant integer) RETURNS text[]
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    SELECT t.critical_rights || COALESCE(p.critical_rights, '{}')
    FROM tenants t LEFT JOIN tenants p ON p.id = t.parent_id AND t.kind = 'inner' WHERE t.id = of_tenant
$$;

-- Computes memberships anew. Most have the same roles as many others: each combination is computed once. Critical
-- rights that were not granted before wait; what is granted no longer waits no longer.
CREATE OR REPLACE FUNCTION compute_rights(of_memberships integer[]) RETURNS void
LANGUAGE sql SET search_path = control, pg_temp
AS $$
    WITH each AS (
        SELECT m.id, m.tenant_id, m.granted AS granted_before, t.ceiling_in_force AS ceiling,
            ARRAY(SELECT mr.role_id FROM membership_roles mr WHERE mr.membership_id = m.id ORDER BY 1) AS roles,
            ARRAY(SELECT s.right_key FROM membership_rights s WHERE s.membership_id = m.id ORDER BY 1) AS singles
        FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE m.id = ANY (of_memberships)
    ), sets AS MATERIALIZED (
        SELECT roles, singles, ARRAY(SELECT DISTINCT r FROM unnest(rights_of_roles(roles) || singles) r ORDER BY 1) AS granted
        FROM (SELECT DISTINCT roles, singles FROM each) d
    ), outcomes AS MATERIALIZED (
        SELECT roles, singles, ceiling, granted, within(granted, ceiling) AS in_force
        FROM (SELECT DISTINCT roles, singles, ceiling FROM each) d JOIN sets USING (roles, singles)
    ), results AS MATERIALIZED (
        SELECT each.id, each.tenant_id, each.granted_before, o.granted, o.in_force
        FROM each JOIN outcomes o ON o.roles = each.roles AND o.singles = each.singles
            AND o.ceiling IS NOT DISTINCT FROM each.ceiling
    ), critical AS MATERIALIZED (
        SELECT d.tenant_id, critical_in(d.tenant_id) AS rights FROM (SELECT DISTINCT tenant_id FROM each) d
    ), coming AS MATERIALIZED (
        SELECT r.id, g.key FROM results r
        JOIN critical c ON c.tenant_id = r.tenant_id AND cardinality(c.rights) > 0
        CROSS JOIN LATERAL unnest(r.granted) g (key)
        WHERE g.key = ANY (c.rights) AND g.key <> ALL (r.granted_before)
    ), asked AS (
        INSERT INTO pending_rights (membership_id, right_key, asked_by)
        SELECT id, key, nullif(current_setting('mandant.user_id', true), '')::integer FROM coming
        ON CONFLICT DO NOTHING
    ), gone AS (
        DELETE FROM pending_rights p USING results r WHERE p.membership_id = r.id AND p.right_key <> ALL (r.granted)
    ), held AS (
        SELECT h.id, array_agg(h.key) AS back FROM (
            SELECT p.membership_id AS id, p.right_key AS key FROM pending_rights p JOIN results r ON r.id = p.membership_id
            UNION SELECT id, key FROM coming
        ) h GROUP BY h.id
    ), final AS (
        SELECT r.id, r.granted, CASE WHEN h.back IS NULL THEN r.in_force
            ELSE ARRAY(SELECT f FROM unnest(r.in_force) f WHERE f <> ALL (h.back) ORDER BY f) END AS in_force
        FROM results r LEFT JOIN held h ON h.id = r.id
    )
    UPDATE memberships m SET granted = f.granted, in_force = f.in_force FROM final f
    WHERE m.id = f.id AND (m.granted, m.in_force) IS DISTINCT FROM (f.granted, f.in_force)
$$;

-- What was confirmed takes effect. Computing deletes, too; it ends where nothing was deleted.
CREATE FUNCTION on_confirmed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        PERFORM lock_rights();
        PERFORM compute_rights(ARRAY(SELECT DISTINCT membership_id FROM changed));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER confirmed AFTER DELETE ON pending_rights REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_confirmed();

-- One change of rights at a time, and who makes it: he is the one who cannot confirm it himself.
CREATE FUNCTION lock_rights_for(by integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM control.lock_rights();
    EXECUTE format('SET LOCAL mandant.user_id = %L', COALESCE(by::text, ''));
END $$;

-- A place that was over and begins anew gives its critical rights anew.
CREATE FUNCTION on_membership_dates() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    INSERT INTO pending_rights (membership_id, right_key, asked_by)
        SELECT NEW.id, r, nullif(current_setting('mandant.user_id', true), '')::integer
        FROM unnest(NEW.granted) r WHERE r = ANY (critical_in(NEW.tenant_id))
        ON CONFLICT DO NOTHING;
    PERFORM compute_rights(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER again AFTER UPDATE OF valid_until ON memberships FOR EACH ROW
    WHEN (OLD.valid_until <= now() AND (NEW.valid_until IS NULL OR NEW.valid_until > now()))
    EXECUTE FUNCTION on_membership_dates();

-- What is critical no longer waits for nobody.
CREATE FUNCTION on_critical() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    DELETE FROM pending_rights p USING memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE p.membership_id = m.id AND (t.id = NEW.id OR t.parent_id = NEW.id AND t.kind = 'inner')
        AND p.right_key <> ALL (critical_in(t.id));
    RETURN NULL;
END $$;
CREATE TRIGGER critical AFTER UPDATE OF critical_rights ON tenants FOR EACH ROW
    WHEN (OLD.critical_rights IS DISTINCT FROM NEW.critical_rights) EXECUTE FUNCTION on_critical();
