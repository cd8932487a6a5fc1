//! Whether the chains hold: each entry against its seal, each seal against the one before it, each end and each
//! beginning against its signature. One pass over the seals, in the database.

#![expect(
    clippy::disallowed_methods,
    reason = "each seal is compared with the one before it by a window; all values are bound"
)]

use super::seal::{Head, Signed, is_signed};
use crate::app::App;
use crate::db::ids::TenantId;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What is wrong at a place of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, QueryableByName)]
pub struct Problem {
    /// Whose chain; 0 for the installation as a whole.
    #[diesel(sql_type = Integer)]
    pub tenant: i32,
    /// The entry's number in the chain, where it has one.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub seq: Option<i64>,
    /// The entry.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub entry: Option<i64>,
    /// `removed`, `changed`, `personal-changed`, `erased`, `gap`, `reordered`, `inserted`, `vanished`, `cut`,
    /// `head-missing`, `head-forged`, `checkpoint-forged`, `chain-missing`, `rolled-back`.
    #[diesel(sql_type = Text)]
    pub what: String,
}

/// The end of a chain, as it is printed and compared later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Whose; 0 for the installation as a whole.
    pub tenant: i32,
    /// Number of its last entry.
    pub seq: i64,
    /// Hash over it and all before, in hexadecimal digits.
    pub hash: String,
}

/// What a verification found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Entries that are sealed.
    pub entries: i64,
    /// Entries that still wait for their seal.
    pub waiting: i64,
    /// What is wrong; nothing where all holds.
    pub problems: Vec<Problem>,
    /// The ends of the chains.
    pub ends: Vec<End>,
}

const SEALS: &str = "WITH latest AS (
        SELECT DISTINCT ON (c.tenant_id) c.tenant_id, c.seq, c.hash FROM control.audit_checkpoints c ORDER BY c.tenant_id, c.seq DESC
    ), linked AS (
        SELECT s.tenant_id, s.seq, s.audit_id, s.content, s.hash,
            COALESCE(lag(s.seq) OVER w, l.seq, 0) AS seq_before, COALESCE(lag(s.hash) OVER w, l.hash, ''::bytea) AS hash_before
        FROM control.audit_seals s LEFT JOIN latest l ON l.tenant_id = s.tenant_id
        WHERE ($1 IS NULL OR s.tenant_id = $1) WINDOW w AS (PARTITION BY s.tenant_id ORDER BY s.seq)
    ), judged AS (
        SELECT l.tenant_id, l.seq, l.audit_id, CASE
            WHEN l.seq <> l.seq_before + 1 THEN 'gap'
            WHEN l.hash <> sha256(l.hash_before || l.content) THEN 'reordered'
            WHEN p.id IS NULL THEN 'removed'
            WHEN p.tenant_id <> l.tenant_id OR p.content <> l.content THEN 'changed'
            WHEN NOT p.personal_holds THEN 'personal-changed'
            WHEN p.erased_for_nobody THEN 'erased'
        END AS what
        FROM linked l LEFT JOIN control.audit_proofs p ON p.id = l.audit_id
    )
    SELECT tenant_id AS tenant, seq, audit_id AS entry, what FROM judged WHERE what IS NOT NULL ORDER BY 1, 2 LIMIT 1000";

const LOOSE: &str = "SELECT a.tenant_id AS tenant, NULL::bigint AS seq, a.id AS entry, 'inserted' AS what FROM control.audit a
    WHERE ($1 IS NULL OR a.tenant_id = $1) AND NOT EXISTS (SELECT 1 FROM control.audit_seals s WHERE s.audit_id = a.id)
        AND NOT EXISTS (SELECT 1 FROM control.audit_unsealed q WHERE q.audit_id = a.id)
    UNION ALL
    SELECT 0, NULL, q.audit_id, 'vanished' FROM control.audit_unsealed q
    WHERE $1 IS NULL AND NOT EXISTS (SELECT 1 FROM control.audit a WHERE a.id = q.audit_id)
    ORDER BY 1, 3 LIMIT 1000";

/// Ends and beginnings with what they must agree with.
const ENDS: &str = "WITH last AS (
        SELECT DISTINCT ON (x.tenant_id) x.tenant_id, x.seq, x.hash FROM (
            SELECT s.tenant_id, s.seq, s.hash FROM control.audit_seals s UNION ALL
            SELECT c.tenant_id, c.seq, c.hash FROM control.audit_checkpoints c
        ) x ORDER BY x.tenant_id, x.seq DESC
    ), told AS (
        SELECT h.* FROM control.audit_heads h WHERE h.tenant_id <> 0
    )
    SELECT COALESCE(h.tenant_id, l.tenant_id) AS tenant_id, COALESCE(h.seq, -1) AS seq, COALESCE(h.hash, ''::bytea) AS hash,
        h.signature, COALESCE(l.seq, 0) AS real_seq, COALESCE(l.hash, ''::bytea) AS real_hash
    FROM told h FULL JOIN last l ON l.tenant_id = h.tenant_id
    WHERE ($1 IS NULL OR COALESCE(h.tenant_id, l.tenant_id) = $1)
    UNION ALL
    SELECT 0, COALESCE(h.seq, -1), COALESCE(h.hash, ''::bytea), h.signature, e.n, e.hash
    FROM control.audit_ends() e LEFT JOIN control.audit_heads h ON h.tenant_id = 0
    WHERE $1 IS NULL AND (h.tenant_id IS NOT NULL OR e.n > 0) ORDER BY 1";

#[derive(QueryableByName)]
struct Ending {
    #[diesel(embed)]
    head: Head,
    #[diesel(sql_type = Nullable<Binary>)]
    signature: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    real_seq: i64,
    #[diesel(sql_type = Binary)]
    real_hash: Vec<u8>,
}

