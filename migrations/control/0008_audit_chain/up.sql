-- The audit as a chain: for each tenant every entry is sealed with its number and a hash over the seal before
-- it, so that a change, a removal or a swap shows. A job seals within seconds, not the transaction that writes,
-- which would make all writers of a tenant wait for each other. Entries themselves are never written again.

ALTER TABLE audit
    -- The tenant above that the actor came from, where he was there as a visitor.
    ADD COLUMN came_from integer,
    -- As whom he looked: 'user:<id>' or 'role:<id>'.
    ADD COLUMN seen_as text NOT NULL DEFAULT '',
    -- What names a person: the network address, names, mail addresses. The chain covers its mark only, so that
    -- it can be erased later without breaking the chain.
    ADD COLUMN personal jsonb,
    ADD COLUMN salt uuid,
    ADD COLUMN mark bytea;

-- Every user's page of what he did.
CREATE INDEX audit_user_idx ON audit (user_id, id);

-- Entries that wait for their seal. A transaction that commits late with a small number is not passed over.
CREATE TABLE audit_unsealed (audit_id bigint PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());

CREATE TABLE audit_seals (
    tenant_id integer NOT NULL,
    -- Counts from 1 without gaps in each tenant.
    seq bigint NOT NULL,
    audit_id bigint NOT NULL CONSTRAINT audit_seals_entry_key UNIQUE,
    -- Hash of the entry.
    content bytea NOT NULL,
    -- Hash of the seal before and `content`.
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- Where each tenant's chain ends, signed with the installation's secret: a tail that was cut shows. Tenant 0
-- stands for the installation; its hash is over all other ends, its number how many they are.
CREATE TABLE audit_heads (
    tenant_id integer PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    signature bytea
);

-- Where a chain begins after its oldest entries were removed because their time was over.
CREATE TABLE audit_checkpoints (
    tenant_id integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    -- How many entries went, and the moment of the youngest of them.
    removed bigint NOT NULL,
    until timestamptz NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    signature bytea,
    PRIMARY KEY (tenant_id, seq)
);

-- Who was anonymised: his number stays, so that entries of the audit still tell one person from another.
ALTER TABLE users DROP CONSTRAINT users_state_check,
    ADD CONSTRAINT users_state_check CHECK (state IN ('active', 'inactive', 'anonymous'));

-- For how many days entries are kept; NULL: for ever. Inner tenants follow their parent.
ALTER TABLE tenants ADD COLUMN audit_days integer CONSTRAINT tenants_audit_days CHECK (audit_days BETWEEN 90 AND 36500);

-- Of each entry the hash over all that never changes, in one spelling, and whether what names a person is still what
-- was written (or was erased).
CREATE VIEW audit_proofs AS
    SELECT a.id, a.tenant_id, sha256(convert_to(jsonb_build_array(a.id, (extract(epoch FROM a.at) * 1000000)::bigint, a.tenant_id,
            a.user_id, a.source, a.act, a.object, a.data, a.came_from, a.seen_as, encode(a.mark, 'hex'))::text, 'UTF8')) AS content,
        a.personal IS NULL OR a.mark IS NOT DISTINCT FROM sha256(convert_to(a.salt::text || a.personal::text, 'UTF8')) AS personal_holds,
        -- Erased, although actor and whom it was done to are still users.
        a.personal IS NULL AND a.mark IS NOT NULL
            AND (a.user_id IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = a.user_id AND u.state <> 'anonymous'))
            AND (a.act NOT LIKE 'user.%' OR EXISTS (SELECT 1 FROM users u WHERE u.id::text = a.object AND u.state <> 'anonymous'))
            AS erased_for_nobody
    FROM audit a;

CREATE FUNCTION on_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    NEW.salt := CASE WHEN NEW.personal IS NULL THEN NULL ELSE gen_random_uuid() END;
    NEW.mark := sha256(convert_to(NEW.salt::text || NEW.personal::text, 'UTF8'));
    INSERT INTO audit_unsealed (audit_id) VALUES (NEW.id);
    RETURN NEW;
END $$;

-- What stands already: addresses and names move to where they can be erased.
UPDATE audit SET salt = gen_random_uuid(),
    personal = CASE act WHEN 'session.begin' THEN jsonb_build_object('address', data -> 'address') ELSE data END,
    data = CASE act WHEN 'session.begin' THEN data - 'address' ELSE '{}' END
WHERE act = 'session.begin' AND data ? 'address' OR act = 'user.change';
UPDATE audit SET mark = sha256(convert_to(salt::text || personal::text, 'UTF8')) WHERE personal IS NOT NULL;
INSERT INTO audit_unsealed (audit_id) SELECT id FROM audit;
CREATE TRIGGER seals BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION on_audit();

-- The hash over the ends of all chains.
CREATE FUNCTION audit_ends(OUT n bigint, OUT hash bytea)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    SELECT count(*), sha256(convert_to(COALESCE(string_agg(h.tenant_id || ':' || h.seq || ':' || encode(h.hash, 'hex'), ',' ORDER BY h.tenant_id), ''), 'UTF8'))
    FROM audit_heads h WHERE h.tenant_id <> 0
$$;

CREATE FUNCTION move_audit_head(of_tenant integer, to_seq bigint, to_hash bytea) RETURNS void
LANGUAGE sql SET search_path = control, pg_temp
AS $$
    INSERT INTO audit_heads (tenant_id, seq, hash) VALUES (of_tenant, to_seq, to_hash)
    ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash, signature = NULL
$$;

