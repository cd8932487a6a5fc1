//! What a filter asks of a recipient, as conditions.

use super::Filter;
use crate::tenant::fields::Field;
use crate::tenant::recipients::dynamic::Dynamic;

/// More words nobody types; a filter that let the rest go would find more than was asked for.
const MOST_WORDS: usize = 32;

/// Words, and where they are looked for: only in what the searcher may see, because hits tell what stands
/// there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    words: String,
    /// Address, first name and last name, as far as he may see them.
    within: [bool; 3],
}

/// Where a search looks.
const WITHIN: [&str; 3] = ["email", "first_name", "last_name"];

impl Search {
    /// A search by somebody who has these fields.
    pub fn by(words: &str, fields: &[Field]) -> Self {
        let may = |column: &str| {
            let field = fields
                .iter()
                .find(|field| field.standard_column.as_deref() == Some(column));
            field.is_some_and(Field::is_askable)
        };
        Self {
            // PostgreSQL takes no NUL.
            words: words.replace('\0', ""),
            within: WITHIN.map(may),
        }
    }

    /// What was typed.
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// Whether there is anything to search for.
pub(super) fn searches(filter: &Filter) -> bool {
    !filter.search.words.trim().is_empty()
}

/// Adds the filter's conditions to a query over `recipients r`.
pub fn restrict<S>(query: Dynamic<S>, filter: &Filter) -> Dynamic<S> {
    let query = query.with(filter.rule.as_ref(), |q, rule| {
        q.sql(" AND (").rule(rule).sql(")")
    });
    let Search { words, within } = &filter.search;
    let query = if words.split_whitespace().count() > MOST_WORDS {
        query.sql(" AND false")
    } else {
        words
            .split_whitespace()
            .fold(query, |q, word| search(q, &word.to_lowercase(), *within))
    };
    query.with(filter.list.as_ref(), |q, (list, status)| {
        q.sql(" AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.recipient_id = r.id AND s.list_id = ")
            .int(i64::from(list.0))
            .with(status.as_ref(), |q, status| q.sql(" AND s.status = ").text(status))
            .sql(")")
    })
}

/// What the trigram index can find, it finds in any part of address or name; shorter words find
/// beginnings of addresses and whole last names (Li, Ng), by the indexes of these.
fn search<S>(query: Dynamic<S>, word: &str, within: [bool; 3]) -> Dynamic<S> {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    if has_trigram(word) {
        // Spelled as the index recipients_search_idx spells it.
        let query = query
            .sql(" AND lower((r.email || ' ' || COALESCE(r.first_name, '') || ' ' || COALESCE(r.last_name, '')) COLLATE ext.names) LIKE ")
            .text(format!("%{escaped}%"));
        if within == [true; 3] {
            return query;
        }
        // The index finds more than the searcher may know of: it must be found in what he sees, too.
        let parts = [
            " OR lower(r.email COLLATE ext.names) LIKE ",
            " OR lower(r.first_name COLLATE ext.names) LIKE ",
            " OR lower(r.last_name COLLATE ext.names) LIKE ",
        ];
        let seen = parts.into_iter().zip(within).filter(|(_, may)| *may);
        return query
            .sql(" AND (false")
            .each(seen, "", |q, (part, _)| {
                q.sql(part).text(format!("%{escaped}%"))
            })
            .sql(")");
    }
    let [email, _, last_name] = within;
    query
        .sql(" AND (false")
        .with(email.then_some(()), |q, ()| {
            q.sql(" OR r.email LIKE ").text(format!("{escaped}%"))
        })
        .with(last_name.then_some(()), |q, ()| {
            q.sql(" OR r.last_name IN (")
                .each(spellings(word), ", ", Dynamic::text)
                .sql(")")
        })
        .sql(")")
}

/// Whether pg_trgm takes a trigram from `%word%`: three letters or digits in a row, or two that begin a
/// word, which it pads.
fn has_trigram(word: &str) -> bool {
    let mut run = 0;
    let mut begins = false;
    word.chars().any(|c| {
        if c.is_alphanumeric() {
            run += 1;
        } else {
            run = 0;
            begins = true;
        }
        run >= if begins { 2 } else { 3 }
    })
}

/// `li`, `LI`, `Li`.
fn spellings(word: &str) -> [String; 3] {
    let mut letters = word.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    [
        word.to_owned(),
        word.to_uppercase(),
        first + letters.as_str(),
    ]
}

#[cfg(test)]
mod tests {
    use super::has_trigram;

    #[test]
    fn words_that_give_the_index_nothing_are_known() {
        for word in ["abc", "x.abc", "@ex", "o'ne", "øre", "2024"] {
            assert!(has_trigram(word), "{word}");
        }
        for word in ["", "ab", "a_b", "%%%", "o'n", "1.2", "ab@"] {
            assert!(!has_trigram(word), "{word}");
        }
    }
}
