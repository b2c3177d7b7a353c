//! Trains and measures the model: what `scripts/sentiment-model.js` calls. Headlines come on standard input as NDJSON, the result
//! leaves on standard output.

use std::io::{Read, Write};
use std::process::ExitCode;

use millrace_polarity::training::fit::Settings;
use millrace_polarity::training::metrics::{Answer, accuracy, by_class, calibration_error, log_loss, macro_f1, risk_coverage};
use millrace_polarity::training::{answers, data, evaluate, prepare, train};
use millrace_polarity::{Fault, Model};
use serde_json::{Value, json};

const SEEDS: [u64; 3] = [1, 2, 3];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["train", lexicon] => input(lexicon).and_then(|(lexicon, text)| train(&text, &lexicon, &Settings::default(), &SEEDS)),
        ["evaluate", lexicon] => input(lexicon).and_then(|(lexicon, text)| {
            let settings = Settings::default();
            Ok(json!(evaluate(&prepare(&text, &lexicon, &settings)?, &settings, &SEEDS)).to_string())
        }),
        ["score", model] => input(model).and_then(|(model, text)| Ok(score(&Model::read(&model)?, &data::read(&text)?).to_string())),
        _ => Err(Fault { code: "usage", message: "polarity train LEXICON | evaluate LEXICON | score MODEL".to_owned() }),
    };
    let written = result.and_then(|text| std::io::stdout().write_all(text.as_bytes()).map_err(unreadable));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{}: {}", fault.code, fault.message);
            ExitCode::FAILURE
        }
    }
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault { code: "input-unreadable", message: error.to_string() }
}

fn input(path: &str) -> Result<(String, String), Fault> {
    let file = std::fs::read_to_string(path).map_err(unreadable)?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    Ok((file, text))
}

fn score(model: &Model, headlines: &[data::Headline]) -> Value {
    let part = |answers: &[Answer]| {
        json!({
            "rows": answers.len(), "macro_f1": macro_f1(answers), "accuracy": accuracy(answers), "log_loss": log_loss(answers),
            "calibration_error": calibration_error(answers), "classes": by_class(answers), "risk_coverage": risk_coverage(answers),
        })
    };
    let [single, several, whole] = answers(model, headlines);
    let all = [single.clone(), several.clone()].concat();
    json!({ "model": model.hash(), "single": part(&single), "all": part(&all), "several": part(&several), "whole": part(&whole) })
}
