use std::ops::Range;

use serde::Deserialize;

use crate::fault::Fault;

#[derive(Debug, Deserialize)]
struct Line {
    headline: String,
    entities: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    sentiment: String,
}

/// A headline with its entities by place; class 0 is negative, 1 neutral, 2 positive.
#[derive(Debug)]
pub struct Headline {
    pub text: String,
    pub entities: Vec<(Range<usize>, usize)>,
}

/// The headlines of NDJSON lines `{"headline", "entities": [{"name", "sentiment"}]}`.
pub fn read(text: &str) -> Result<Vec<Headline>, Fault> {
    let mut headlines = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |message: String| Fault::new("data-malformed", format!("line {}: {message}", at + 1));
        let line: Line = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
        let mut entities = Vec::new();
        for named in &line.entities {
            let class = match named.sentiment.as_str() {
                "negative" => 0,
                "neutral" => 1,
                "positive" => 2,
                other => return Err(bad(format!("sentiment {other:?}"))),
            };
            entities
                .push((find(&line.headline, &named.name).ok_or_else(|| bad(format!("{:?} is not in the headline", named.name)))?, class));
        }
        headlines.push(Headline { text: line.headline, entities });
    }
    Ok(headlines)
}

/// Where the name is, between word boundaries if it can be. In some names of the data `hold` and `sell` were replaced by the
/// labels they had stood for ("Bajaj neutralings"): those are put back.
fn find(text: &str, name: &str) -> Option<Range<usize>> {
    let as_given = place(text, name);
    let swaps = [("neutral", "Hold"), ("neutral", "hold"), ("negative", "sell")];
    as_given.or_else(|| swaps.iter().find_map(|(label, word)| place(text, &name.replace(label, word))))
}

fn place(text: &str, name: &str) -> Option<Range<usize>> {
    let inside = |at: Option<char>| at.is_some_and(char::is_alphanumeric);
    let mut all = text.match_indices(name).map(|(at, _)| at..at + name.len());
    let whole = all.clone().find(|at| !inside(text[..at.start].chars().next_back()) && !inside(text[at.end..].chars().next()));
    whole.or_else(|| all.next())
}
