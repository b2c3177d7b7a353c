/// A function that never falls, straight between its points and flat beyond them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Isotonic {
    pub points: Vec<(f64, f64)>,
    /// Values stay so far away from 0 and 1.
    pub margin: f64,
}

/// Neighbours with one value: ups, all, and the last point.
struct Block {
    ups: u64,
    all: u64,
    first: f64,
    last: f64,
}

/// Least squares by pool adjacent violators. Source: M. Ayer et al. (1955), The Annals of Mathematical Statistics 26; as scikit-learn's
/// IsotonicRegression: equal probabilities are one point, straight lines between the points.
pub fn fit(pairs: &mut [(f64, bool)]) -> Isotonic {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut blocks: Vec<Block> = Vec::new();
    for (at, up) in pairs.iter() {
        match blocks.last_mut().filter(|block| block.first == *at && block.last == *at) {
            Some(block) => {
                block.ups += u64::from(*up);
                block.all += 1;
            }
            None => {
                pool(&mut blocks);
                blocks.push(Block { ups: u64::from(*up), all: 1, first: *at, last: *at });
            }
        }
    }
    pool(&mut blocks);
    let mut points = Vec::with_capacity(2 * blocks.len());
    for Block { ups, all, first, last } in &blocks {
        let value = *ups as f64 / *all as f64;
        points.push((*first, value));
        if last > first {
            points.push((*last, value));
        }
    }
    Isotonic { points, margin: 1.0 / (pairs.len() as f64 + 2.0) }
}

/// The last blocks become one while they do not rise.
fn pool(blocks: &mut Vec<Block>) {
    while let [.., before, last] = blocks.as_mut_slice() {
        if before.ups * last.all < last.ups * before.all {
            return;
        }
        before.ups += last.ups;
        before.all += last.all;
        before.last = last.last;
        blocks.pop();
    }
}

impl Isotonic {
    pub fn of(&self, at: f64) -> f64 {
        let next = self.points.partition_point(|(x, _)| *x <= at);
        let value = match (next.checked_sub(1).and_then(|i| self.points.get(i)), self.points.get(next)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((at - x0) / (x1 - x0)),
            (Some((_, y)), None) | (None, Some((_, y))) => *y,
            (None, None) => 0.5,
        };
        value.clamp(self.margin, 1.0 - self.margin)
    }
}
