//! Kernels over columns: plain Rust, no Node in it. `native/README.md` says how to add one.

pub mod column;
pub mod config;
pub mod dictionary;
pub mod fault;
pub mod host;
pub mod kernel;
pub mod output;
pub mod rejects;
pub mod snapshot;

mod aggregate;
mod as_of;
mod bars;
mod bits;
mod calibrate;
mod cells;
mod crash;
mod decide;
mod decode_capture;
mod decode_csv;
mod decode_json;
mod deduplicate;
mod derive;
mod duration;
mod encode;
mod exposure;
mod expression;
mod filter;
mod float_rows;
mod hash;
mod indicators;
mod instant;
mod intervals;
mod joined;
mod json;
mod keys;
mod label;
mod learn;
mod learning;
mod lexicon;
mod matching;
mod money;
mod mood;
mod normalize;
mod number;
mod order_flow;
mod performance;
mod positions;
mod risk;
mod select;
mod sentiment;
mod statistics;
mod stress;
mod valued;
mod var;
mod var_backtest;

use config::Config;
use fault::Fault;
use kernel::Kernel;

/// The kernel of that name. A new kernel is a module and a line here.
fn create(name: &str, config: &Config) -> Result<Box<dyn Kernel>, Fault> {
    Ok(match name {
        "aggregate" => Box::new(aggregate::Aggregate::new(config)?),
        "as_of" => Box::new(as_of::AsOf::new(config)?),
        "bars" => Box::new(bars::Bars::new(config)?),
        "calibrate" => Box::new(calibrate::Calibrate::new(config)?),
        "crash" => Box::new(crash::Crash::new(config)?),
        "decide" => Box::new(decide::Decide::new(config)?),
        "decode_capture" => Box::new(decode_capture::DecodeCapture::new(config)?),
        "decode_csv" => Box::new(decode_csv::DecodeCsv::new(config)?),
        "decode_json" => Box::new(decode_json::DecodeJson::new(config)?),
        "deduplicate" => Box::new(deduplicate::Deduplicate::new(config)?),
        "derive" => Box::new(derive::Derive::new(config)?),
        "encode" => Box::new(encode::Encode::new(config)?),
        "exposure" => Box::new(exposure::Exposure::new(config)?),
        "filter" => Box::new(filter::Filter::new(config)?),
        "float_rows" => Box::new(float_rows::FloatRows::new(config)?),
        "hash" => Box::new(hash::Hash::new(config)?),
        "indicators" => Box::new(indicators::Indicators::new(config)?),
        "label" => Box::new(label::Label::new(config)?),
        "learn" => Box::new(learn::Learn::new(config)?),
        "match" => Box::new(matching::Matching::new(config)?),
        "mood" => Box::new(mood::Mood::new(config)?),
        "normalize" => Box::new(normalize::Normalize::new(config)?),
        "order_flow" => Box::new(order_flow::OrderFlow::new(config)?),
        "performance" => Box::new(performance::Performance::new(config)?),
        "positions" => Box::new(positions::Positions::new(config)?),
        "risk" => Box::new(risk::Risk::new(config)?),
        "select" => Box::new(select::Select::new(config)?),
        "sentiment" => Box::new(sentiment::Sentiment::new(config)?),
        "stress" => Box::new(stress::Stress::new(config)?),
        "var" => Box::new(var::Var::new(config)?),
        "var_backtest" => Box::new(var_backtest::VarBacktest::new(config)?),
        _ => return Err(Fault::new("kernel-unknown", format!("there is no kernel \"{name}\""))),
    })
}
