//! Settings kept under a name for the next time; a file with the same columns is recognised.

use super::settings::Settings;
use super::source::Source;
use crate::db::TenantConn;
use crate::db::schema::tenant::import_profiles;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// How many are offered.
const MOST: i64 = 200;

/// All of them: id and name.
///
/// # Errors
/// When the database does not answer.
pub fn all<M: crate::db::Mode>(conn: &mut TenantConn<'_, M>) -> Result<Vec<(i32, String)>> {
    Ok(import_profiles::table
        .order(import_profiles::name)
        .limit(MOST)
        .select((import_profiles::id, import_profiles::name))
        .load(conn.pg())?)
}

/// The settings of one.
///
/// # Errors
/// `NotFound`, also for another tenant's.
pub fn by_id<M: crate::db::Mode>(conn: &mut TenantConn<'_, M>, id: i32) -> Result<Settings> {
    let stored: serde_json::Value = import_profiles::table
        .find(id)
        .select(import_profiles::settings)
        .first(conn.pg())?;
    Ok(serde_json::from_value(stored).unwrap_or_default())
}

/// The newest whose columns are the file's.
///
/// # Errors
/// When the database does not answer.
pub fn fitting<M: crate::db::Mode>(
    conn: &mut TenantConn<'_, M>,
    source: &Source,
) -> Result<Option<(i32, Settings)>> {
    let stored: Vec<(i32, serde_json::Value)> = import_profiles::table
        .order(import_profiles::id.desc())
        .limit(MOST)
        .select((import_profiles::id, import_profiles::settings))
        .load(conn.pg())?;
    Ok(stored
        .into_iter()
        .map(|(id, stored)| (id, serde_json::from_value(stored).unwrap_or_default()))
        .find(|(_, settings)| fits(settings, source)))
}

/// Profiles of the first version do not know the columns that were left out: all that they map must be there.
fn fits(profile: &Settings, source: &Source) -> bool {
    let mapped = profile
        .mapping
        .iter()
        .all(|mapped| source.find(&mapped.column).is_some());
    let same = || {
        let theirs: BTreeSet<&String> = profile.columns.iter().collect();
        theirs == source.own_columns().iter().collect()
    };
    mapped && !profile.mapping.is_empty() && (profile.columns.is_empty() || same())
}

impl Settings {
    /// A profile's settings for this file: it is read as it was found to be, in the zone of the tenant.
    #[must_use]
    pub fn of_profile(self, id: i32, source: &Source, zone: &str) -> Self {
        let mut formats = self.formats.clone();
        zone.clone_into(&mut formats.zone);
        Self {
            reading: source.reading.clone(),
            columns: source.own_columns().to_vec(),
            profile: Some(id),
            formats,
            ..self
        }
    }
}
