-- What the tenant's roles may do only through a function: history, creation, subscription, import.
-- All belong to the tenant's owner role, have a fixed search_path and no PUBLIC execute.

-- The schema through which the acting role sees recipients: its own projection if it is an inner tenant.
CREATE FUNCTION scope() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = t_{id}, pg_temp
AS $$
DECLARE acting text := current_setting('role');
BEGIN
    IF acting = 'm{inst}_t_{id}' THEN RETURN 't_{id}'; END IF;
    IF acting ~ '^m{inst}_i_[0-9]+$' THEN RETURN substring(acting FROM 'i_[0-9]+$'); END IF;
    RAISE EXCEPTION 'no tenant role is in force' USING ERRCODE = '42501';
END $$;

CREATE FUNCTION inner_id() RETURNS integer
LANGUAGE sql STABLE SET search_path = t_{id}, pg_temp
AS $$ SELECT substring(current_setting('role') FROM '^m{inst}_i_([0-9]+)$')::integer $$;

CREATE FUNCTION acting_user() RETURNS integer
LANGUAGE sql STABLE SET search_path = t_{id}, pg_temp
AS $$ SELECT nullif(current_setting('mandant.user_id', true), '')::integer $$;

CREATE FUNCTION acting_source() RETURNS text
LANGUAGE sql STABLE SET search_path = t_{id}, pg_temp
AS $$ SELECT COALESCE(nullif(current_setting('mandant.source', true), ''), 'system') $$;

CREATE FUNCTION acting_import() RETURNS integer
LANGUAGE sql STABLE SET search_path = t_{id}, pg_temp
AS $$ SELECT nullif(current_setting('mandant.import_id', true), '')::integer $$;

-- History by statement: one insert for all rows that a statement changed.
CREATE FUNCTION log_recipient_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    INSERT INTO recipient_changes (recipient_id, user_id, source, import_id, changes)
    SELECT pair.id, acting_user(), acting_source(), acting_import(), diff.changes
    FROM (SELECT n.id, to_jsonb(o) AS old, to_jsonb(n) AS new FROM new_rows n JOIN old_rows o ON o.id = n.id) pair
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(f.id, jsonb_build_array(pair.old -> f.col, pair.new -> f.col)) AS changes
        FROM (SELECT id, COALESCE(standard_column, 'f' || id) AS col FROM fields WHERE historised) f
        WHERE pair.old -> f.col IS DISTINCT FROM pair.new -> f.col
    ) diff
    WHERE diff.changes IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER recipients_history AFTER UPDATE ON recipients
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_recipient_changes();

CREATE FUNCTION log_subscription_updates() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    INSERT INTO subscription_changes (recipient_id, list_id, user_id, source, old_status, new_status)
    SELECT n.recipient_id, n.list_id, acting_user(), acting_source(), o.status, n.status
    FROM new_rows n JOIN old_rows o ON o.recipient_id = n.recipient_id AND o.list_id = n.list_id
    WHERE o.status IS DISTINCT FROM n.status;
    RETURN NULL;
END $$;
CREATE TRIGGER subscriptions_updated AFTER UPDATE ON subscriptions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_subscription_updates();

CREATE FUNCTION log_subscription_deletes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    -- A recipient that goes takes its history along: only what is left behind is noted.
    INSERT INTO subscription_changes (recipient_id, list_id, user_id, source, old_status, new_status)
    SELECT o.recipient_id, o.list_id, acting_user(), acting_source(), o.status, NULL
    FROM old_rows o JOIN recipients r ON r.id = o.recipient_id JOIN lists l ON l.id = o.list_id;
    RETURN NULL;
END $$;
CREATE TRIGGER subscriptions_deleted AFTER DELETE ON subscriptions
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_subscription_deletes();

-- The lists to subscribe to: those asked for; for an inner tenant fenced by a single list, that one
-- if none is named. Raises MF002 where a list lies outside the fence, MF003 where the fence asks for
-- a list and none is named.
CREATE FUNCTION lists_within_fence(wanted integer[]) RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    fence integer[];
    known integer;
