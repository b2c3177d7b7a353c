use std::ops::Range;

use super::data::Headline;
use crate::features::{BLOCKS, Frame};
use crate::hash;
use crate::scratch::Scratch;
use crate::tokens;

/// What is asked of a headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// The sentiment toward the only entity.
    Single,
    /// Toward one of several entities, the others known.
    Several,
    /// Toward one of several entities, the others not recognised: trained on, not measured.
    Alone,
    /// The headline as a whole, where all its entities agree.
    Whole,
}

/// A question with its answer, as features.
pub struct Row {
    pub headline: usize,
    pub entity: Range<usize>,
    pub question: Question,
    pub class: usize,
    /// Bucket, block and value: occurrences by the root of the number of features in the block.
    pub items: Vec<(u32, u8, f32)>,
}

/// Every question that the headlines answer.
pub fn ask(headlines: &[Headline], frame: &Frame, bits: u32) -> Vec<Row> {
    let mut scratch = Scratch::default();
    let mut rows = Vec::new();
    for (at, headline) in headlines.iter().enumerate() {
        let several = headline.entities.len() > 1;
        for (entity, class) in &headline.entities {
            let others: Vec<_> = headline.entities.iter().map(|(range, _)| range.clone()).filter(|range| range != entity).collect();
            let mut add = |question, entity: Range<usize>, others: &[Range<usize>]| {
                tokens::cut(&mut scratch, &headline.text, entity.clone(), others);
                rows.push(Row { headline: at, entity, question, class: *class, items: items(frame, &mut scratch, bits) });
            };
            if several {
                add(Question::Several, entity.clone(), &others);
                add(Question::Alone, entity.clone(), &[]);
            } else {
                add(Question::Single, entity.clone(), &[]);
            }
        }
        let class = headline.entities.first().map(|(_, class)| *class);
        if let Some(class) = class.filter(|class| headline.entities.iter().all(|(_, other)| other == class)) {
            tokens::cut(&mut scratch, &headline.text, 0..0, &[]);
            let items = items(frame, &mut scratch, bits);
            rows.push(Row { headline: at, entity: 0..0, question: Question::Whole, class, items });
        }
    }
    rows
}

fn items(frame: &Frame, scratch: &mut Scratch, bits: u32) -> Vec<(u32, u8, f32)> {
    let mut found: Vec<(u32, u8)> = Vec::new();
    let mut counts = [0u32; BLOCKS];
    frame.each(scratch, |block, feature| {
        found.push((hash::bucket(feature, bits) as u32, block as u8));
        counts[block] += 1;
    });
    found.sort_unstable();
    let value = |block: u8| (1.0 / f64::from(counts[usize::from(block)]).sqrt()) as f32;
    found.chunk_by(|a, b| a == b).map(|same| (same[0].0, same[0].1, same.len() as f32 * value(same[0].1))).collect()
}
