use serde::Serialize;

use super::baselines;
use super::calibrate;
use super::data::Headline;
use super::fit::{Fitted, Settings, fit};
use super::groups;
use super::metrics::{self, Answer, ClassReport, Risk};
use super::rows::{Question, Row};
use crate::lexicon::Lexicon;
use crate::model::probabilities;
use crate::model_file::Calibrations;

const FOLDS: usize = 5;
/// Folds inside the part to train on, whose left-out scores the calibration is learnt from.
const INNER: usize = 3;

/// Scores of rows that the scoring model has not seen.
pub type Unseen = Vec<(Question, [f64; 3], usize)>;

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub mean: f64,
    pub sd: f64,
}

/// One kind of question: mean and deviation over the repetitions, classes over all of them together.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub rows: usize,
    pub macro_f1: Spread,
    pub accuracy: Spread,
    pub log_loss: Spread,
    pub calibration_error: Spread,
    pub calibration_error_before: Spread,
    pub classes: Vec<ClassReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Baseline {
    pub name: &'static str,
    pub single: Spread,
    pub all: Spread,
}

#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    pub method: String,
    pub seeds: Vec<u64>,
    pub calibration_bins: usize,
    pub single: Part,
    pub all: Part,
    pub several: Part,
    pub others_unknown: Part,
    pub whole: Part,
    pub risk_coverage: Vec<Risk>,
    pub baselines: Vec<Baseline>,
}

#[derive(Clone, Copy)]
struct Asked {
    question: Question,
    before: Answer,
    after: Answer,
}

/// Repeated cross-validation: folds by group of near headlines; weights and calibration both from the other folds alone.
/// Also the unseen scores of all rows, to calibrate what ships.
pub fn cross_validate(headlines: &[Headline], rows: &[Row], lexicon: &Lexicon, settings: &Settings, seeds: &[u64]) -> (Evaluation, Unseen) {
    let near = groups::near(headlines);
    let mut runs = Vec::new();
    let mut plain = Vec::new();
    let mut unseen = Vec::new();
    for &seed in seeds {
        let folds = groups::folds(&near, FOLDS, seed);
        let mut run = Vec::new();
        let mut rivals: [Vec<(Question, Answer)>; 3] = Default::default();
        for fold in 0..FOLDS {
            let train: Vec<&Row> = rows.iter().filter(|row| folds[row.headline] != fold).collect();
            let test: Vec<&Row> = rows.iter().filter(|row| folds[row.headline] == fold).collect();
            let maps = calibration(&inner(&near, &train, settings, seed + 1000));
            let fitted = fit(&train, settings);
            for row in &test {
                let raw = fitted.raw(row);
                unseen.push((row.question, raw, row.class));
                let answer = |map| Answer { class: row.class, probabilities: probabilities(map, raw) };
                run.push(Asked { question: row.question, before: answer(&PLAIN), after: answer(map_for(&maps, row.question)) });
            }
            rival(&mut rivals, headlines, lexicon, &train, &test);
        }
        runs.push(run);
        plain.push(rivals);
    }
    (summary(&runs, &plain, seeds), unseen)
}

