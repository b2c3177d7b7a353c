//! How a model is made and measured. Seeded, on one thread, sums in a fixed order: the same data give the same bytes.

use serde_json::json;

use crate::base64;
use crate::fault::Fault;
use crate::features::Frame;
use crate::lexicon::Lexicon;
use crate::model::Model;
use crate::model_file::{self, Features, ModelFile, Weights};
use crate::scratch::Scratch;
use crate::sha256;

mod baselines;
mod calibrate;
pub mod data;
pub mod evaluation;
pub mod fit;
pub mod groups;
pub mod metrics;
mod random;
pub mod rows;
mod solver;

use evaluation::{Evaluation, calibration, cross_validate};
use fit::Settings;
use metrics::Answer;
use rows::Row;

/// The data as they are read: the questions with their features.
pub struct Prepared {
    pub headlines: Vec<data::Headline>,
    pub rows: Vec<Row>,
    lexicon: Lexicon,
}

pub fn prepare(text: &str, lexicon: &str, settings: &Settings) -> Result<Prepared, Fault> {
    let headlines = data::read(text)?;
    let frame = Frame::new(Lexicon::parse(lexicon)?);
    let rows = rows::ask(&headlines, &frame, settings.bits);
    Ok(Prepared { headlines, rows, lexicon: Lexicon::parse(lexicon)? })
}

/// How good a model with these settings is on headlines it has not seen.
pub fn evaluate(prepared: &Prepared, settings: &Settings, seeds: &[u64]) -> Evaluation {
    cross_validate(&prepared.headlines, &prepared.rows, &prepared.lexicon, settings, seeds).0
}

/// The text of a model file: trained on all rows, calibrated on scores of rows left out, measured by cross-validation.
pub fn train(text: &str, lexicon: &str, settings: &Settings, seeds: &[u64]) -> Result<String, Fault> {
    let prepared = prepare(text, lexicon, settings)?;
    let (evaluation, unseen) = cross_validate(&prepared.headlines, &prepared.rows, &prepared.lexicon, settings, seeds);
    let fitted = fit::fit(&prepared.rows.iter().collect::<Vec<_>>(), settings);
    let bytes: Vec<u8> = fitted.bytes.iter().flatten().map(|&byte| byte as u8).collect();
    let entities: usize = prepared.headlines.iter().map(|headline| headline.entities.len()).sum();
    model_file::seal(&ModelFile {
        format: model_file::FORMAT.to_owned(),
        version: model_file::VERSION,
        features: Features { bits: settings.bits, blocks: settings.blocks },
        lexicon: lexicon.to_owned(),
        calibration: calibration(&unseen),
        training: json!({
            "data": { "sha256": sha256::hex(text.as_bytes()), "headlines": prepared.headlines.len(), "entities": entities },
            "settings": settings,
        }),
        metrics: json!(evaluation),
        weights: Weights { step: fitted.step, bytes: base64::write(&bytes) },
    })
}

/// A model's answers to every entity of the headlines, and to the headlines as a whole.
pub fn answers(model: &Model, headlines: &[data::Headline]) -> [Vec<Answer>; 3] {
    let mut scratch = Scratch::default();
    let mut parts: [Vec<Answer>; 3] = Default::default();
    for headline in headlines {
        for (entity, class) in &headline.entities {
            let others: Vec<_> = headline.entities.iter().map(|(range, _)| range.clone()).filter(|range| range != entity).collect();
            let probabilities = model.score(&mut scratch, &headline.text, entity.clone(), &others);
            parts[usize::from(headline.entities.len() > 1)].push(Answer { class: *class, probabilities });
        }
        let Some((_, class)) = headline.entities.first() else { continue };
        if headline.entities.iter().all(|(_, other)| other == class) {
            let probabilities = model.score(&mut scratch, &headline.text, 0..0, &[]);
            parts[2].push(Answer { class: *class, probabilities });
        }
    }
    parts
}
