//! Linear classifiers with squared hinge loss, one against the rest, by dual coordinate descent (Hsieh et al. 2008).

use super::random::Random;

/// A row to learn from: buckets with values, its class and what an error on it costs.
pub struct Example {
    pub items: Vec<(u32, f32)>,
    pub class: usize,
    pub cost: f32,
}

/// Weights of three classes; the fourth lane is unused.
pub fn solve(examples: &[Example], buckets: usize, epochs: usize, seed: u64) -> Vec<[f32; 4]> {
    let mut weights = vec![[0f32; 4]; buckets];
    let mut duals = vec![[0f32; 3]; examples.len()];
    let squares: Vec<f32> = examples.iter().map(|example| example.items.iter().map(|(_, value)| value * value).sum()).collect();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = Random(seed);
    for _ in 0..epochs {
        random.shuffle(&mut order);
        for &at in &order {
            let example = &examples[at];
            let mut scores = [0f32; 4];
            for &(bucket, value) in &example.items {
                let weight = &weights[bucket as usize];
                for lane in 0..4 {
                    scores[lane] += weight[lane] * value;
                }
            }
            let softness = 0.5 / example.cost;
            let mut steps = [0f32; 4];
            for class in 0..3 {
                let sign = if example.class == class { 1.0 } else { -1.0 };
                let dual = &mut duals[at][class];
                let gradient = sign * scores[class] - 1.0 + softness * *dual;
                let moved = (*dual - gradient / (squares[at] + softness)).max(0.0);
                steps[class] = sign * (moved - *dual);
                *dual = moved;
            }
            if steps != [0.0; 4] {
                for &(bucket, value) in &example.items {
                    let weight = &mut weights[bucket as usize];
                    for lane in 0..4 {
                        weight[lane] += steps[lane] * value;
                    }
                }
            }
        }
    }
    weights
}