const PLAIN: [[f64; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

fn map_for(maps: &Calibrations, question: Question) -> &[[f64; 4]; 3] {
    match question {
        Question::Single | Question::Alone => &maps.single,
        Question::Several => &maps.several,
        Question::Whole => &maps.whole,
    }
}

fn inner(near: &[usize], train: &[&Row], settings: &Settings, seed: u64) -> Unseen {
    let folds = groups::folds(near, INNER, seed);
    let left_out = |fold| {
        let (test, rest): (Vec<&Row>, Vec<&Row>) = train.iter().partition(|row| folds[row.headline] == fold);
        let fitted: Fitted = fit(&rest, settings);
        test.into_iter().map(move |row| (row.question, fitted.raw(row), row.class)).collect::<Unseen>()
    };
    (0..INNER).flat_map(left_out).collect()
}

/// The maps from unseen scores: one for each kind of question.
pub fn calibration(unseen: &Unseen) -> Calibrations {
    let of = |questions: &[Question]| {
        let scores: Vec<_> =
            unseen.iter().filter(|(question, ..)| questions.contains(question)).map(|(_, raw, class)| (*raw, *class)).collect();
        calibrate::map(&scores)
    };
    Calibrations { whole: of(&[Question::Whole]), single: of(&[Question::Single]), several: of(&[Question::Several]) }
}

const MEASURED: [Question; 2] = [Question::Single, Question::Several];

fn rival(rivals: &mut [Vec<(Question, Answer)>; 3], headlines: &[Headline], lexicon: &Lexicon, train: &[&Row], test: &[&Row]) {
    let measured = |rows: &[&Row]| -> Vec<usize> { (0..rows.len()).filter(|&at| MEASURED.contains(&rows[at].question)).collect() };
    let train: Vec<&Row> = measured(train).into_iter().map(|at| train[at]).collect();
    let test: Vec<&Row> = measured(test).into_iter().map(|at| test[at]).collect();
    let said = baselines::answers(headlines, lexicon, &train, &test);
    for (rival, said) in rivals.iter_mut().zip([said.majority, said.word_list, said.words_logistic]) {
        for (row, said) in test.iter().zip(said) {
            let probabilities = std::array::from_fn(|class| f64::from(u8::from(class == said)));
            rival.push((row.question, Answer { class: row.class, probabilities }));
        }
    }
}

fn round(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

fn spread(values: &[f64]) -> Spread {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Spread { mean: round(mean), sd: round((squares / (count - 1.0).max(1.0)).sqrt()) }
}

fn part(runs: &[Vec<Asked>], questions: &[Question]) -> Part {
    let asked: Vec<Vec<Asked>> =
        runs.iter().map(|run| run.iter().filter(|asked| questions.contains(&asked.question)).copied().collect()).collect();
    let over = |measure: &dyn Fn(&[Answer]) -> f64, before: bool| {
        let answers = |run: &Vec<Asked>| run.iter().map(|asked| if before { asked.before } else { asked.after }).collect::<Vec<_>>();
        spread(&asked.iter().map(|run| measure(&answers(run))).collect::<Vec<_>>())
    };
    let pooled: Vec<Answer> = asked.iter().flatten().map(|asked| asked.after).collect();
    let rounded = |report: ClassReport| ClassReport {
        rows: report.rows / runs.len(),
        precision: round(report.precision),
        recall: round(report.recall),
        f1: round(report.f1),
        ..report
    };
    Part {
        rows: pooled.len() / runs.len(),
        macro_f1: over(&metrics::macro_f1, false),
        accuracy: over(&metrics::accuracy, false),
        log_loss: over(&metrics::log_loss, false),
        calibration_error: over(&metrics::calibration_error, false),
        calibration_error_before: over(&metrics::calibration_error, true),
        classes: metrics::by_class(&pooled).into_iter().map(rounded).collect(),
    }
}

fn summary(runs: &[Vec<Asked>], rivals: &[[Vec<(Question, Answer)>; 3]], seeds: &[u64]) -> Evaluation {
    let names = ["majority", "word list", "words, logistic"];
    let baseline = |at: usize| {
        let over = |questions: &[Question]| {
            let of = |run: &[Vec<(Question, Answer)>; 3]| {
                let answers: Vec<_> =
                    run[at].iter().filter(|(question, _)| questions.contains(question)).map(|(_, answer)| *answer).collect();
                metrics::macro_f1(&answers)
            };
            spread(&rivals.iter().map(of).collect::<Vec<_>>())
        };
        Baseline { name: names[at], single: over(&[Question::Single]), all: over(&MEASURED) }
    };
    let pooled: Vec<Answer> = runs.iter().flatten().filter(|asked| MEASURED.contains(&asked.question)).map(|asked| asked.after).collect();
    let risks = metrics::risk_coverage(&pooled).into_iter().map(|risk| Risk {
        coverage: round(risk.coverage),
        accuracy: round(risk.accuracy),
        macro_f1: round(risk.macro_f1),
        ..risk
    });
    Evaluation {
        method: format!(
            "{FOLDS}-fold cross-validation by groups of near headlines, once a seed; calibrated on {INNER} folds inside the rest"
        ),
        seeds: seeds.to_vec(),
        calibration_bins: metrics::BINS,
        single: part(runs, &[Question::Single]),
        all: part(runs, &MEASURED),
        several: part(runs, &[Question::Several]),
        others_unknown: part(runs, &[Question::Alone]),
        whole: part(runs, &[Question::Whole]),
        risk_coverage: risks.collect(),
        baselines: (0..3).map(baseline).collect(),
    }
}
