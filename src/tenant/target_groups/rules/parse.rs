//! Tokens into a tree, by recursive descent; hand-written for the sake of its messages.
//!
//! It knows no fields and no types: those are the affair of `check`.

use super::lex::{Lexeme, Token, lex};
use super::message::{Problem, RuleError, Wanted, excerpt};
use super::tree::{Node, Op};

/// Most characters of a rule.
pub const MAX_LENGTH: usize = 20_000;
/// How deep brackets and `not` may be nested. Bounds the stack of everything that walks the tree.
pub const MAX_DEPTH: usize = 50;
/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 500;

/// The words that cannot stand for a field without brackets.
const KEYWORDS: [&str; 13] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "empty",
    "contains",
    "starts_with",
    "ends_with",
    "true",
    "false",
    "yes",
    "no",
];

/// A rule that is well formed. Whether its fields exist and its values fit is not known yet.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) node: Node<Condition>,
}

/// Something with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub(super) it: T,
    pub(super) at: usize,
    pub(super) len: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) field: Spanned<String>,
    pub(super) op: Spanned<Op>,
    pub(super) values: Vec<Spanned<Value>>,
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(String),
    Moment(String),
    Bool(bool),
}

/// Whether a field of this key must be written in brackets.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Reads a rule; stops at the first thing that is wrong.
pub fn parse(text: &str) -> Result<Rule, RuleError> {
    let source: Vec<char> = text.chars().take(MAX_LENGTH + 1).collect();
    if source.len() > MAX_LENGTH {
        return Err(too_long());
    }
    let mut parser = Parser {
        lexemes: lex(&source)?,
        source: &source,
        next: 0,
        depth: 0,
        conditions: 0,
    };
    if parser.peek().token == Token::End {
        return Err(RuleError::new(0, 0, Problem::Nothing));
    }
    let node = parser.any()?;
    if parser.peek().token != Token::End {
        return Err(parser.expected(Wanted::Joint));
    }
    Ok(Rule { node })
}

pub(super) fn too_long() -> RuleError {
    RuleError::new(MAX_LENGTH, 0, Problem::TooLong { most: MAX_LENGTH })
}

struct Parser<'a> {
    source: &'a [char],
    lexemes: Vec<Lexeme>,
    next: usize,
    depth: usize,
    conditions: usize,
}

type Parsed<T> = Result<T, RuleError>;

