//! What tuning found, for a person.
//!
//! In: a comparison or a smaller list. Out: text. Nothing from a row becomes markup or moves the cursor.

mod diff;
mod inventory;
mod prune;

pub use diff::{Shown, diff};
pub use inventory::{inventory, inventory_markdown};
pub use prune::pruned;
