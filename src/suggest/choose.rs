//! The choice among candidates.
//!
//! In: for each candidate what it costs and which elements it covers; for each element its weight. Out: the choice with the
//! least sum of the costs of what is chosen and the weights of what is not covered. Up to [`EXACT`] candidates the choice is
//! the best that there is, beyond often; [`Choice::bound`] says how far it may be from it.

use std::cmp::Reverse;

/// So many candidates that hang together are always solved exactly.
pub const EXACT: usize = 20;
/// Steps of the search for more candidates than that.
const STEPS: usize = 200_000;

/// A candidate.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// What it costs.
    pub cost: f64,
    /// The elements that it covers, ascending.
    pub covers: Vec<usize>,
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// The chosen candidates, ascending.
    pub chosen: Vec<usize>,
    /// Their costs and the weights of what they do not cover.
    pub value: f64,
    /// No choice can have less than this.
    pub bound: f64,
}

impl Choice {
    /// Whether no other choice is better.
    pub fn is_best(&self) -> bool {
        self.value <= self.bound + 1e-6
    }
}

/// Chooses at most `most` candidates.
pub fn choose(offers: &[Offer], weights: &[f64], most: usize) -> Choice {
    if most < offers.len() {
        return solved(offers, &(0..offers.len()).collect::<Vec<_>>(), weights, most);
    }
    let mut all = Choice::default();
    for part in parts(offers, weights.len()) {
        let solved = solved(offers, &part, weights, part.len());
        all.chosen.extend(solved.chosen);
        all.value += solved.value;
        all.bound += solved.bound;
    }
    let mut reached = vec![false; weights.len()];
    offers.iter().flat_map(|offer| &offer.covers).for_each(|at| reached[*at] = true);
    let beyond: f64 = (0..weights.len()).filter(|at| !reached[*at]).map(|at| weights[at]).sum();
    all.value += beyond;
    all.bound += beyond;
    all.chosen.sort_unstable();
    all
}

/// The first of those that hang together with a candidate.
fn root(of: &mut [usize], mut at: usize) -> usize {
    while of[at] != at {
        of[at] = of[of[at]];
        at = of[at];
    }
    at
}

/// The candidates that hang together by what they cover.
fn parts(offers: &[Offer], elements: usize) -> Vec<Vec<usize>> {
    let mut of: Vec<usize> = (0..offers.len()).collect();
    let mut by: Vec<Option<usize>> = vec![None; elements];
    for (place, offer) in offers.iter().enumerate() {
        for element in &offer.covers {
            let first = *by[*element].get_or_insert(place);
            let (a, b) = (root(&mut of, first), root(&mut of, place));
            of[a.max(b)] = a.min(b);
        }
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); offers.len()];
    for place in 0..offers.len() {
        let root = root(&mut of, place);
        parts[root].push(place);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

struct Search<'s> {
    offers: &'s [Offer],
    /// The candidates for each element, the cheapest for what it covers first.
    by: Vec<Vec<usize>>,
    weights: &'s [f64],
    /// The least that an element can cost.
    least: Vec<f64>,
    /// Elements by weight.
    order: Vec<usize>,
    most: usize,
    best: Vec<usize>,
    value: f64,
    steps: usize,
}

fn solved(offers: &[Offer], part: &[usize], weights: &[f64], most: usize) -> Choice {
    let mut by: Vec<Vec<usize>> = vec![Vec::new(); weights.len()];
    for place in part {
        offers[*place].covers.iter().for_each(|element| by[*element].push(*place));
    }
    let whole = most >= offers.len();
    let all = part.len() == offers.len();
    let order: Vec<usize> = (0..weights.len()).filter(|at| !by[*at].is_empty() || all).collect();
    let share = |place: usize| {
        let rows: f64 = offers[place].covers.iter().map(|at| weights[*at]).sum();
        offers[place].cost / rows.max(1e-9)
    };
    let least: Vec<f64> = (0..weights.len())
        .map(|at| {
            let cheapest = by[at].iter().map(|place| share(*place)).fold(1.0, f64::min);
            cheapest * weights[at]
        })
        .collect();
    let mut search =
        Search { offers, by, weights, least, order, most, best: Vec::new(), value: 0.0, steps: 0 };
    let elements: Vec<usize> = if whole {
        search.order.iter().copied().filter(|at| !search.by[*at].is_empty()).collect()
    } else {
        search.order.clone()
    };
    search.order = elements;
    search.order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let bound: f64 = search.order.iter().map(|at| search.least[*at]).sum();
    (search.best, search.value) = search.greedy(part);
    let limit = if part.len() <= EXACT { usize::MAX } else { STEPS };
    let mut state = State { chosen: Vec::new(), open: vec![true; weights.len()], cost: 0.0, rest: bound };
    let ended = search.descend(&mut state, 0, limit);
    let value = search.value;
    let mut chosen = search.best;
    chosen.sort_unstable();
    Choice { chosen, value, bound: if ended { value } else { bound.min(value) } }
}