impl Parser<'_> {
    fn any(&mut self) -> Parsed<Node<Condition>> {
        let mut parts = vec![self.all()?];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(Node::any(parts))
    }

    fn all(&mut self) -> Parsed<Node<Condition>> {
        let mut parts = vec![self.one()?];
        while self.take_word("and") {
            parts.push(self.one()?);
        }
        Ok(Node::all(parts))
    }

    fn one(&mut self) -> Parsed<Node<Condition>> {
        if self.is_word("not") {
            self.nested(|parser| parser.one().map(Node::not))
        } else if self.is_symbol("(") {
            self.nested(|parser| {
                let inner = parser.any()?;
                parser.closing(Wanted::Closing)?;
                Ok(inner)
            })
        } else {
            self.condition().map(Node::Is)
        }
    }

    /// Takes the token at hand and goes one level down.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(Problem::TooDeep { most: MAX_DEPTH }));
        }
        self.next += 1;
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn condition(&mut self) -> Parsed<Condition> {
        if self.conditions == MAX_CONDITIONS {
            let most = MAX_CONDITIONS;
            return Err(self.error(Problem::TooManyConditions { most }));
        }
        self.conditions += 1;
        let field = self.field()?;
        let op = self.operator()?;
        self.refuse_null(&op)?;
        let values = match op.it {
            Op::Empty | Op::NotEmpty => Vec::new(),
            Op::In | Op::NotIn => self.list()?,
            _ => vec![self.value()?],
        };
        self.refuse_decimal_comma(&values, op.it)?;
        Ok(Condition { field, op, values })
    }

    fn field(&mut self) -> Parsed<Spanned<String>> {
        let key = match &self.peek().token {
            Token::Field(key) => key.clone(),
            Token::Word(word) if is_keyword(word) => {
                let word = word.clone();
                return Err(self.error(Problem::KeywordForField { word }));
            }
            Token::Word(word) => word.clone(),
            _ => return Err(self.expected(Wanted::Field)),
        };
        Ok(self.take(key))
    }

    fn operator(&mut self) -> Parsed<Spanned<Op>> {
        let start = self.peek().at;
        let op = match self.peek().token.clone() {
            Token::Symbol(sign) if !matches!(sign, "(" | ")" | ",") => {
                Op::from_text(sign).ok_or_else(|| self.expected(Wanted::Operator))?
            }
            Token::Word(word) => self.word_operator(&word.to_ascii_lowercase())?,
            _ => return Err(self.expected(Wanted::Operator)),
        };
        self.next += 1;
        let end = self.lexemes[self.next - 1].at + self.lexemes[self.next - 1].len;
        Ok(Spanned {
            it: op,
            at: start,
            len: end - start,
        })
    }

    /// Leaves the last word of the operator at hand.
    fn word_operator(&mut self, word: &str) -> Parsed<Op> {
        match word {
            "is" => self.emptiness(),
            "not" => {
                self.next += 1;
                self.plain_word_operator()
                    .and_then(Op::opposite)
                    .ok_or_else(|| self.expected(Wanted::Operator))
            }
            "like" | "ilike" => Err(self.instead("contains")),
            _ => self
                .plain_word_operator()
                .ok_or_else(|| self.expected(Wanted::Operator)),
        }
    }

    fn plain_word_operator(&self) -> Option<Op> {
        [Op::In, Op::Contains, Op::StartsWith, Op::EndsWith]
            .into_iter()
            .find(|op| self.is_word(op.text()))
    }

    fn emptiness(&mut self) -> Parsed<Op> {
        self.next += 1;
        let op = if self.take_word("not") {
            Op::NotEmpty
        } else {
            Op::Empty
        };
        if self.is_word("null") {
            Err(self.instead("empty"))
        } else if self.is_word("empty") {
            Ok(op)
        } else {
            Err(self.expected(Wanted::Empty))
        }
    }

    fn list(&mut self) -> Parsed<Vec<Spanned<Value>>> {
        if !self.take_symbol("(") {
            return Err(self.expected(Wanted::List));
        }
        let mut values = vec![self.value()?];
        while self.take_symbol(",") {
            values.push(self.value()?);
        }
        self.closing(Wanted::ListGoesOn)?;
        Ok(values)
    }

    fn value(&mut self) -> Parsed<Spanned<Value>> {
        let value = match self.peek().token.clone() {
            Token::Text(text) => Value::Text(text),
            Token::Number(digits) => Value::Number(digits),
            Token::Moment(text) => Value::Moment(text),
            Token::Word(word) => self.word_value(&word)?,
            _ => return Err(self.expected(Wanted::Value)),
        };
        Ok(self.take(value))
    }

    fn word_value(&self, word: &str) -> Parsed<Value> {
        match word.to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(Value::Bool(true)),
            "false" | "no" => Ok(Value::Bool(false)),
            _ if is_keyword(word) => Err(self.expected(Wanted::Value)),
            _ => Err(self.error(Problem::TextWithoutQuotes {
                found: excerpt(word),
            })),
        }
    }

    /// `= null` and `= empty`, for those who know SQL or guess.
    fn refuse_null(&self, op: &Spanned<Op>) -> Parsed<()> {
        let instead = match op.it {
            Op::Equal => Op::Empty,
            Op::NotEqual => Op::NotEmpty,
            _ => return Ok(()),
        };
        if !self.is_word("null") && !self.is_word("empty") {
            return Ok(());
        }
        let len = self.peek().at + self.peek().len - op.at;
        let problem = Problem::WriteInstead {
            found: format!("{} {}", op.it.text(), self.found()),
            instead: instead.text().to_owned(),
        };
        Err(RuleError::new(op.at, len, problem))
    }

    /// `price > 1,5` is a decimal in half of Europe; say so instead of "expected and".
    fn refuse_decimal_comma(&self, values: &[Spanned<Value>], op: Op) -> Parsed<()> {
        let (Some(value), true) = (values.first(), op.arity() == (1, 1)) else {
            return Ok(());
        };
        let after = self.lexemes.get(self.next + 1).map(|lexeme| &lexeme.token);
        match (&value.it, &self.peek().token, after) {
            (Value::Number(whole), Token::Symbol(","), Some(Token::Number(fraction))) => {
                let problem = Problem::WriteInstead {
                    found: format!("{whole},{fraction}"),
                    instead: format!("{whole}.{fraction}"),
                };
                Err(RuleError::new(value.at, value.len, problem))
            }
            _ => Ok(()),
        }
    }

    fn closing(&mut self, wanted: Wanted) -> Parsed<()> {
        if self.take_symbol(")") {
            Ok(())
        } else {
            Err(self.expected(wanted))
        }
    }

    fn peek(&self) -> &Lexeme {
        // The last lexeme is the end, and nothing takes it.
        &self.lexemes[self.next.min(self.lexemes.len() - 1)]
    }

    fn take<T>(&mut self, it: T) -> Spanned<T> {
        let Lexeme { at, len, .. } = *self.peek();
        self.next += 1;
        Spanned { it, at, len }
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(&self.peek().token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    fn is_symbol(&self, wanted: &str) -> bool {
        matches!(self.peek().token, Token::Symbol(sign) if sign == wanted)
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is = self.is_word(wanted);
        self.next += usize::from(is);
        is
    }

    fn take_symbol(&mut self, wanted: &str) -> bool {
        let is = self.is_symbol(wanted);
        self.next += usize::from(is);
        is
    }

    fn found(&self) -> String {
        let Lexeme { at, len, .. } = *self.peek();
        excerpt(&self.source[at..at + len].iter().collect::<String>())
    }

    fn expected(&self, wanted: Wanted) -> RuleError {
        let found = (self.peek().token != Token::End).then(|| self.found());
        self.error(Problem::Expected { wanted, found })
    }

    fn instead(&self, instead: &str) -> RuleError {
        self.error(Problem::WriteInstead {
            found: self.found(),
            instead: instead.to_owned(),
        })
    }

    fn error(&self, problem: Problem) -> RuleError {
        let Lexeme { at, len, .. } = *self.peek();
        RuleError::new(at, len, problem)
    }
}
