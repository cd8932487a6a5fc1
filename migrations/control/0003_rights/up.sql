-- Rights: what a tenant may at most, roles as data, single rights and dates of memberships, and what all of
-- it comes to. The outcome is kept with each membership, computed by triggers at each change, so that no way
-- of writing can leave it behind and a request reads one row.

ALTER TABLE tenants
    -- What the tenant may at most, as set from above; NULL: all that its parent may, also what comes later.
    ADD COLUMN ceiling text[],
    -- That within the ceilings of all above it; NULL: no limit.
    ADD COLUMN ceiling_in_force text[];

-- Sets of rights that can be given to many tenants in one act as their ceiling.
CREATE TABLE right_packages (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Whose administrators made it, for the tenants below.
    tenant_id integer NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    rights text[] NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT right_packages_name_key UNIQUE (tenant_id, name)
);

ALTER TABLE roles
    -- Where it was made: NULL is built in, the main tenant's are for all tenants, a separate tenant's for
    -- itself and its inner tenants.
    ADD COLUMN tenant_id integer REFERENCES tenants ON DELETE CASCADE,
    ADD COLUMN name text NOT NULL DEFAULT '' CHECK (char_length(name) <= 100),
    ADD COLUMN description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT roles_built_in CHECK (built_in = (tenant_id IS NULL)),
    DROP CONSTRAINT roles_key_key;
CREATE UNIQUE INDEX roles_key_key ON roles (COALESCE(tenant_id, 0), key);
CREATE INDEX roles_tenant_idx ON roles (tenant_id);

CREATE TABLE role_includes (
    role_id integer NOT NULL REFERENCES roles ON DELETE CASCADE,
    included_id integer NOT NULL REFERENCES roles ON DELETE RESTRICT,
    PRIMARY KEY (role_id, included_id)
);
CREATE INDEX role_includes_included_idx ON role_includes (included_id);

-- What a role was at each of its versions.
CREATE TABLE role_versions (
    role_id integer NOT NULL REFERENCES roles ON DELETE CASCADE,
    version integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    user_id integer,
    name text NOT NULL,
    description text NOT NULL,
    rights text[] NOT NULL,
    -- Keys of the roles included.
    includes text[] NOT NULL,
    PRIMARY KEY (role_id, version)
);

ALTER TABLE memberships
    ADD COLUMN valid_from timestamptz,
    ADD COLUMN valid_until timestamptz,
    -- What roles and single rights give.
    ADD COLUMN granted text[] NOT NULL DEFAULT '{}',
    -- That within the tenant's ceiling: what counts, between the dates.
    ADD COLUMN in_force text[] NOT NULL DEFAULT '{}',
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT memberships_dates CHECK (valid_until > valid_from);

CREATE TABLE membership_rights (
    membership_id integer NOT NULL REFERENCES memberships ON DELETE CASCADE,
    right_key text NOT NULL,
    PRIMARY KEY (membership_id, right_key)
);

-- Administrators of a tenant above who entered this one for a time.
CREATE TABLE visits (
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    tenant_id integer NOT NULL REFERENCES tenants ON DELETE CASCADE,
    -- By which membership above: with it the visit ends.
    membership_id integer NOT NULL REFERENCES memberships ON DELETE CASCADE,
    began_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, tenant_id)
);
CREATE INDEX visits_membership_idx ON visits (membership_id);
CREATE INDEX visits_tenant_idx ON visits (tenant_id);

-- One change of rights at a time: each computes from what all before it left behind. Acts take it first,
-- before any row, so that two never wait for each other; the triggers make sure.
CREATE FUNCTION lock_rights() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(1835101796, 3) $$;

