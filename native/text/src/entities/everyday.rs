use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Words that headlines write in lower case, so that they are no names: those of SEntFiN (MIT) at least three times, and names of months and
/// days. `make_common.py` makes the list.
static COMMON: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| include_str!("common-words.txt").lines().collect());

/// Whether an alias in lower case is a common English word.
pub fn is_common(folded: &str) -> bool {
    COMMON.contains(folded)
}
