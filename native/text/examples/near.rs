//! Distances between headlines that say the same and between those that do not: `cargo run --release --example near < headlines.txt`.
use millrace_text::duplicates::Printer;
use std::io::Read;

fn main() {
    let mut text = String::new();
    let _ = std::io::stdin().read_to_string(&mut text);
    let lines: Vec<&str> = text.lines().collect();
    let mut printer = Printer::default();
    let prints: Vec<_> = lines.iter().map(|line| printer.print(line)).collect();
    type Edit = (&'static str, fn(&[&str], usize) -> String);
    let edits: [Edit; 8] = [
        ("an agency behind it", |words, _| format!("{} - Reuters", words.join(" "))),
        ("UPDATE 1 before it", |words, _| format!("UPDATE 1-{}", words.join(" "))),
        ("its last word cut", |words, _| words[..words.len() - 1].join(" ")),
        ("a word more", |words, at| [&words[..at], &["also"], &words[at..]].concat().join(" ")),
        ("a word less", |words, at| [&words[..at], &words[at + 1..]].concat().join(" ")),
        ("another word", |words, at| [&words[..at], &["markets"], &words[at + 1..]].concat().join(" ")),
        ("two letters turned", |words, at| {
            let word: Vec<char> = words[at].chars().collect();
            let mut turned = word.clone();
            if word.len() > 2 {
                turned.swap(1, 2);
            }
            let turned: String = turned.into_iter().collect();
            [&words[..at], &[turned.as_str()], &words[at + 1..]].concat().join(" ")
        }),
        ("the source cut", |words, _| words.join(" ").split(':').next().unwrap_or("").to_string()),
    ];
    let quantiles = |mut distances: Vec<u32>| {
        distances.sort_unstable();
        let at = |q: f64| distances[((distances.len() - 1) as f64 * q) as usize];
        format!("p10 {} p50 {} p90 {} p99 {}", at(0.1), at(0.5), at(0.9), at(0.99))
    };
    for (name, edit) in edits {
        let distances = lines.iter().zip(&prints).enumerate().filter_map(|(i, (line, print))| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words.len() > 4).then(|| printer.print(&edit(&words, 1 + i % (words.len() - 2))).distance(*print).unwrap_or(64))
        });
        let distances: Vec<u32> = distances.collect();
        let share = |most: u32| distances.iter().filter(|distance| **distance <= most).count() as f64 / distances.len() as f64;
        println!(
            "{name:20} {} | <=3 {:.3} <=6 {:.3} <=8 {:.3} <=10 {:.3} <=12 {:.3}",
            quantiles(distances.clone()),
            share(3),
            share(6),
            share(8),
            share(10),
            share(12)
        );
    }
    let mut pairs = Vec::new();
    for (i, a) in prints.iter().enumerate() {
        for (j, b) in prints[..i].iter().enumerate() {
            if a.exact != b.exact
                && let Some(distance @ ..=14) = a.distance(*b)
            {
                pairs.push((distance, i, j));
            }
        }
    }
    pairs.sort_unstable();
    for most in [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14] {
        println!("distinct pairs at most {most}: {}", pairs.iter().filter(|pair| pair.0 <= most).count());
    }
    for (distance, i, j) in pairs.iter().step_by(pairs.len() / 60 + 1) {
        println!("{distance}  {} | {}", lines[*i], lines[*j]);
    }
}
