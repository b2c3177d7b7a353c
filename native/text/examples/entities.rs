//! How fast names are found: `cargo run --release --example entities ALIASES TEXTS`, two files of lines; prints one line of JSON.
use millrace_text::entities::{Alias, Matcher, Matches};
use std::time::Instant;

/// CPU time of this thread where the system tells it, else time.
fn cpu_seconds() -> f64 {
    static BEGAN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let ns = told.as_deref().and_then(|text| text.split(' ').next()).and_then(|ns| ns.parse::<f64>().ok());
    ns.map_or_else(|| BEGAN.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn main() -> std::io::Result<()> {
    let mut files = std::env::args().skip(1);
    let mut next = || files.next().map_or(Ok(String::new()), std::fs::read_to_string);
    let (aliases, texts) = (next()?, next()?);
    let aliases: Vec<Alias> = aliases.lines().zip(0..).map(|(text, entity)| Alias { text, entity }).collect();
    let texts: Vec<&str> = texts.lines().collect();
    let began = Instant::now();
    let matcher = Matcher::new(&aliases);
    let build_ms = began.elapsed().as_secs_f64() * 1e3;
    let mut matches = Matches::default();
    let (mut best, mut found) = (f64::INFINITY, 0);
    for _ in 0..5 {
        let (began, mut rounds) = (cpu_seconds(), 0);
        // the clock of CPU time goes by some milliseconds
        while rounds == 0 || cpu_seconds() - began < 0.2 {
            found = 0;
            for text in &texts {
                matcher.find(text, &mut matches);
                found += matches.found.len();
            }
            rounds += 1;
        }
        best = best.min((cpu_seconds() - began) / f64::from(rounds));
    }
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    println!("{{\"mb_per_second\":{:.1},\"found\":{found},\"build_ms\":{build_ms:.0}}}", bytes as f64 / best / 1e6);
    Ok(())
}
