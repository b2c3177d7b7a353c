//! What the model is measured against, in the same folds.

use std::collections::BTreeMap;

use super::data::Headline;
use super::random::Random;
use super::rows::Row;
use crate::lexicon::Lexicon;

/// Answers of the three baselines to the rows to test, learnt from the rows to train.
pub struct Baselines {
    pub majority: Vec<usize>,
    pub word_list: Vec<usize>,
    pub words_logistic: Vec<usize>,
}

pub fn answers(headlines: &[Headline], lexicon: &Lexicon, train: &[&Row], test: &[&Row]) -> Baselines {
    let mut counts = [0usize; 3];
    train.iter().for_each(|row| counts[row.class] += 1);
    let most = (0..3).max_by_key(|&class| counts[class]).unwrap_or(1);
    let logistic = Logistic::learn(headlines, train);
    Baselines {
        majority: vec![most; test.len()],
        word_list: test.iter().map(|row| by_list(&headlines[row.headline].text, lexicon)).collect(),
        words_logistic: test.iter().map(|row| logistic.said(&headlines[row.headline].text)).collect(),
    }
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut words: Vec<String> =
        lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let pairs: Vec<String> = words.windows(2).map(|pair| pair.join(" ")).collect();
    words.extend(pairs);
    words.sort_unstable();
    words.dedup();
    words
}

/// Words of `up` and `good` against words of `down` and `bad`.
fn by_list(text: &str, lexicon: &Lexicon) -> usize {
    let (good, bad) = (lexicon.bit("up") | lexicon.bit("good"), lexicon.bit("down") | lexicon.bit("bad"));
    let balance: i32 = words(text)
        .iter()
        .map(|word| lexicon.classes_of(crate::hash::of(word.as_bytes())))
        .map(|classes| i32::from(classes & good != 0) - i32::from(classes & bad != 0))
        .sum();
    (balance.signum() + 1) as usize
}

/// Multinomial logistic regression on the words and pairs of words of a headline, by AdaGrad (Duchi, Hazan and Singer 2011).
struct Logistic {
    ids: BTreeMap<String, usize>,
    weights: Vec<[f64; 3]>,
}

impl Logistic {
    fn learn(headlines: &[Headline], train: &[&Row]) -> Self {
        let mut ids = BTreeMap::new();
        let rows: Vec<(Vec<usize>, usize)> = train
            .iter()
            .map(|row| {
                let found = words(&headlines[row.headline].text).into_iter().map(|word| {
                    let fresh = ids.len();
                    *ids.entry(word).or_insert(fresh)
                });
                (found.collect(), row.class)
            })
            .collect();
        let mut model = Self { weights: vec![[0.0; 3]; ids.len()], ids };
        let mut squares = vec![[1e-8f64; 3]; model.weights.len()];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = Random(1);
        for _ in 0..10 {
            random.shuffle(&mut order);
            for &at in &order {
                let (words, class) = &rows[at];
                let p = model.probabilities(words);
                for &word in words {
                    for lane in 0..3 {
                        let slope = p[lane] - f64::from(u8::from(lane == *class)) + 1e-3 * model.weights[word][lane];
                        squares[word][lane] += slope * slope;
                        model.weights[word][lane] -= 0.15 * slope / squares[word][lane].sqrt();
                    }
                }
            }
        }
        model
    }

    fn probabilities(&self, words: &[usize]) -> [f64; 3] {
        let sums = words.iter().fold([0.0; 3], |sums: [f64; 3], &word| std::array::from_fn(|lane| sums[lane] + self.weights[word][lane]));
        let plain = std::array::from_fn(|row| std::array::from_fn(|at| f64::from(u8::from(row == at))));
        crate::model::probabilities(&plain, sums)
    }

    fn said(&self, text: &str) -> usize {
        let known: Vec<usize> = words(text).iter().filter_map(|word| self.ids.get(word).copied()).collect();
        super::metrics::Answer { class: 0, probabilities: self.probabilities(&known) }.said()
    }
}
