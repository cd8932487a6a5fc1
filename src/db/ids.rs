//! One number type for each table, so that ids cannot be mixed up.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Integer};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($raw:ty => $sql:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            AsExpression, FromSqlRow,
        )]
        #[diesel(sql_type = $sql)]
        #[serde(transparent)]
        pub struct $name(pub $raw);

        impl FromSql<$sql, Pg> for $name {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                <$raw as FromSql<$sql, Pg>>::from_sql(bytes).map(Self)
            }
        }

        impl ToSql<$sql, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <$raw as ToSql<$sql, Pg>>::to_sql(&self.0, out)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(/** A tenant of any kind (`control.tenants`). */ TenantId(i32 => Integer));
id!(/** A person who logs in (`control.users`). */ UserId(i32 => Integer));
id!(/** A named set of rights (`control.roles`). */ RoleId(i32 => Integer));
id!(/** A user's place in a tenant (`control.memberships`). */ MembershipId(i32 => Integer));
id!(/** A token of the API (`control.api_tokens`). */ TokenId(i32 => Integer));
id!(/** A unit of background work (`control.jobs`). */ JobId(i64 => BigInt));
id!(/** A field of the recipient, standard or the tenant's own (`fields`). */ FieldId(i32 => Integer));
id!(/** A recipient (`recipients`). */ RecipientId(i64 => BigInt));
id!(/** A mailing list (`lists`). */ ListId(i32 => Integer));
id!(/** An import (`imports`). */ ImportId(i32 => Integer));
id!(/** An inner tenant's wish to see a recipient outside its fence (`admissions`). */ AdmissionId(i64 => BigInt));
