use std::collections::BTreeMap;

use super::data::Headline;
use super::random::Random;

/// Two headlines are near when so much of their words is shared (Jaccard, letters only).
const NEAR: f64 = 0.7;

/// The group of each headline: near headlines share one, so that no fold is tested on what it has all but seen.
pub fn near(headlines: &[Headline]) -> Vec<usize> {
    let mut ids = BTreeMap::new();
    let sets: Vec<Vec<u32>> = headlines.iter().map(|headline| words(&headline.text, &mut ids)).collect();
    let mut holders = vec![Vec::new(); ids.len()];
    let mut parent: Vec<usize> = (0..headlines.len()).collect();
    let mut shared = vec![0u32; headlines.len()];
    for (at, set) in sets.iter().enumerate() {
        shared[..at].fill(0);
        for &word in set {
            for &other in &holders[word as usize] {
                shared[other] += 1;
            }
            holders[word as usize].push(at);
        }
        for other in 0..at {
            let both = f64::from(shared[other]);
            if both > 0.0 && both / ((set.len() + sets[other].len()) as f64 - both) >= NEAR {
                let (a, b) = (root(&mut parent, at), root(&mut parent, other));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    (0..headlines.len()).map(|at| root(&mut parent, at)).collect()
}

fn words(text: &str, ids: &mut BTreeMap<String, u32>) -> Vec<u32> {
    let lower = text.to_ascii_lowercase();
    let mut set: Vec<u32> = lower
        .split(|letter: char| !letter.is_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let fresh = ids.len() as u32;
            *ids.entry(word.to_owned()).or_insert(fresh)
        })
        .collect();
    set.sort_unstable();
    set.dedup();
    set
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// The fold of each member: groups stay whole, `count` folds of about the same number of groups.
pub fn folds(groups: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let mut names = groups.to_vec();
    names.sort_unstable();
    names.dedup();
    Random(seed).shuffle(&mut names);
    let fold: BTreeMap<usize, usize> = names.into_iter().enumerate().map(|(at, name)| (name, at % count)).collect();
    groups.iter().map(|group| fold[group]).collect()
}
