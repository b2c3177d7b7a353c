use serde::Serialize;

use super::rows::{Question, Row};
use super::solver::{Example, solve};
use crate::features::BLOCKS;

/// What is chosen about a training run.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    pub bits: u32,
    pub blocks: [f64; BLOCKS],
    /// A feature's value is its inverse document frequency to this power.
    pub rarity: f64,
    /// Buckets of fewer rows are left at nought.
    pub at_least: u32,
    /// Of an error on a row.
    pub cost: f64,
    /// Of a row of that kind beside one of a known entity.
    pub whole: f64,
    pub alone: f64,
    pub epochs: usize,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bits: 18,
            blocks: [1.0, 1.0, 1.0, 1.0, 1.0],
            rarity: 0.5,
            at_least: 1,
            cost: 0.08,
            whole: 0.5,
            alone: 0.25,
            epochs: 8,
            seed: 1,
        }
    }
}

/// Weights as they ship: whole bytes times a step.
pub struct Fitted {
    pub step: f64,
    pub bytes: Vec<[i8; 3]>,
    scales: [f64; BLOCKS],
}

impl Fitted {
    /// The classes' scores before calibration.
    pub fn raw(&self, row: &Row) -> [f64; 3] {
        let mut raw = [0.0; 3];
        for &(bucket, block, value) in &row.items {
            let scale = self.scales[usize::from(block)] * f64::from(value);
            for (score, weight) in raw.iter_mut().zip(self.bytes[bucket as usize]) {
                *score += scale * f64::from(weight);
            }
        }
        raw.map(|score| score * self.step)
    }
}

pub fn fit(rows: &[&Row], settings: &Settings) -> Fitted {
    let mut holders = vec![0u32; 1 << settings.bits];
    for row in rows {
        let mut last = u32::MAX;
        for &(bucket, _, _) in &row.items {
            holders[bucket as usize] += u32::from(bucket != last);
            last = bucket;
        }
    }
    let rarity: Vec<f64> = holders
        .iter()
        .map(|&count| {
            let rare = libm::log(f64::from(rows.len() as u32 + 1) / f64::from(count + 1)) + 1.0;
            if count < settings.at_least { 0.0 } else { libm::pow(rare, settings.rarity) }
        })
        .collect();
    let examples: Vec<Example> = rows.iter().map(|row| example(row, &rarity, settings)).collect();
    let solved = solve(&examples, 1 << settings.bits, settings.epochs, settings.seed);
    quantise(&solved, &rarity, settings)
}

fn example(row: &Row, rarity: &[f64], settings: &Settings) -> Example {
    let value = |&(bucket, block, value): &(u32, u8, f32)| {
        (bucket, (f64::from(value) * settings.blocks[usize::from(block)] * rarity[bucket as usize]) as f32)
    };
    let share = match row.question {
        Question::Single | Question::Several => 1.0,
        Question::Alone => settings.alone,
        Question::Whole => settings.whole,
    };
    let items = row.items.iter().map(value).filter(|(_, value)| *value != 0.0).collect();
    Example { items, class: row.class, cost: (settings.cost * share) as f32 }
}

fn quantise(solved: &[[f32; 4]], rarity: &[f64], settings: &Settings) -> Fitted {
    let weight = |bucket: usize, class: usize| f64::from(solved[bucket][class]) * rarity[bucket];
    let most = (0..solved.len()).flat_map(|bucket| (0..3).map(move |class| (bucket, class)));
    let most = most.fold(0.0f64, |most, (bucket, class)| most.max(weight(bucket, class).abs()));
    // a short decimal, so that the file says exactly what is used
    let step = (most / 127.0 * 1e9).ceil().max(1.0) / 1e9;
    let bytes = (0..solved.len()).map(|bucket| std::array::from_fn(|class| (weight(bucket, class) / step).round() as i8)).collect();
    Fitted { step, bytes, scales: settings.blocks }
}
