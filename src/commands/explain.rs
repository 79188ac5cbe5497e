//! `quell explain`: why one row is kept or suppressed.

use super::{End, Outcome, World};
use crate::cli::Explain;

pub(crate) fn run(_args: &Explain, _world: &World) -> Outcome {
    Ok(End::Clean)
}