#[derive(QueryableByName)]
struct Beginning {
    #[diesel(embed)]
    head: Head,
    #[diesel(sql_type = Nullable<Binary>)]
    signature: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    sealed: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

/// Verifies a tenant's chain, or all. All of it sees one moment, whatever is sealed meanwhile.
///
/// # Errors
/// When the database does not answer.
pub fn verify(app: &App, tenant: Option<TenantId>) -> Result<Report> {
    let only = tenant.map(|tenant| tenant.0);
    let mut pooled = app.pools.control()?;
    let conn: &mut PgConnection = &mut pooled;
    let mut moment = conn.build_transaction().read_only().repeatable_read();
    moment.run(|conn| look(conn, &app.secret, only))
}

fn look(conn: &mut PgConnection, secret: &SecretString, only: Option<i32>) -> Result<Report> {
    let counts: Counts = diesel::sql_query(
        "SELECT (SELECT count(*) FROM control.audit_seals s WHERE $1 IS NULL OR s.tenant_id = $1) AS sealed,
            (SELECT count(*) FROM control.audit_unsealed q JOIN control.audit a ON a.id = q.audit_id WHERE $1 IS NULL OR a.tenant_id = $1) AS waiting",
    )
    .bind::<Nullable<Integer>, _>(only)
    .get_result(conn)?;
    let mut problems: Vec<Problem> = Vec::new();
    for query in [SEALS, LOOSE] {
        let found: Vec<Problem> = diesel::sql_query(query)
            .bind::<Nullable<Integer>, _>(only)
            .load(conn)?;
        problems.extend(found);
    }
    let endings: Vec<Ending> = diesel::sql_query(ENDS)
        .bind::<Nullable<Integer>, _>(only)
        .load(conn)?;
    problems.extend(endings.iter().filter_map(|ending| ending.judge(secret)));
    let beginnings: Vec<Beginning> = diesel::sql_query(
        "SELECT tenant_id, seq, hash, signature FROM control.audit_checkpoints WHERE $1 IS NULL OR tenant_id = $1 ORDER BY 1, 2",
    )
    .bind::<Nullable<Integer>, _>(only)
    .load(conn)?;
    problems.extend(beginnings.iter().filter_map(|one| one.judge(secret)));
    problems.sort_by_key(|problem| (problem.tenant, problem.seq, problem.entry));
    Ok(Report {
        entries: counts.sealed,
        waiting: counts.waiting,
        problems,
        ends: endings.iter().map(Ending::end).collect(),
    })
}

fn problem(head: &Head, what: &str) -> Problem {
    Problem {
        tenant: head.tenant_id,
        seq: Some(head.seq).filter(|seq| *seq >= 0),
        entry: None,
        what: what.to_owned(),
    }
}

impl Ending {
    fn judge(&self, secret: &SecretString) -> Option<Problem> {
        let head = &self.head;
        let signed = |signature: &Vec<u8>| is_signed(secret, Signed::Head, head, signature);
        let what = if head.seq < 0 {
            "head-missing"
        } else if !self.signature.as_ref().is_some_and(signed) {
            "head-forged"
        } else if head.seq > self.real_seq {
            if head.tenant_id == 0 {
                "chain-missing"
            } else {
                "cut"
            }
        } else if (head.seq, &head.hash) != (self.real_seq, &self.real_hash) {
            "head-forged"
        } else {
            return None;
        };
        Some(problem(head, what))
    }

    fn end(&self) -> End {
        End {
            tenant: self.head.tenant_id,
            seq: self.head.seq,
            hash: hex(&self.head.hash),
        }
    }
}

impl Beginning {
    fn judge(&self, secret: &SecretString) -> Option<Problem> {
        let signed =
            |signature: &Vec<u8>| is_signed(secret, Signed::Checkpoint, &self.head, signature);
        (!self.signature.as_ref().is_some_and(signed))
            .then(|| problem(&self.head, "checkpoint-forged"))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    hash: String,
}

/// Which of the ends printed earlier are no longer in their chains: somebody put back an older state, signatures
/// and all. What was removed because its days were over is not missed.
///
/// # Errors
/// When the database does not answer.
pub fn since(app: &App, earlier: &[End]) -> Result<Vec<Problem>> {
    let mut pooled = app.pools.control()?;
    let conn: &mut PgConnection = &mut pooled;
    let mut problems = Vec::new();
    for end in earlier.iter().filter(|end| end.tenant != 0) {
        let found: Option<Found> = diesel::sql_query(
            "SELECT encode(x.hash, 'hex') AS hash FROM (
                 SELECT s.hash FROM control.audit_seals s WHERE s.tenant_id = $1 AND s.seq = $2
                 UNION ALL SELECT c.hash FROM control.audit_checkpoints c WHERE c.tenant_id = $1 AND c.seq = $2
             ) x LIMIT 1",
        )
        .bind::<Integer, _>(end.tenant)
        .bind::<BigInt, _>(end.seq)
        .get_result(conn)
        .optional()?;
        let holds = match found {
            Some(found) => found.hash == end.hash,
            None => pruned_beyond(conn, end)?,
        };
        if !holds {
            problems.push(Problem {
                tenant: end.tenant,
                seq: Some(end.seq),
                entry: None,
                what: "rolled-back".to_owned(),
            });
        }
    }
    Ok(problems)
}

fn pruned_beyond(conn: &mut PgConnection, end: &End) -> Result<bool> {
    use crate::db::schema::control::audit_checkpoints as checkpoints;
    let beyond = checkpoints::table
        .filter(checkpoints::tenant_id.eq(end.tenant))
        .filter(checkpoints::seq.gt(end.seq));
    Ok(diesel::select(diesel::dsl::exists(beyond)).get_result(conn)?)
}
