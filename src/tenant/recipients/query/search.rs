//! What a filter asks of a recipient, as conditions.

use super::Filter;
use crate::tenant::recipients::dynamic::Dynamic;

/// More words nobody types; a filter that let the rest go would find more than was asked for.
const MOST_WORDS: usize = 32;

/// Whether there is anything to search for.
pub(super) fn searches(filter: &Filter) -> bool {
    !filter.search.trim().is_empty()
}

/// Adds the filter's conditions to a query over `recipients r`.
pub fn restrict<S>(query: Dynamic<S>, filter: &Filter) -> Dynamic<S> {
    let query = query.with(filter.rule.as_ref(), |q, rule| {
        q.sql(" AND (").rule(rule).sql(")")
    });
    let query = if filter.search.split_whitespace().count() > MOST_WORDS {
        query.sql(" AND false")
    } else {
        filter
            .search
            .split_whitespace()
            .fold(query, |q, word| search(q, &word.to_lowercase()))
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
fn search<S>(query: Dynamic<S>, word: &str) -> Dynamic<S> {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    if has_trigram(word) {
        // Spelled as the index recipients_search_idx spells it.
        return query
            .sql(" AND lower((r.email || ' ' || COALESCE(r.first_name, '') || ' ' || COALESCE(r.last_name, '')) COLLATE ext.names) LIKE ")
            .text(format!("%{escaped}%"));
    }
    query
        .sql(" AND (r.email LIKE ")
        .text(format!("{escaped}%"))
        .sql(" OR r.last_name IN (")
        .each(spellings(word), ", ", Dynamic::text)
        .sql("))")
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
