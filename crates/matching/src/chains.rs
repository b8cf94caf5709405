//! The best consortia for one need: firms that together make what none of them makes alone.
//!
//! A [`Recipe`] is a tree of stages, the root makes what is asked for. An [`Offer`] of a stage says which of the stages
//! below it its firm lacks; a [`Chain`] is an offer of the root and, again and again, an offer for each stage that a
//! chosen one lacks. Offers, places and ways are plain numbers: who is eligible, and who may read the answer, is for
//! the caller.
//!
//! # Time
//! Days are whole. The goods of a leg are *ready* at its place on a day `R`. Its services (children of the role
//! [`Role::After`]) follow each other in the order of the stages, each takes the way there, its lead time and the way
//! back; what they take in all is `A`. The leg's own output has to exist by its *cut-off* `R - A`; what it lacks
//! ([`Role::Before`]) has to be with it by `R - A - lead`, so is ready at its own place a way earlier. A service is
//! ready when its work is done, a way back before the next one begins. Nothing exists before today.
//! - **Units by a day**: the least, over the legs, of what each supports by its cut-off, counted in units of the root.
//!   Stock of an offer that lacks something before it counts as made with it: an offer of stock alone lacks nothing.
//! - **Lead**: days from the order to the buyer, if all is ordered today and nothing lies in stock: a leg begins when
//!   the last of what it lacks has come, and a service when both the goods and all that it lacks are there.
//! - **Cost**: points per unit of the root, of the legs and their ways (there and back for services); exact, as a
//!   number of parts of a point, [`Recipe::parts`] to the point.
//!
//! # Answer
//! The Pareto front over units (no more than asked), lead and cost. Of chains that are equal in all three the
//! one with the fewest legs stands for all, then the one whose tie keys, read in the order of the stages, come first.
//! Where no chain has the least units that count, the answer names chains that miss as few stages as can be, and what
//! would have to be where and when.
//!
//! # How it searches
//! For a place and a day by which goods are to be there, only what no other way of getting them beats
//! is kept, so all firms of one place share the work. Floors of cost by lead time, from the leaves up, rule out
//! whatever cannot join the front before it is looked into. Larger numbers of units come first, so that the floors are
//! those of firms that can make them.

mod answer;
mod front;
mod gaps;
mod level;
mod market;
mod offers;
mod recipe;
mod shelves;
mod stairs;
mod sweep;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Chain, Fell, Leg, Missing};
pub use market::{Convertible, InstalmentChains, NamedStage, NeedChains, Partner, Sought, for_need};
pub use offers::{Asked, COST_LIMIT, Offer, Way};
pub use recipe::{ChainsError, MOST_STAGES, Recipe, Role, Stage};

use level::Level;
use shelves::Shelves;

/// Finds the best chains for what is asked.
///
/// `offers` holds those of each stage of the recipe, in any order; `way` is asked once or twice per pair of places that
/// goods may go between, from the first place to the second.
///
/// # Errors
/// A [`ChainsError`] where offers, ways or what is asked are outside of what is stated of them.
pub fn search(
    recipe: &Recipe,
    offers: &[Vec<Offer>],
    asked: &Asked,
    way: impl Fn(u32, u32) -> Way,
) -> Result<Answer, ChainsError> {
    offers::check(recipe, offers, asked)?;
    let shelves = Shelves::new(recipe, offers, asked, &way)?;
    let mut level = Level::new(&shelves, 0);
    let found = sweep::chains(&shelves, &mut level, asked.top);
    let fell = gaps::fell(recipe, &mut level, offers);
    let missing = if found.is_empty() { gaps::chains(&shelves, asked.top_missing) } else { Vec::new() };
    let told = |labels: Vec<front::Label>, top: usize| {
        labels.iter().take(top).map(|label| answer::chain(recipe, &shelves, offers, asked, &way, label)).collect()
    };
    Ok(Answer { chains: told(found, asked.top), incomplete: told(missing, asked.top_missing), fell })
}
