//! The side of every name that `let` binds, from its uses.
//!
//! In: bindings, and the places that use them. Out: for each binding the sides on which its rows stand. A name
//! is only used after it is bound, so one pass from the last binding to the first is enough.

use super::Side;
use std::collections::HashMap;

/// A set of sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides(u8);

impl Sides {
    pub(super) const NONE: Self = Self(0);
    pub(super) const POSITIVE: Self = Self(1);
    pub(super) const NEGATIVE: Self = Self(2);
    pub(super) const VALUE: Self = Self(4);
    /// Those that no negation turns into others.
    const UNTURNED: u8 = Self::VALUE.0 | Self::HANDED.0;
    /// Both of the first two.
    pub(super) const BOTH: Self = Self(3);
    /// Nobody knows: a function that the query does not show gets the rows.
    pub(super) const HANDED: Self = Self(8);

    pub(super) fn flipped(self) -> Self {
        Self((self.0 & 1) << 1 | (self.0 & 2) >> 1 | self.0 & Self::UNTURNED)
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same sides if what they are relative to stands on `outer` itself.
    pub(super) fn within(self, outer: Self) -> Self {
        let mut all = Self::NONE;
        if self.0 & 1 != 0 {
            all = all.with(outer);
        }
        if self.0 & 2 != 0 {
            all = all.with(outer.flipped());
        }
        all.with(Self(self.0 & Self::UNTURNED))
    }

    pub(super) fn side(self) -> Side {
        match self {
            Self::POSITIVE => Side::Positive,
            Self::NEGATIVE => Side::Negative,
            other if other.0 & 8 != 0 => Side::Handed,
            other if other.0 & 4 != 0 => Side::Value,
            _ => Side::Both,
        }
    }
}

/// A place inside a binding, or in the query's result if there is none around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SideContext {
    /// The binding that it stands in.
    pub(super) owner: Option<usize>,
    /// Its side, seen from there.
    pub(super) sides: Sides,
    /// Whether the rows themselves are used, by a binding or as the members of a list, and not a value made of them.
    pub(super) direct: bool,
    /// Brackets around it.
    pub(super) depth: usize,
    /// Whether it stands in what is computed for each row.
    pub(super) row: bool,
    /// The parameter of a function that the rows are handed to.
    pub(super) via: Option<usize>,
}

/// A name that `let` binds.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    /// Index of the last token of its statement; of a parameter, that of its list.
    pub(super) last: usize,
    /// Index of the last token at which it is known.
    pub(super) end: usize,
}

/// A place that uses a name.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) name: String,
    /// Index of its token.
    pub(super) token: usize,
    pub(super) context: SideContext,
}

/// The sides of every binding.
pub(super) fn resolve(bindings: &[Binding], uses: &[Use]) -> Vec<Sides> {
    let mut by_name: HashMap<&str, Vec<&Use>> = HashMap::new();
    for used in uses {
        by_name.entry(&used.name).or_default().push(used);
    }
    let mut sides = vec![Sides::NONE; bindings.len()];
    let mut hidden: HashMap<&str, usize> = HashMap::new();
    for (index, binding) in bindings.iter().enumerate().rev() {
        // A later binding of the same name hides this one.
        let reach = binding.last..hidden.insert(&binding.name, binding.last).unwrap_or(usize::MAX);
        let reach = reach.start..reach.end.min(binding.end.saturating_add(1));
        let mut all = Sides::NONE;
        for used in by_name.get(binding.name.as_str()).into_iter().flatten() {
            if reach.contains(&used.token) && used.token > binding.last {
                all = all.with(absolute(used.context, &sides));
            }
        }
        sides[index] = if all == Sides::NONE { Sides::POSITIVE } else { all };
    }
    sides
}

/// The sides of a place with regard to the result of the whole query.
pub(super) fn absolute(context: SideContext, bindings: &[Sides]) -> Sides {
    let known = |index: Option<usize>| {
        let sides = index.and_then(|index| bindings.get(index)).copied();
        sides.filter(|sides| *sides != Sides::NONE).unwrap_or(Sides::POSITIVE)
    };
    let here = context.sides.within(known(context.owner));
    // A parameter's own sides are seen from the result of its function.
    if context.via.is_some() { known(context.via).within(here) } else { here }
}
