#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

use std::ops::Range;

use millrace_polarity::{Model, Scratch};
use serde::Deserialize;

const FILE: &str = include_str!("../../../operators/sentiment/model.json");

fn model() -> Model {
    Model::read(FILE).unwrap()
}

#[derive(Deserialize)]
struct Vectors {
    model: String,
    cases: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    text: String,
    entity: [usize; 2],
    others: Vec<[usize; 2]>,
    expected: [f64; 3],
}

#[test]
fn scores_are_those_of_the_python_implementation() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/scores.json")).unwrap();
    assert!(vectors.cases.len() > 100);
    let model = model();
    assert_eq!(vectors.model, model.hash(), "vectors/make.py has not run since the training");
    let mut scratch = Scratch::default();
    for vector in vectors.cases {
        let range = |[start, end]: [usize; 2]| Range { start, end };
        let others: Vec<_> = vector.others.iter().copied().map(range).collect();
        let found = model.score(&mut scratch, &vector.text, range(vector.entity), &others);
        let near = found.iter().zip(vector.expected).all(|(found, expected)| (found - expected).abs() < 1e-12);
        assert!(near, "{:?} {:?} {:?}: {found:?}, not {:?}", vector.text, vector.entity, vector.others, vector.expected);
    }
}

#[test]
fn a_cut_file_is_refused() {
    for end in [0, 1, 1000, FILE.len() / 2, FILE.len() - 80, FILE.len() - 2, FILE.len() - 1] {
        assert_eq!(Model::read(&FILE[..end]).unwrap_err().code, "model-truncated", "cut at {end}");
    }
    assert_eq!(Model::read(&format!("{FILE}\n")).unwrap_err().code, "model-truncated");
}

#[test]
fn a_changed_file_is_refused() {
    for at in [2, 100, 5000, FILE.len() / 2, FILE.len() - 100] {
        let mut bytes = FILE.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let fault = Model::read(std::str::from_utf8(&bytes).unwrap()).unwrap_err();
        assert_eq!(fault.code, "model-tampered", "byte {at}");
    }
    let hash = model().hash().to_owned();
    let other = format!("{}{}", if hash.starts_with('0') { '1' } else { '0' }, &hash[1..]);
    assert_eq!(Model::read(&FILE.replace(&hash, &other)).unwrap_err().code, "model-tampered");
}

#[test]
fn the_name_of_the_target_does_not_matter() {
    let model = model();
    let mut scratch = Scratch::default();
    let mut score = |name: &str| {
        let text = format!("Profit warning: {name}'s shares plunge 9%, lender says not to buy");
        model.score(&mut scratch, &text, 16..16 + name.len(), &[])
    };
    let one = score("Acme");
    for name in ["Loss-making Fraud Ltd.", "Ünïted", "x", "SEBI", "Nifty, Sensex as one; but 5%", &"long ".repeat(1000)] {
        assert_eq!(score(name), one, "{name}");
    }
}

#[test]
fn each_entity_has_its_own_sentiment() {
    let model = model();
    let mut scratch = Scratch::default();
    let text = "Acme plunges 5% as rival Globex surges";
    let acme = model.score(&mut scratch, text, 0..4, &[25..31]);
    let globex = model.score(&mut scratch, text, 25..31, &[0..4]);
    assert!(acme[0] > 0.8, "{acme:?}");
    assert!(globex[2] > 0.8, "{globex:?}");
}

#[test]
fn a_score_does_not_depend_on_what_was_scored_before() {
    let model = model();
    let mut used = Scratch::default();
    for text in ["Acme falls", "", "a, b; c: d? Acme rises 5% after strong results while all others fall", "é"] {
        let again = model.score(&mut used, text, 0..1, &[3..4]);
        let fresh = Model::read(FILE).unwrap().score(&mut Scratch::default(), text, 0..1, &[3..4]);
        assert_eq!(again.map(f64::to_bits), fresh.map(f64::to_bits), "{text}");
    }
}

#[test]
fn any_text_and_any_ranges_give_probabilities() {
    let model = model();
    let mut scratch = Scratch::default();
    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut draw = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    let pieces = ["a", "é", "€", "😀", "’", "–", "\u{a0}", " ", "'s", "-", "5", ",", ".", "&", "fall", "NOT", "\0", "%", "\u{2028}"];
    for _ in 0..20_000 {
        let text: String = (0..draw(30)).map(|_| pieces[draw(pieces.len())]).collect();
        let mut range = || Range { start: draw(40), end: if draw(50) == 0 { usize::MAX } else { draw(40) } };
        let (entity, others) = (range(), [range(), range(), range()]);
        let [negative, neutral, positive] = model.score(&mut scratch, &text, entity.clone(), &others);
        let sum = negative + neutral + positive;
        let fine = (sum - 1.0).abs() < 1e-12 && [negative, neutral, positive].iter().all(|p| (0.0..=1.0).contains(p));
        assert!(fine, "{text:?} {entity:?} {others:?}: {sum}");
    }
}

#[test]
fn a_text_of_ten_megabytes_is_read_near_its_entity() {
    let model = model();
    let mut scratch = Scratch::default();
    let text = "Acme falls 5% as Globex gains, ".repeat(350_000);
    let middle = text.len() / 2;
    let others: Vec<_> = (0..100_000).map(|at| at * 100..at * 100 + 4).collect();
    let found = model.score(&mut scratch, &text, middle..middle + 4, &others);
    let near = &text[middle - 300..middle + 304];
    let shifted: Vec<_> = others
        .iter()
        .filter(|other| other.end > middle - 300 && other.start < middle + 304)
        .map(|other| other.start.saturating_sub(middle - 300)..other.end.min(middle + 304) - (middle - 300))
        .collect();
    assert_eq!(found, model.score(&mut scratch, near, 300..304, &shifted));
}
