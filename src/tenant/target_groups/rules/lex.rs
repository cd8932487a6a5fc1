//! Text into tokens, each with its place counted in characters.

use super::message::{Problem, RuleError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a field's key, or a word that lacks its quotes.
    Word(String),
    /// `[key]`: a field whose key is a keyword.
    Field(String),
    /// Text in quotes, without them.
    Text(String),
    /// Digits with an optional sign and fraction.
    Number(String),
    /// A day or moment without quotes; not yet known to exist.
    Moment(String),
    /// A sign or a pair of signs.
    Symbol(&'static str),
    /// After the last character.
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) at: usize,
    pub(super) len: usize,
}

/// Longer symbols first, so that `<=` is not read as `<`.
const SYMBOLS: [(&str, &str); 11] = [
    ("==", "="),
    ("!=", "!="),
    ("<>", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("(", "("),
    (")", ")"),
    (",", ","),
];

/// What people write who know another language, or paste from a word processor.
const INSTEAD: [(&str, &str); 13] = [
    ("=<", "<="),
    ("=>", ">="),
    ("=~", "contains"),
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("“", "\""),
    ("”", "\""),
    ("„", "\""),
    ("‘", "'"),
    ("’", "'"),
    ("‚", "'"),
];

/// All tokens of `source`, with [`Token::End`] last.
pub(super) fn lex(source: &[char]) -> Result<Vec<Lexeme>, RuleError> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(&first) = source.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let (token, len) = next(source, at, first)?;
        lexemes.push(Lexeme { token, at, len });
        at += len;
    }
    lexemes.push(Lexeme {
        token: Token::End,
        at,
        len: 0,
    });
    Ok(lexemes)
}

fn next(source: &[char], at: usize, first: char) -> Result<(Token, usize), RuleError> {
    let rest = &source[at..];
    let signed = first == '-' && rest.get(1).is_some_and(char::is_ascii_digit);
    match first {
        '\'' | '"' => quoted(rest, at, first),
        '[' => bracketed(rest, at),
        _ if first.is_alphabetic() || first == '_' => {
            let word = take(rest, |c| c.is_alphanumeric() || c == '_');
            let len = word.chars().count();
            Ok((Token::Word(word), len))
        }
        _ if first.is_ascii_digit() || signed => number(rest, at),
        _ => symbol(rest, at, first),
    }
}

fn quoted(rest: &[char], at: usize, quote: char) -> Result<(Token, usize), RuleError> {
    let mut text = String::new();
    let mut i = 1;
    while let Some(&c) = rest.get(i) {
        match c {
            '\0' => return Err(RuleError::new(at + i, 1, Problem::NulCharacter)),
            _ if c != quote => text.push(c),
            _ if rest.get(i + 1) == Some(&quote) => {
                text.push(quote);
                i += 1;
            }
            _ => return Ok((Token::Text(text), i + 1)),
        }
        i += 1;
    }
    let quote = quote.to_string();
    Err(RuleError::new(at, 1, Problem::UnclosedText { quote }))
}

fn bracketed(rest: &[char], at: usize) -> Result<(Token, usize), RuleError> {
    let key = take(&rest[1..], |c| c.is_ascii_alphanumeric() || c == '_');
    let len = key.len() + 2;
    let begins_well = !key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit());
    if begins_well && rest.get(len - 1) == Some(&']') {
        Ok((Token::Field(key), len))
    } else {
        Err(RuleError::new(at, 1, Problem::BadBrackets))
    }
}

/// Numbers and dates are read greedily, so that `5and` or `31.1.2026` is refused as a whole.
fn number(rest: &[char], at: usize) -> Result<(Token, usize), RuleError> {
    let text = take(rest, |c| c.is_alphanumeric() || "_.:+-".contains(c));
    let len = text.chars().count();
    if is_number(&text) {
        Ok((Token::Number(text), len))
    } else if starts_like_date(&text) {
        Ok((Token::Moment(text), len))
    } else {
        let found = super::message::excerpt(&text);
        Err(RuleError::new(at, len, Problem::BadNumber { found }))
    }
}

/// `-?[0-9]+(\.[0-9]+)?`
pub(super) fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

fn starts_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

fn symbol(rest: &[char], at: usize, first: char) -> Result<(Token, usize), RuleError> {
    let begins = |sign: &str| {
        sign.chars().zip(rest).filter(|(a, b)| a == *b).count() == sign.chars().count()
    };
    if let Some((found, instead)) = INSTEAD.iter().find(|(sign, _)| begins(sign)) {
        return Err(write_instead(at, found, instead));
    }
    if let Some((sign, token)) = SYMBOLS.iter().find(|(sign, _)| begins(sign)) {
        return Ok((Token::Symbol(token), sign.len()));
    }
    if first == '!' {
        return Err(write_instead(at, "!", "not"));
    }
    let found = first.escape_debug().to_string();
    Err(RuleError::new(at, 1, Problem::BadCharacter { found }))
}

fn write_instead(at: usize, found: &str, instead: &str) -> RuleError {
    let len = found.chars().count();
    let (found, instead) = (found.to_owned(), instead.to_owned());
    RuleError::new(at, len, Problem::WriteInstead { found, instead })
}

fn take(rest: &[char], wanted: impl Fn(char) -> bool) -> String {
    rest.iter().copied().take_while(|c| wanted(*c)).collect()
}