-- Seals up to `most` entries; answers the chains' ends that moved, to be signed, with tenant 0's. Of two at once
-- one has nothing to do.
CREATE FUNCTION seal_audit(most integer) RETURNS TABLE (tenant_id integer, seq bigint, hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    entry record;
    here integer;
    last_seq bigint;
    last_hash bytea;
BEGIN
    IF NOT pg_try_advisory_xact_lock(1835101796, 4) THEN RETURN; END IF;
    FOR entry IN
        SELECT a.tenant_id AS tenant, a.id, a.content
        FROM audit_proofs a JOIN (
            SELECT q.audit_id FROM audit_unsealed q JOIN audit b ON b.id = q.audit_id ORDER BY q.audit_id LIMIT most
        ) due ON due.audit_id = a.id
        ORDER BY a.tenant_id, a.id
    LOOP
        IF here IS DISTINCT FROM entry.tenant THEN
            IF here IS NOT NULL THEN
                PERFORM move_audit_head(here, last_seq, last_hash);
            END IF;
            here := entry.tenant;
            SELECT h.seq, h.hash INTO last_seq, last_hash FROM audit_heads h WHERE h.tenant_id = here;
            IF NOT FOUND THEN
                last_seq := 0;
                last_hash := ''::bytea;
            END IF;
        END IF;
        last_seq := last_seq + 1;
        last_hash := sha256(last_hash || entry.content);
        INSERT INTO audit_seals (tenant_id, seq, audit_id, content, hash)
            VALUES (here, last_seq, entry.id, entry.content, last_hash);
        DELETE FROM audit_unsealed q WHERE q.audit_id = entry.id;
    END LOOP;
    IF here IS NULL THEN RETURN; END IF;
    PERFORM move_audit_head(here, last_seq, last_hash);
    PERFORM move_audit_head(0, e.n, e.hash) FROM audit_ends() e;
    RETURN QUERY SELECT h.tenant_id, h.seq, h.hash FROM audit_heads h WHERE h.signature IS NULL;
END $$;

CREATE FUNCTION sign_audit_head(of_tenant integer, signed bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = control, pg_temp
AS $$ UPDATE audit_heads SET signature = signed WHERE tenant_id = of_tenant AND signature IS NULL $$;

-- Removes a tenant's entries whose days are over, oldest first and without a gap, and leaves a checkpoint to be
-- signed. Ninety days are kept whatever is asked. No row: there was nothing to remove.
CREATE FUNCTION prune_audit(of_tenant integer) RETURNS TABLE (seq bigint, hash bytea, removed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    oldest timestamptz;
    last_seq bigint;
    last_hash bytea;
    youngest timestamptz;
    gone bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1835101796, 4);
    SELECT now() - make_interval(days => greatest(CASE t.kind WHEN 'inner' THEN p.audit_days ELSE t.audit_days END, 90)) INTO oldest
    FROM tenants t LEFT JOIN tenants p ON p.id = t.parent_id
    WHERE t.id = of_tenant AND CASE t.kind WHEN 'inner' THEN p.audit_days ELSE t.audit_days END IS NOT NULL;
    IF oldest IS NULL THEN RETURN; END IF;
    SELECT s.seq INTO last_seq FROM audit_seals s JOIN audit a ON a.id = s.audit_id
        WHERE s.tenant_id = of_tenant AND a.at >= oldest ORDER BY s.seq LIMIT 1;
    SELECT s.seq, s.hash, a.at INTO last_seq, last_hash, youngest FROM audit_seals s JOIN audit a ON a.id = s.audit_id
        WHERE s.tenant_id = of_tenant AND (last_seq IS NULL OR s.seq < last_seq) ORDER BY s.seq DESC LIMIT 1;
    IF NOT FOUND THEN RETURN; END IF;
    DELETE FROM audit a USING audit_seals s
        WHERE s.audit_id = a.id AND s.tenant_id = of_tenant AND s.seq <= last_seq;
    DELETE FROM audit_seals s WHERE s.tenant_id = of_tenant AND s.seq <= last_seq;
    GET DIAGNOSTICS gone = ROW_COUNT;
    INSERT INTO audit_checkpoints (tenant_id, seq, hash, removed, until) VALUES (of_tenant, last_seq, last_hash, gone, youngest);
    RETURN QUERY SELECT last_seq, last_hash, gone;
END $$;

CREATE FUNCTION sign_audit_checkpoint(of_tenant integer, of_seq bigint, signed bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = control, pg_temp
AS $$ UPDATE audit_checkpoints SET signature = signed WHERE tenant_id = of_tenant AND seq = of_seq AND signature IS NULL $$;

-- Erases what names a person in the entries of what a former user did and of what was done to him.
CREATE FUNCTION erase_personal(of_user integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM users u WHERE u.id = of_user AND u.state <> 'anonymous') THEN
        RAISE EXCEPTION 'user % is neither anonymous nor gone', of_user;
    END IF;
    UPDATE audit a SET personal = NULL, salt = NULL
    WHERE a.personal IS NOT NULL AND (a.user_id = of_user OR a.act LIKE 'user.%' AND a.object = of_user::text);
END $$;

-- A tenant's role records what names a person apart from the rest, as everybody does.
CREATE OR REPLACE FUNCTION gate.record(act text, object text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
    INSERT INTO audit (tenant_id, user_id, source, act, object, data, came_from, seen_as, personal)
    VALUES (gate.tenant_id(), gate.setting_id('user_id'), coalesce(nullif(current_setting('mandant.source', true), ''), 'system'),
        act, object, data, gate.setting_id('came_from'), coalesce(current_setting('mandant.seen_as', true), ''),
        CASE WHEN current_setting('mandant.address', true) <> '' THEN jsonb_build_object('address', current_setting('mandant.address', true)) END)
$$;
