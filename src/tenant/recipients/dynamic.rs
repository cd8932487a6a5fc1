//! Queries over columns that are known at run time only. Built from pieces of which each is fixed text,
//! a checked column, a checked rule or a bound value; user text is always bound.
//!
//! The result's type is fixed (`bigint`, `text[]`), because diesel's statement cache cannot take columns
//! that differ between tenants.

use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::seen::Shown;
use crate::tenant::target_groups::rules::{CheckedRule, Column};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use std::marker::PhantomData;

enum Piece {
    Sql(&'static str),
    Text(String),
    Int(i64),
    OptionalText(Option<String>),
    Ids(Vec<i64>),
    Fixed(String),
}

/// A query whose result has the SQL type `S`.
pub struct Dynamic<S> {
    pieces: Vec<Piece>,
    result: PhantomData<fn() -> S>,
}

impl<S> Default for Dynamic<S> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            result: PhantomData,
        }
    }
}

impl<S> Dynamic<S> {
    /// Fixed SQL text.
    #[must_use]
    pub fn sql(mut self, text: &'static str) -> Self {
        self.pieces.push(Piece::Sql(text));
        self
    }

    /// A column of `r`, the recipients.
    #[must_use]
    pub fn column(mut self, column: &Column) -> Self {
        self.pieces.push(Piece::Fixed(format!("r.{column}")));
        self
    }

    /// A column of `r` as its reader may see it, as text.
    #[must_use]
    pub fn shown(mut self, shown: &Shown) -> Self {
        self.pieces.push(Piece::Fixed(shown.sql()));
        self
    }

    /// A column's bare name, as UPDATE sets it.
    #[must_use]
    pub fn name(mut self, column: &Column) -> Self {
        self.pieces.push(Piece::Fixed(column.to_string()));
        self
    }

    /// A checked rule over `r`.
    #[must_use]
    pub fn rule(mut self, rule: &CheckedRule) -> Self {
        self.pieces.push(Piece::Fixed(rule.to_sql("r").to_string()));
        self
    }

    /// A bound text.
    #[must_use]
    pub fn text(mut self, value: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(value.into()));
        self
    }

    /// A bound number.
    #[must_use]
    pub fn int(mut self, value: i64) -> Self {
        self.pieces.push(Piece::Int(value));
        self
    }

    /// Bound numbers, as an array.
    #[must_use]
    pub fn ids(mut self, values: Vec<i64>) -> Self {
        self.pieces.push(Piece::Ids(values));
        self
    }

    /// A bound value in canonical text, cast to the type of `kind`'s column.
    #[must_use]
    pub fn value(mut self, kind: &Kind, value: Option<String>) -> Self {
        self.pieces.push(Piece::OptionalText(value));
        self.pieces.push(Piece::Sql("::"));
        self.pieces.push(Piece::Sql(kind.column_type()));
        self
    }

    /// What `more` adds, if there is something to add it for.
    #[must_use]
    pub fn with<T>(self, some: Option<T>, more: impl FnOnce(Self, T) -> Self) -> Self {
        match some {
            Some(value) => more(self, value),
            None => self,
        }
    }

    /// `more` for each, with `between` between them.
    #[must_use]
    pub fn each<T>(
        mut self,
        all: impl IntoIterator<Item = T>,
        between: &'static str,
        more: impl Fn(Self, T) -> Self,
    ) -> Self {
        for (index, one) in all.into_iter().enumerate() {
            if index > 0 {
                self = self.sql(between);
            }
            self = more(self, one);
        }
        self
    }
}

impl<S> QueryFragment<Pg> for Dynamic<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The text differs between tenants and filters: caching it would only fill the connection.
        out.unsafe_to_cache_prepared();
        for piece in &self.pieces {
            match piece {
                Piece::Sql(text) => out.push_sql(text),
                Piece::Fixed(text) => out.push_sql(text),
                Piece::Text(value) => out.push_bind_param::<Text, _>(value)?,
                Piece::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Piece::OptionalText(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                Piece::Ids(values) => out.push_bind_param::<Array<BigInt>, _>(values)?,
            }
        }
        Ok(())
    }
}

impl<S> QueryId for Dynamic<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S> Query for Dynamic<S> {
    type SqlType = S;
}

impl<S, C> RunQueryDsl<C> for Dynamic<S> {}
