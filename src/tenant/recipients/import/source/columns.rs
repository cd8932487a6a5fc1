//! The columns of a file: their names, and the keys of JSON within them.

/// Where a column's cell is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRef {
    pub(super) index: usize,
    pub(super) path: Option<String>,
}

impl CellRef {
    /// Whether it is a column of the file itself, not a key inside JSON.
    pub fn is_whole(&self) -> bool {
        self.path.is_none()
    }

    /// Whether a row that ends too early still has the cell.
    pub fn is_in(&self, cells: &[String]) -> bool {
        self.index < cells.len()
    }

    /// The cell's text, or that of the key inside its JSON.
    pub fn of(&self, cells: &[String]) -> String {
        let cell = cells
            .get(self.index)
            .map(String::as_str)
            .unwrap_or_default();
        let Some(path) = &self.path else {
            return cell.to_owned();
        };
        let Ok(json) = serde_json::from_str::<serde_json::Value>(cell) else {
            return String::new();
        };
        let found = path.split('.').try_fold(&json, |value, key| value.get(key));
        match found {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

/// Names for all columns: trimmed, numbered where there is none, made distinct where one stands twice.
pub(super) fn distinct(names: &[String], width: usize) -> (Vec<String>, Vec<String>) {
    let (mut all, mut repeated): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for index in 0..width {
        let name = names
            .get(index)
            .map(|name| name.trim())
            .filter(|name| !name.is_empty());
        let name = name.map_or_else(|| (index + 1).to_string(), str::to_owned);
        let mut unique = name.clone();
        let mut number = 2;
        while all.contains(&unique) {
            unique = format!("{name} ({number})");
            number += 1;
        }
        if unique != name && !repeated.contains(&name) {
            repeated.push(name);
        }
        all.push(unique);
    }
    (all, repeated)
}

/// The keys of JSON objects in a column of the preview.
pub(super) fn json_keys(rows: &[Vec<String>], index: usize) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for cell in rows
        .iter()
        .filter_map(|row| row.get(index))
        .filter(|cell| cell.trim_start().starts_with('{'))
    {
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(cell) {
            for (key, value) in &object {
                if !value.is_object() && !keys.contains(key) && keys.len() < 100 {
                    keys.push(key.clone());
                }
            }
        }
    }
    keys
}
