//! Nanoseconds a score: `zcat headlines.ndjson.gz | cargo run --release -p millrace-polarity --example bench -- MODEL`.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::time::Instant;

use millrace_polarity::training::data;
use millrace_polarity::{Model, Scratch};

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "../operators/sentiment/model.json".to_owned());
    let model = Model::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let headlines = data::read(&text).unwrap();
    let single: Vec<_> = headlines.iter().filter(|headline| headline.entities.len() == 1).collect();
    let mut scratch = Scratch::default();
    let mut best = f64::INFINITY;
    let mut sum = 0.0;
    for _ in 0..20 {
        let start = Instant::now();
        for headline in &single {
            sum += model.score(&mut scratch, &headline.text, headline.entities[0].0.clone(), &[])[2];
        }
        best = best.min(start.elapsed().as_nanos() as f64 / single.len() as f64);
    }
    println!(
        "{best:.0} ns a score of {} headlines with one entity (best of 20 rounds; mean positive {:.3})",
        single.len(),
        sum / 20.0 / single.len() as f64
    );
}