/// A choice that is not complete.
struct State {
    chosen: Vec<usize>,
    /// Elements that nobody has decided about.
    open: Vec<bool>,
    /// Costs, and weights of what is given up.
    cost: f64,
    /// The least that the open elements can cost.
    rest: f64,
}

impl Search<'_> {
    /// Always the candidate that saves most; then those go that are not worth it any more.
    fn greedy(&self, part: &[usize]) -> (Vec<usize>, f64) {
        let (mut chosen, mut open) = (Vec::new(), vec![true; self.weights.len()]);
        while chosen.len() < self.most {
            let saves = |place: usize| -> f64 {
                let new = self.offers[place].covers.iter().filter(|at| open[**at]);
                new.map(|at| self.weights[*at]).sum::<f64>() - self.offers[place].cost
            };
            let best = part.iter().copied().max_by(|a, b| saves(*a).total_cmp(&saves(*b)).then(b.cmp(a)));
            let Some(best) = best.filter(|best| saves(*best) > 0.0) else { break };
            chosen.push(best);
            self.offers[best].covers.iter().for_each(|at| open[*at] = false);
        }
        let mut at = 0;
        while at < chosen.len() {
            let mut fewer = chosen.clone();
            fewer.remove(at);
            if self.value_of(&fewer) <= self.value_of(&chosen) {
                chosen = fewer;
            } else {
                at += 1;
            }
        }
        let value = self.value_of(&chosen);
        (chosen, value)
    }

    fn value_of(&self, chosen: &[usize]) -> f64 {
        let mut open = vec![true; self.weights.len()];
        chosen.iter().flat_map(|place| &self.offers[*place].covers).for_each(|at| open[*at] = false);
        let missed: f64 = self.order.iter().filter(|at| open[**at]).map(|at| self.weights[*at]).sum();
        missed + chosen.iter().map(|place| self.offers[*place].cost).sum::<f64>()
    }

    /// Decides about the next open element: each candidate that covers it, or none. False if the steps ran out.
    fn descend(&mut self, state: &mut State, from: usize, limit: usize) -> bool {
        self.steps += 1;
        if self.steps > limit {
            return false;
        }
        if state.cost + state.rest >= self.value - 1e-9 {
            return true;
        }
        let Some(next) = (from..self.order.len()).find(|at| state.open[self.order[*at]]) else {
            (self.value, self.best) = (state.cost, state.chosen.clone());
            return true;
        };
        let element = self.order[next];
        let mut ended = true;
        if state.chosen.len() < self.most {
            let mut tried: Vec<usize> = self.by[element].clone();
            tried.sort_by_key(|place| (Reverse(self.offers[*place].covers.len()), *place));
            for place in tried {
                let newly: Vec<usize> =
                    self.offers[place].covers.iter().copied().filter(|at| state.open[*at]).collect();
                let rest: f64 = newly.iter().map(|at| self.least[*at]).sum();
                for at in &newly {
                    state.open[*at] = false;
                }
                state.chosen.push(place);
                state.cost += self.offers[place].cost;
                state.rest -= rest;
                ended &= self.descend(state, next + 1, limit);
                state.rest += rest;
                state.cost -= self.offers[place].cost;
                state.chosen.pop();
                for at in &newly {
                    state.open[*at] = true;
                }
            }
        }
        state.open[element] = false;
        state.cost += self.weights[element];
        state.rest -= self.least[element];
        ended &= self.descend(state, next + 1, limit);
        state.rest += self.least[element];
        state.cost -= self.weights[element];
        state.open[element] = true;
        ended
    }
}
