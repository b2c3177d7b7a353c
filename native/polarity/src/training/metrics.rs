use serde::Serialize;

/// Answers of a model to questions whose answers are known.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub class: usize,
    pub probabilities: [f64; 3],
}

impl Answer {
    pub fn said(&self) -> usize {
        let [negative, neutral, positive] = self.probabilities;
        if neutral >= negative && neutral >= positive { 1 } else { usize::from(positive > negative) * 2 }
    }

    pub fn confidence(&self) -> f64 {
        self.probabilities[self.said()]
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct ClassReport {
    pub class: &'static str,
    pub rows: usize,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

pub fn by_class(answers: &[Answer]) -> [ClassReport; 3] {
    std::array::from_fn(|class| {
        let count = |test: &dyn Fn(&Answer) -> bool| answers.iter().filter(|answer| test(answer)).count() as f64;
        let hit = count(&|answer| answer.class == class && answer.said() == class);
        let said = count(&|answer| answer.said() == class);
        let are = count(&|answer| answer.class == class);
        ClassReport {
            class: ["negative", "neutral", "positive"][class],
            rows: are as usize,
            precision: hit / said.max(1.0),
            recall: hit / are.max(1.0),
            f1: 2.0 * hit / (said + are).max(1.0),
        }
    })
}

pub fn macro_f1(answers: &[Answer]) -> f64 {
    by_class(answers).iter().map(|report| report.f1).sum::<f64>() / 3.0
}

pub fn accuracy(answers: &[Answer]) -> f64 {
    answers.iter().filter(|answer| answer.said() == answer.class).count() as f64 / answers.len().max(1) as f64
}

/// Expected calibration error of the class said (Guo et al. 2017): 15 bins of equal width over the confidence.
pub fn calibration_error(answers: &[Answer]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for answer in answers {
        let bin = ((answer.confidence() * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += answer.confidence();
        bins[bin].1 += f64::from(u8::from(answer.said() == answer.class));
    }
    bins.iter().map(|(said, right)| (said - right).abs()).sum::<f64>() / answers.len().max(1) as f64
}

pub const BINS: usize = 15;

pub fn log_loss(answers: &[Answer]) -> f64 {
    let sum: f64 = answers.iter().map(|answer| -libm::log(answer.probabilities[answer.class].max(1e-12))).sum();
    sum / answers.len().max(1) as f64
}

/// What is left, and how much of that is right, when answers below a confidence are withheld.
#[derive(Debug, Clone, Serialize)]
pub struct Risk {
    pub confidence: f64,
    pub coverage: f64,
    pub accuracy: f64,
    pub macro_f1: f64,
}

pub fn risk_coverage(answers: &[Answer]) -> Vec<Risk> {
    let at = |confidence: f64| {
        let kept: Vec<Answer> = answers.iter().copied().filter(|answer| answer.confidence() >= confidence).collect();
        let coverage = kept.len() as f64 / answers.len().max(1) as f64;
        Risk { confidence, coverage, accuracy: accuracy(&kept), macro_f1: macro_f1(&kept) }
    };
    [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95].map(at).to_vec()
}