BEGIN
    wanted := COALESCE(wanted, '{}');
    SELECT count(*) INTO known FROM lists WHERE id = ANY (wanted);
    IF scope() <> 't_{id}' THEN
        EXECUTE format('SELECT %I.fence_lists()', scope()) INTO fence;
        IF cardinality(fence) > 0 THEN
            IF NOT wanted <@ fence THEN RAISE EXCEPTION 'list outside the fence' USING ERRCODE = 'MF002'; END IF;
            IF cardinality(wanted) = 0 THEN
                IF cardinality(fence) = 1 THEN RETURN fence; END IF;
                RAISE EXCEPTION 'the fence asks for a list' USING ERRCODE = 'MF003';
            END IF;
        END IF;
    END IF;
    IF known <> (SELECT count(DISTINCT w) FROM unnest(wanted) w) THEN
        RAISE EXCEPTION 'no such list' USING ERRCODE = 'MF002';
    END IF;
    -- Each once: a list named twice would be an error for a new recipient, and none for a hidden one.
    RETURN ARRAY(SELECT DISTINCT w FROM unnest(wanted) w ORDER BY w);
END $$;

-- Whoever else has the value of a unique field of `entered`. Raises `taken` if the acting role sees one of
-- them, before any that it does not see is looked at, so that the error tells nothing of those; answers
-- the first hidden one's id otherwise.
CREATE FUNCTION hidden_twin(via text, entered jsonb, but bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    col text;
    other bigint;
    seen boolean;
    hidden bigint;
BEGIN
    FOR col IN SELECT COALESCE(standard_column, 'f' || id) FROM fields WHERE is_unique AND pending IS NULL ORDER BY id
    LOOP
        EXECUTE format('SELECT r.id, EXISTS (SELECT 1 FROM %2$I.recipients v WHERE v.id = r.id) FROM recipients r
                WHERE r.%1$I = (jsonb_populate_record(NULL::t_{id}.recipients, $1)).%1$I AND r.id IS DISTINCT FROM $2', col, via)
            INTO other, seen USING entered, but;
        IF seen THEN
            RAISE EXCEPTION 'taken' USING ERRCODE = '23505', CONSTRAINT = format('recipients_%s_key', col);
        END IF;
        hidden := COALESCE(hidden, other);
    END LOOP;
    IF hidden IS NULL THEN
        RAISE EXCEPTION 'recipients changed meanwhile' USING ERRCODE = '40001';
    END IF;
    RETURN hidden;
END $$;

-- Makes one recipient from {"<column>": "text", …}. The tenant itself gets the new id; an inner tenant
-- always gets null, whether the recipient was made or (existing outside its fence, by address or by
-- another unique field) only asked for. Raises MF001 where the recipient would lie outside the fence.
CREATE FUNCTION create_recipient(data jsonb, wanted integer[], consent text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    via text := scope();
    fit boolean;
    made bigint;
    col record;
    names text;
    chosen integer[] := lists_within_fence(wanted);
    whole jsonb := data;
BEGIN
    IF EXISTS (SELECT 1 FROM jsonb_object_keys(data) k WHERE k IN ('id', 'created_at', 'created_by', 'changed_at', 'import_id', 'source')) THEN
        RAISE EXCEPTION 'a column that is not entered' USING ERRCODE = '42501';
    END IF;
    -- Columns left out take their defaults here too, so that the fence judges the row as it will be.
    FOR col IN SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expr
        FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = 't_{id}.recipients'::regclass AND NOT a.attisdropped AND a.attidentity = ''
          AND NOT data ? a.attname
    LOOP
        EXECUTE format('SELECT $1 || jsonb_build_object(%L, %s)', col.name, col.expr) INTO whole USING whole;
    END LOOP;
    whole := whole || jsonb_build_object('source', acting_source(), 'created_by', acting_user());
    IF via <> 't_{id}' THEN
        EXECUTE format('SELECT %I.fits(jsonb_populate_record(NULL::t_{id}.recipients, $1))', via) INTO fit USING whole;
        IF fit IS NOT TRUE THEN RAISE EXCEPTION 'outside the fence' USING ERRCODE = 'MF001'; END IF;
    END IF;
    SELECT string_agg(quote_ident(k), ', ') INTO names FROM jsonb_object_keys(whole) k;
    -- Tried first, asked afterwards: so a value that breaks another constraint is refused alike, whether
    -- the person exists outside the fence or not.
    BEGIN
        EXECUTE format('INSERT INTO recipients (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::t_{id}.recipients, $1) RETURNING id', names)
            INTO made USING whole;
    EXCEPTION WHEN unique_violation THEN
        IF via = 't_{id}' THEN RAISE; END IF;
        PERFORM ask_admission(hidden_twin(via, whole, NULL), data, chosen);
        RETURN NULL;
    END;
    INSERT INTO subscriptions (recipient_id, list_id, status, source, consent_text, consent_at)
    SELECT made, l, 'active', acting_source(), consent, CASE WHEN consent IS NULL THEN NULL ELSE now() END FROM unnest(chosen) l;
    RETURN CASE WHEN via = 't_{id}' THEN made END;
END $$;

CREATE FUNCTION ask_admission(recipient bigint, asked jsonb, lists integer[]) RETURNS bigint
LANGUAGE sql SET search_path = t_{id}, pg_temp
AS $$
    INSERT INTO admissions (inner_id, recipient_id, data, list_ids, user_id, source)
    VALUES (inner_id(), recipient, asked, lists, acting_user(), acting_source())
    ON CONFLICT (inner_id, recipient_id) WHERE state = 'open'
    DO UPDATE SET data = excluded.data, list_ids = excluded.list_ids, user_id = excluded.user_id, at = now()
    RETURNING recipient_id
$$;

-- Subscribes recipients that the acting role sees; those already on the list keep their status unless
-- `again` (an administrator's explicit wish). Answers how many rows were made or changed.
CREATE FUNCTION subscribe(recipient_ids bigint[], list integer, new_status text, again boolean, consent text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    via text := scope();
    fence integer[];
    n bigint;
BEGIN
    IF via <> 't_{id}' THEN
        EXECUTE format('SELECT %I.fence_lists()', via) INTO fence;
        IF cardinality(fence) > 0 AND (list = ANY (fence)) IS NOT TRUE THEN
            RAISE EXCEPTION 'list outside the fence' USING ERRCODE = 'MF002';
        END IF;
    END IF;
    EXECUTE format('
        INSERT INTO subscriptions AS s (recipient_id, list_id, status, source, consent_text, consent_at)
        SELECT r.id, $2, $3, acting_source(), $5, CASE WHEN $5 IS NULL THEN NULL ELSE now() END
        FROM %I.recipients r WHERE r.id = ANY ($1)
        ON CONFLICT (recipient_id, list_id) DO UPDATE
            SET status = excluded.status, since = now(), source = excluded.source,
                consent_text = COALESCE(excluded.consent_text, s.consent_text), consent_at = COALESCE(excluded.consent_at, s.consent_at)
            WHERE $4 AND s.status <> excluded.status', via)
        USING recipient_ids, list, new_status, again, consent;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

-- Sets a unique field of a recipient that an inner tenant sees. Its views do not take such a change,
-- because the index would tell of somebody outside; here that case looks like any other and asks for admission.
CREATE FUNCTION change_unique(recipient bigint, col text, value text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    via text := scope();
    fenced boolean := via <> 't_{id}';
    entered jsonb := jsonb_build_object(col, value);
    good boolean;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM fields f WHERE f.is_unique AND COALESCE(f.standard_column, 'f' || f.id) = col) THEN
        RAISE EXCEPTION 'not a unique field' USING ERRCODE = '42501';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.recipients v WHERE v.id = $1)', via) INTO good USING recipient;
    IF NOT good THEN RETURN; END IF;
    IF fenced THEN
        -- Before anybody else is looked at: the answer must not depend on who exists outside.
        EXECUTE format('SELECT %1$I.moves_allowed() OR %1$I.fits(jsonb_populate_record(r, $2)) FROM recipients r WHERE r.id = $1', via)
            INTO good USING recipient, entered;
        IF good IS NOT TRUE THEN RAISE EXCEPTION 'outside the fence' USING ERRCODE = 'MF001'; END IF;
    END IF;
    EXECUTE format('UPDATE recipients r SET %1$I = (jsonb_populate_record(NULL::t_{id}.recipients, $1)).%1$I, changed_at = now() WHERE r.id = $2', col)
        USING entered, recipient;
EXCEPTION WHEN unique_violation THEN
    IF NOT fenced THEN RAISE; END IF;
    PERFORM ask_admission(hidden_twin(via, entered, recipient), entered, '{}');
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA t_{id} FROM PUBLIC;
