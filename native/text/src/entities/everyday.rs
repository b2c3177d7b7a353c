use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Words that headlines write in lower case, so that they are no names: those of SEntFiN (MIT) at least three times, and names of months and
/// days. `make_everyday.py` makes the list.
static EVERYDAY: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| include_str!("everyday-words.txt").lines().collect());

/// Whether an alias in lower case is an everyday English word.
pub fn is_everyday(folded: &str) -> bool {
    EVERYDAY.contains(folded)
}
