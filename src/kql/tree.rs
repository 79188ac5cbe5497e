//! The brackets of a query as a tree.
//!
//! In: a text. Out: [`Tree`], its significant tokens and [`QueryNode`]s over them. A bracket that is never
//! closed reaches to the end; one that was never opened is a sign like any other. It knows no keywords.

use super::lex::{Token, TokenKind, lex};

/// Brackets nested deeper than this are read as plain signs, so that no query exhausts the stack.
const MAX_DEPTH: usize = 100;

/// A text and its significant tokens.
#[derive(Debug)]
pub struct Tree<'t> {
    /// The text.
    pub text: &'t str,
    /// Its tokens without blanks, line ends and comments.
    pub tokens: Vec<Token>,
    /// For each token, whether it begins its line and whether an empty line stands before it.
    lines: Vec<LineStart>,
    /// The outermost nodes.
    pub nodes: Vec<QueryNode>,
}

#[derive(Debug, Clone, Copy)]
struct LineStart {
    first: bool,
    after_blank: bool,
}

/// A token, or a pair of brackets and what it holds.
#[derive(Debug, Clone)]
pub enum QueryNode {
    /// The index of a token.
    Leaf(usize),
    /// Brackets.
    Brackets(Brackets),
}

/// A pair of brackets.
#[derive(Debug, Clone)]
pub struct Brackets {
    /// The index of the opening bracket.
    pub open: usize,
    /// The index of the closing one, if there is one.
    pub close: Option<usize>,
    /// What stands between them.
    pub nodes: Vec<QueryNode>,
    last: usize,
}

impl QueryNode {
    /// Index of its first token.
    pub fn first(&self) -> usize {
        match self {
            Self::Leaf(index) => *index,
            Self::Brackets(group) => group.open,
        }
    }

    /// Index of its last token.
    pub fn last(&self) -> usize {
        match self {
            Self::Leaf(index) => *index,
            Self::Brackets(group) => group.last,
        }
    }

    /// The brackets, if it is a pair.
    pub fn group(&self) -> Option<&Brackets> {
        match self {
            Self::Brackets(group) => Some(group),
            Self::Leaf(_) => None,
        }
    }

    /// Whether every bracket in it is closed.
    pub fn is_closed(&self) -> bool {
        self.group().is_none_or(|group| group.close.is_some() && group.nodes.iter().all(Self::is_closed))
    }
}

impl<'t> Tree<'t> {
    /// Reads a text.
    pub fn new(text: &'t str) -> Self {
        let mut tokens = Vec::new();
        let mut lines = Vec::new();
        let (mut newlines, mut commented) = (1, false);
        for token in lex(text) {
            match token.kind {
                TokenKind::Newline if commented => commented = false,
                TokenKind::Newline => newlines += 1,
                TokenKind::Comment => commented = newlines > 0,
                TokenKind::Space => {}
                _ => {
                    lines.push(LineStart { first: newlines > 0 || commented, after_blank: newlines > 1 });
                    tokens.push(token);
                    (newlines, commented) = (0, false);
                }
            }
        }
        let nodes = nested(text, &tokens);
        Self { text, tokens, lines, nodes }
    }

