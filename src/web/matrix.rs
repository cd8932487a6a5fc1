//! A table of checkboxes: things down in groups, holders across. Used for rights by roles, rights by tenants,
//! roles by users. Works without a script; with one, a group can be chosen at once and the arrows move.

use std::collections::BTreeSet;

/// A whole matrix.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// What it shows; read to those who do not see it.
    pub caption: String,
    /// What its things are: the heading of their column.
    pub things: String,
    /// Holders, across.
    pub columns: Vec<MatrixColumn>,
    /// Things, down.
    pub groups: Vec<MatrixGroup>,
}

/// A holder.
#[derive(Clone, Debug, Default)]
pub struct MatrixColumn {
    /// Its id, in values.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Where it leads; empty for nowhere.
    pub href: String,
    /// Whether its cells can be changed.
    pub editable: bool,
    /// The version that is shown, to be sent along.
    pub version: i32,
}

/// Things that belong together.
#[derive(Clone, Debug, Default)]
pub struct MatrixGroup {
    /// Part of ids.
    pub key: String,
    /// What it is called; empty for a matrix without groups.
    pub label: String,
    /// Its things.
    pub rows: Vec<MatrixRow>,
}

/// A thing.
#[derive(Clone, Debug, Default)]
pub struct MatrixRow {
    /// What it is called.
    pub label: String,
    /// What it is; empty for nothing to say.
    pub help: String,
    /// Where it leads; empty for nowhere.
    pub href: String,
    /// What else is to be known of it.
    pub notes: Vec<String>,
    /// A cell for each column.
    pub cells: Vec<MatrixCell>,
}

/// A holder's hold on a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixCell {
    /// What is sent if it is chosen: the column's key, a colon, the thing's key.
    pub value: String,
    /// What it says to those who do not see it: thing and holder.
    pub label: String,
    /// Whether it is chosen.
    pub on: bool,
    /// Whether it comes from elsewhere: shown as chosen, and not to be changed here.
    pub held: bool,
    /// Whether it cannot be changed here, as it stands.
    pub fixed: bool,
    /// Why, or whence; empty for nothing to say.
    pub why: String,
}

/// A change of a cell as forms send it: `7:3:+fields.view` is the column 7 at version 3 getting a thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The column's id.
    pub column: i32,
    /// The column's version that was seen.
    pub version: i32,
    /// Whether it is given; else taken.
    pub gives: bool,
    /// The thing's key.
    pub thing: String,
}

impl Change {
    /// Reads one; none where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (column, version) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let signed = parts.next()?;
        let (gives, thing) = match signed.split_at_checked(1)? {
            ("+", thing) => (true, thing),
            ("-", thing) => (false, thing),
            _ => return None,
        };
        Some(Self {
            column,
            version,
            gives,
            thing: thing.to_owned(),
        })
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.gives { '+' } else { '-' };
        write!(f, "{}:{}:{sign}{}", self.column, self.version, self.thing)
    }
}

impl Matrix {
    /// Shows these cells as chosen instead of those that are; what cannot be changed stays.
    pub fn choose(&mut self, chosen: &BTreeSet<String>) {
        let rows = self.groups.iter_mut().flat_map(|group| &mut group.rows);
        for cell in rows.flat_map(|row| &mut row.cells) {
            cell.on = cell.fixed && cell.on || chosen.contains(&cell.value);
        }
    }

    /// The cells that are chosen as it stands, with changes made to them.
    pub fn chosen_after(&self, changes: &[Change]) -> BTreeSet<String> {
        let cells = self.groups.iter().flat_map(|group| &group.rows);
        let on = cells.flat_map(|row| &row.cells).filter(|cell| cell.on);
        let mut chosen: BTreeSet<String> = on.map(|cell| cell.value.clone()).collect();
        for change in changes {
            let cell = format!("{}:{}", change.column, change.thing);
            if change.gives {
                chosen.insert(cell);
            } else {
                chosen.remove(&cell);
            }
        }
        chosen
    }

    /// What differs between the matrix and the cells that were sent as chosen. Cells that cannot be changed
    /// never differ, whatever was sent.
    pub fn changes(&self, chosen: &BTreeSet<String>) -> Vec<Change> {
        let mut changes = Vec::new();
        let rows = self.groups.iter().flat_map(|group| &group.rows);
        for cells in rows.map(|row| &row.cells) {
            for (column, cell) in self.columns.iter().zip(cells) {
                let wanted = chosen.contains(&cell.value);
                if !column.editable || cell.held || cell.fixed || wanted == cell.on {
                    continue;
                }
                let (Ok(id), Some((_, thing))) = (column.key.parse(), cell.value.split_once(':'))
                else {
                    continue;
                };
                changes.push(Change {
                    column: id,
                    version: column.version,
                    gives: wanted,
                    thing: thing.to_owned(),
                });
            }
        }
        changes.sort();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_as_it_is_written() {
        for text in [
            "7:3:+fields.view",
            "12:1:-recipients.erase_fenced",
            "1:1:+a:b",
        ] {
            assert_eq!(Change::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "7:3",
            "x:3:+a",
            "7:3:a",
            "7:3:",
            "7:3:ä",
            "99999999999:1:+a",
        ] {
            assert_eq!(Change::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_changed_never_differs() {
        let cell = |on, held, fixed| MatrixCell {
            value: "7:a".into(),
            on,
            held,
            fixed,
            ..MatrixCell::default()
        };
        let matrix = |cell| Matrix {
            columns: vec![MatrixColumn {
                key: "7".into(),
                editable: true,
                version: 2,
                ..MatrixColumn::default()
            }],
            groups: vec![MatrixGroup {
                rows: vec![MatrixRow {
                    cells: vec![cell],
                    ..MatrixRow::default()
                }],
                ..MatrixGroup::default()
            }],
            ..Matrix::default()
        };
        let sent = ["7:a".to_owned()].into();
        let none = BTreeSet::new();
        let given = matrix(cell(false, false, false)).changes(&sent);
        assert_eq!(given, [Change::parse("7:2:+a").unwrap()]);
        let taken = matrix(cell(true, false, false)).changes(&none);
        assert_eq!(taken, [Change::parse("7:2:-a").unwrap()]);
        for fast in [
            cell(false, true, false),
            cell(true, false, true),
            cell(false, false, true),
        ] {
            assert_eq!(matrix(fast.clone()).changes(&sent), []);
            assert_eq!(matrix(fast).changes(&none), []);
        }
    }
}