CREATE FUNCTION within(rights text[], ceiling text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN ceiling IS NULL THEN rights WHEN rights IS NULL THEN ceiling
        ELSE ARRAY(SELECT r FROM unnest(rights) r WHERE r = ANY (ceiling) ORDER BY r) END
$$;

-- What roles come to, those they include with them.
CREATE FUNCTION rights_of_roles(of_roles integer[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE reached AS (
        SELECT unnest(of_roles) AS id
        UNION SELECT i.included_id FROM reached JOIN role_includes i ON i.role_id = reached.id
    ) SELECT ARRAY(SELECT DISTINCT rr.right_key FROM reached JOIN role_rights rr ON rr.role_id = reached.id ORDER BY 1)
$$;

-- Computes memberships anew. Most have the same roles as many others: each combination is computed once.
CREATE FUNCTION compute_rights(of_memberships integer[]) RETURNS void
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

-- The memberships of everybody who holds one of these roles, also through roles that include it.
CREATE FUNCTION compute_roles(changed integer[]) RETURNS void
LANGUAGE sql SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE holding AS (
        SELECT unnest(changed) AS id
        UNION SELECT i.role_id FROM holding JOIN role_includes i ON i.included_id = holding.id
    ) SELECT compute_rights(ARRAY(SELECT DISTINCT mr.membership_id FROM membership_roles mr JOIN holding ON holding.id = mr.role_id))
$$;

-- The ceilings of a tenant and all below it, and their memberships.
CREATE FUNCTION compute_ceilings(root integer) RETURNS void
LANGUAGE plpgsql SET search_path = control, pg_temp
AS $$
BEGIN
    WITH RECURSIVE line AS (
        SELECT t.id, within(t.ceiling, p.ceiling_in_force) AS in_force
        FROM tenants t LEFT JOIN tenants p ON p.id = t.parent_id WHERE t.id = root
        UNION ALL SELECT t.id, within(t.ceiling, line.in_force) FROM tenants t JOIN line ON t.parent_id = line.id
    ) UPDATE tenants t SET ceiling_in_force = line.in_force FROM line
    WHERE t.id = line.id AND t.ceiling_in_force IS DISTINCT FROM line.in_force;
    PERFORM compute_rights(ARRAY(
        WITH RECURSIVE sub AS (
            SELECT root AS id UNION ALL SELECT t.id FROM tenants t JOIN sub ON t.parent_id = sub.id
        ) SELECT m.id FROM memberships m JOIN sub ON sub.id = m.tenant_id));
END $$;

CREATE FUNCTION on_membership_parts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    PERFORM compute_rights(ARRAY(SELECT DISTINCT membership_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION on_role_parts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    PERFORM compute_roles(ARRAY(SELECT DISTINCT role_id FROM changed));
    RETURN NULL;
END $$;

-- A role that includes itself, by however many steps, is refused: also where two editors each make half of
-- the circle, because the lock lets the second see what the first did.
CREATE FUNCTION refuse_circles() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    IF EXISTS (
        WITH RECURSIVE reached AS (
            SELECT role_id AS start, included_id AS id FROM changed
            UNION SELECT reached.start, i.included_id FROM reached JOIN role_includes i ON i.role_id = reached.id
        ) SELECT 1 FROM reached WHERE start = id)
    THEN
        RAISE EXCEPTION 'a role would include itself' USING ERRCODE = '23514', CONSTRAINT = 'role_includes_no_circle';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION on_new_tenant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    NEW.ceiling_in_force := within(NEW.ceiling, (SELECT p.ceiling_in_force FROM tenants p WHERE p.id = NEW.parent_id));
    RETURN NEW;
END $$;

CREATE FUNCTION on_ceiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    PERFORM lock_rights();
    PERFORM compute_ceilings(NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER given AFTER INSERT ON membership_roles REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_membership_parts();
CREATE TRIGGER taken AFTER DELETE ON membership_roles REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_membership_parts();
CREATE TRIGGER given AFTER INSERT ON membership_rights REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_membership_parts();
CREATE TRIGGER taken AFTER DELETE ON membership_rights REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_membership_parts();
CREATE TRIGGER given AFTER INSERT ON role_rights REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_role_parts();
CREATE TRIGGER taken AFTER DELETE ON role_rights REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_role_parts();
-- By name: circles are refused before anything is computed.
CREATE TRIGGER circles AFTER INSERT ON role_includes REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_circles();
CREATE TRIGGER given AFTER INSERT ON role_includes REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_role_parts();
CREATE TRIGGER taken AFTER DELETE ON role_includes REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION on_role_parts();
CREATE TRIGGER inherits BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION on_new_tenant();
CREATE TRIGGER ceiling AFTER UPDATE OF ceiling ON tenants FOR EACH ROW
    WHEN (OLD.ceiling IS DISTINCT FROM NEW.ceiling) EXECUTE FUNCTION on_ceiling();

-- What stands already.
SELECT compute_rights(ARRAY(SELECT id FROM memberships));

-- A user's rights in a tenant now: by his membership, else by a visit from above. `visits_from` is the
-- tenant that he came from.
CREATE FUNCTION rights_now(of_user integer, of_tenant integer, OUT rights text[], OUT visits_from integer)
LANGUAGE plpgsql STABLE SET search_path = control, pg_temp
AS $$
BEGIN
    SELECT m.in_force INTO rights FROM memberships m JOIN users u ON u.id = m.user_id AND u.state = 'active'
    WHERE m.user_id = of_user AND m.tenant_id = of_tenant
        AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now());
    IF FOUND AND cardinality(rights) > 0 THEN RETURN; END IF;
    SELECT within(m.in_force, t.ceiling_in_force), m.tenant_id INTO rights, visits_from
    FROM visits v JOIN memberships m ON m.id = v.membership_id JOIN tenants t ON t.id = v.tenant_id
        JOIN users u ON u.id = v.user_id AND u.state = 'active'
    WHERE v.user_id = of_user AND v.tenant_id = of_tenant AND v.ends_at > now() AND m.user_id = v.user_id
        AND 'tenants.enter' = ANY (m.in_force)
        AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now());
    rights := COALESCE(rights, '{}');
END $$;

DROP FUNCTION context(integer, text, text);
-- Everything a request needs to know of its tenant and its user's place in it, in one round trip.
-- No row: no such tenant. `rights` is empty where the user has no membership.
CREATE FUNCTION context(of_user integer, of_slug text, of_inner text)
RETURNS TABLE (
    id integer, kind text, slug text, parent_id integer, parent_slug text, name text, colour text,
    locale text, time_zone text, status text, schema_version integer, moves_allowed boolean,
    lists_fence boolean, trail text[], rights text[], other_tenants boolean, visits_from integer,
    inner_below boolean
)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE here AS (
        SELECT t.* FROM tenants t WHERE of_inner IS NULL AND t.slug = of_slug AND t.kind <> 'inner'
        UNION ALL
        SELECT i.* FROM tenants i JOIN tenants p ON p.id = i.parent_id
        WHERE of_inner IS NOT NULL AND p.slug = of_slug AND p.kind <> 'inner' AND i.slug = of_inner AND i.kind = 'inner'
    ), line AS (
        SELECT h.id, h.parent_id, h.name, h.status, h.trashed_at, 0 AS up FROM here h
        UNION ALL
        SELECT p.id, p.parent_id, p.name, p.status, p.trashed_at, up + 1 FROM tenants p JOIN line ON p.id = line.parent_id
    )
    SELECT h.id, h.kind, h.slug, h.parent_id, p.slug, h.name, h.colour, h.locale, h.time_zone,
        -- The most severe status of the tenant and all above it.
        (SELECT CASE
            WHEN bool_or(l.trashed_at IS NOT NULL) THEN 'trashed'
            WHEN bool_or(l.status = 'locked') THEN 'locked'
            WHEN bool_or(l.status = 'no_login') AND bool_or(l.status = 'no_sending') THEN 'locked'
            WHEN bool_or(l.status = 'no_login') THEN 'no_login'
            WHEN bool_or(l.status = 'no_sending') THEN 'no_sending'
            ELSE 'active' END FROM line l),
        CASE h.kind WHEN 'inner' THEN p.schema_version ELSE h.schema_version END,
        h.moves_allowed,
        COALESCE(jsonb_array_length(h.fence -> 'lists') > 0, false),
        (SELECT array_agg(l.name ORDER BY l.up DESC) FROM line l),
        now_held.rights,
        EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = of_user AND m.tenant_id <> h.id),
        now_held.visits_from,
        EXISTS (SELECT 1 FROM tenants i WHERE i.parent_id = h.id AND i.kind = 'inner')
    FROM here h LEFT JOIN tenants p ON p.id = h.parent_id CROSS JOIN LATERAL rights_now(of_user, h.id) now_held
$$;
