#![allow(clippy::unwrap_used)]

use millrace_polarity::training::fit::Settings;
use millrace_polarity::training::{data, train};
use millrace_polarity::{Model, Scratch};

const LEXICON: &str = "up: gains rises\ndown: falls slips\nnot: not no\n";

/// Headlines of a small language: whoever gains is seen well, whoever falls is not.
fn headlines() -> String {
    let verbs = [("gains", "positive"), ("rises", "positive"), ("falls", "negative"), ("slips", "negative"), ("meets", "neutral")];
    let line = |at: usize| {
        let (verb, sentiment) = verbs[at % verbs.len()];
        let (other, opposite) = verbs[(at / 3) % verbs.len()];
        let (one, two) = (format!("Acme{at}"), format!("Globex{at}"));
        let tail = ["today", "on day two", "again", "in spring", "before noon", "by night", "as seen"][at % 7];
        if at.is_multiple_of(3) {
            format!(
                r#"{{"headline": "{one} {verb} as {two} {other} {tail}", "entities": [{{"name": "{one}", "sentiment": "{sentiment}"}}, {{"name": "{two}", "sentiment": "{opposite}"}}]}}"#
            )
        } else {
            format!(r#"{{"headline": "{one} {verb} {tail}", "entities": [{{"name": "{one}", "sentiment": "{sentiment}"}}]}}"#)
        }
    };
    (0..210).map(|at| line(at) + "\n").collect()
}

#[test]
fn the_same_data_give_the_same_bytes_and_a_model_that_has_learnt_them() {
    let settings = Settings { bits: 12, ..Settings::default() };
    let file = train(&headlines(), LEXICON, &settings, &[1]).unwrap();
    assert_eq!(file, train(&headlines(), LEXICON, &settings, &[1]).unwrap());
    let model = Model::read(&file).unwrap();
    let mut scratch = Scratch::default();
    let text = "Initech falls as Hooli gains again";
    assert!(model.score(&mut scratch, text, 0..7, std::slice::from_ref(&(17..22)))[0] > 0.6);
    assert!(model.score(&mut scratch, text, 17..22, std::slice::from_ref(&(0..7)))[2] > 0.6);
}

#[test]
fn names_that_labels_were_put_into_are_found() {
    let line = |name: &str| {
        format!(r#"{{"headline": "Bajaj Holdings and Russell up", "entities": [{{"name": "{name}", "sentiment": "neutral"}}]}}"#)
    };
    let place = |name: &str| data::read(&line(name)).unwrap()[0].entities[0].0.clone();
    assert_eq!(place("Bajaj neutralings"), 0..14);
    assert_eq!(place("Rusnegative"), 19..26);
}

#[test]
fn data_that_cannot_be_used_is_refused_with_its_line() {
    for (bad, said) in [
        ("{", "line 2: EOF"),
        (r#"{"headline": "A", "entities": [{"name": "B", "sentiment": "neutral"}]}"#, "line 2: \"B\" is not in the headline"),
        (r#"{"headline": "A", "entities": [{"name": "A", "sentiment": "good"}]}"#, "line 2: sentiment \"good\""),
    ] {
        let fault = data::read(&format!("{{\"headline\": \"A\", \"entities\": []}}\n{bad}")).unwrap_err();
        assert_eq!(fault.code, "data-malformed");
        assert!(fault.message.starts_with(said), "{}", fault.message);
    }
}