    /// The text of a token; empty beyond the last.
    pub fn word(&self, index: usize) -> &'t str {
        self.tokens.get(index).map(|token| token.text(self.text)).unwrap_or_default()
    }

    /// The kind of a token.
    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// The name or keyword that a node is.
    pub fn name(&self, node: Option<&QueryNode>) -> Option<&'t str> {
        match node {
            Some(QueryNode::Leaf(index)) if self.kind(*index) == Some(TokenKind::Name) => {
                Some(self.word(*index))
            }
            _ => None,
        }
    }

    /// Whether a node is this sign.
    pub fn is(&self, node: Option<&QueryNode>, sign: &str) -> bool {
        matches!(node, Some(QueryNode::Leaf(index)) if self.word(*index) == sign)
    }

    /// Whether a node is a string literal.
    pub fn is_text(&self, node: &QueryNode) -> bool {
        matches!(node, QueryNode::Leaf(index) if self.kind(*index) == Some(TokenKind::Text))
    }

    /// Whether a node is this word, or holds it in brackets.
    pub fn has_word(&self, node: &QueryNode, word: &str) -> bool {
        (node.first()..=node.last()).any(|index| self.word(index) == word)
    }

    /// Whether a node is a pair of these brackets.
    pub fn opens<'n>(&self, node: Option<&'n QueryNode>, bracket: &str) -> Option<&'n Brackets> {
        node.and_then(QueryNode::group).filter(|group| self.word(group.open) == bracket)
    }

    /// Whether only blanks stand before a token on its line.
    pub fn begins_line(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|line| line.first)
    }

    /// Whether an empty line stands before a token.
    pub fn follows_blank(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|line| line.after_blank)
    }

    /// First byte of a node.
    pub fn start(&self, node: &QueryNode) -> usize {
        self.tokens.get(node.first()).map_or(self.text.len(), |token| token.start)
    }

    /// The byte after a node.
    pub fn end(&self, node: &QueryNode) -> usize {
        self.tokens.get(node.last()).map_or(self.text.len(), |token| token.end)
    }

    /// The nodes between signs of a kind.
    pub fn split<'n>(&self, nodes: &'n [QueryNode], kind: TokenKind) -> Vec<&'n [QueryNode]> {
        nodes
            .split(|node| matches!(node, QueryNode::Leaf(index) if self.kind(*index) == Some(kind)))
            .collect()
    }
}

fn nested(text: &str, tokens: &[Token]) -> Vec<QueryNode> {
    let mut stack: Vec<(usize, Vec<QueryNode>)> = Vec::new();
    let mut nodes = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open if stack.len() < MAX_DEPTH => stack.push((index, std::mem::take(&mut nodes))),
            TokenKind::Close => close(text, tokens, &mut stack, &mut nodes, index),
            _ => nodes.push(QueryNode::Leaf(index)),
        }
    }
    while let Some((open, outer)) = stack.pop() {
        nodes = wrapped(open, None, nodes, outer);
    }
    nodes
}

fn close(
    text: &str,
    tokens: &[Token],
    stack: &mut Vec<(usize, Vec<QueryNode>)>,
    nodes: &mut Vec<QueryNode>,
    index: usize,
) {
    let wanted = match tokens[index].text(text) {
        ")" => "(",
        "]" => "[",
        _ => "{",
    };
    if !stack.iter().any(|(open, _)| tokens[*open].text(text) == wanted) {
        return nodes.push(QueryNode::Leaf(index));
    }
    while let Some((open, outer)) = stack.pop() {
        let found = tokens[open].text(text) == wanted;
        *nodes = wrapped(open, found.then_some(index), std::mem::take(nodes), outer);
        if found {
            return;
        }
    }
}

fn wrapped(
    open: usize,
    close: Option<usize>,
    nodes: Vec<QueryNode>,
    mut outer: Vec<QueryNode>,
) -> Vec<QueryNode> {
    let last = close.or_else(|| nodes.last().map(QueryNode::last)).unwrap_or(open);
    outer.push(QueryNode::Brackets(Brackets { open, close, nodes, last }));
    outer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_do_not_match_lose_no_token() {
        for text in ["a (b [c) d ] e", ") a", "((((", &"(".repeat(5000), &"([{".repeat(300)] {
            let tree = Tree::new(text);
            let last = tree.nodes.last().map(QueryNode::last);
            assert_eq!(last, tree.tokens.len().checked_sub(1), "{text}");
        }
    }

    #[test]
    fn a_comment_line_is_no_empty_line() {
        let tree = Tree::new("a\n// b\nc\n\nd e");
        assert_eq!((1..4).map(|i| tree.follows_blank(i)).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!((0..4).map(|i| tree.begins_line(i)).collect::<Vec<_>>(), [true, true, true, false]);
    }
}
