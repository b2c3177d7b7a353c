/// The map of scores to log-odds that makes the answers likeliest: multinomial logistic regression on three scores (Guo et al. 2017,
/// matrix scaling; Platt 1999 for more than two classes), with a slight pull toward the plain multiple of each class's own score.
/// Fixed steps of gradient descent from the same start, so that it is the same everywhere.
pub fn map(scores: &[([f64; 3], usize)]) -> [[f64; 4]; 3] {
    const PULL: f64 = 1e-3;
    let start: [[f64; 4]; 3] = std::array::from_fn(|class| std::array::from_fn(|at| if at == class { 2.0 } else { 0.0 }));
    let mut map = start;
    let mut velocity = [[0.0f64; 4]; 3];
    for _ in 0..600 {
        let mut gradient = [[0.0f64; 4]; 3];
        for (raw, class) in scores {
            let p = crate::model::probabilities(&map, *raw);
            for (row, slopes) in gradient.iter_mut().enumerate() {
                let error = p[row] - if row == *class { 1.0 } else { 0.0 };
                for (slope, input) in slopes.iter_mut().zip([raw[0], raw[1], raw[2], 1.0]) {
                    *slope += error * input;
                }
            }
        }
        for row in 0..3 {
            for at in 0..4 {
                let slope = gradient[row][at] / scores.len().max(1) as f64 + PULL * (map[row][at] - start[row][at]);
                velocity[row][at] = 0.9 * velocity[row][at] - 0.3 * slope;
                map[row][at] += velocity[row][at];
            }
        }
    }
    map.map(|row| row.map(|number| (number * 1e6).round() / 1e6))
}
