use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::output::{Bits, Block, Cells};

/// Codes of a dictionary column with the words of its own table; null where none is pushed.
#[derive(Debug, Default)]
pub struct Words {
    codes: Vec<i32>,
    valid: Bits,
    table: WordTable,
    /// By the caller's number of a word: its code, once it has one.
    known: Vec<Option<i32>>,
}

impl Words {
    /// A word and its number, which stands for the same word each time.
    pub fn push(&mut self, word: Option<(usize, &str)>) {
        self.valid.push(word.is_some());
        let code = word.map_or(0, |(number, word)| {
            if self.known.len() <= number {
                self.known.resize(number + 1, None);
            }
            *self.known[number].get_or_insert_with(|| self.table.id(word.as_bytes()) as i32)
        });
        self.codes.push(code);
    }

    fn write(&mut self, block: &mut Block) -> Result<(), Fault> {
        if self.table.is_empty() {
            self.table.id(b""); // a null row still needs a dictionary to point into
        }
        block.words(&self.codes, Some(&self.valid), &self.table)?;
        self.codes.clear();
        self.valid.clear();
        Ok(())
    }
}

/// What is told of an entity in a headline.
pub struct Told<'a> {
    /// Its number and name.
    pub entity: Option<(usize, &'a str)>,
    /// Its symbol, with the same number.
    pub symbol: Option<(usize, &'a str)>,
    pub ambiguity: f64,
    /// Probabilities of negative, neutral and positive; none: not scored.
    pub p: Option<[f64; 3]>,
    pub credibility: f64,
    pub english: bool,
}

/// Rows of port `out`, in the order of the columns in `operators/sentiment/layout.ts`.
#[derive(Debug, Default)]
pub struct Rows {
    taken: Vec<i32>,
    entity: Words,
    symbol: Words,
    ambiguity: Vec<f64>,
    label: Words,
    negative: Cells<f64>,
    neutral: Cells<f64>,
    positive: Cells<f64>,
    sentiment: Cells<f64>,
    confidence: Cells<f64>,
    abstained: Bits,
    credibility: Vec<f64>,
    language: Words,
    model_hash: Words,
}

const LABELS: [&str; 3] = ["negative", "neutral", "positive"];

/// Place of the largest; of equal ones neutral comes first, then negative.
fn largest([negative, neutral, positive]: [f64; 3]) -> usize {
    if neutral >= negative && neutral >= positive {
        1
    } else if negative >= positive {
        0
    } else {
        2
    }
}

impl Rows {
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    pub fn push(&mut self, row: usize, told: &Told, abstain: f64, model_hash: &str) {
        let label = told.p.map(largest);
        let confidence = label.and_then(|label| told.p.map(|p| p[label]));
        let sure = label.filter(|_| confidence.is_some_and(|confidence| confidence >= abstain));
        self.taken.push(row as i32);
        self.entity.push(told.entity);
        self.symbol.push(told.symbol);
        self.ambiguity.push(told.ambiguity);
        self.label.push(sure.map(|label| (label, LABELS[label])));
        self.negative.push_option(told.p.map(|p| p[0]));
        self.neutral.push_option(told.p.map(|p| p[1]));
        self.positive.push_option(told.p.map(|p| p[2]));
        self.sentiment.push_option(told.p.map(|p| p[2] - p[0]));
        self.confidence.push_option(confidence);
        self.abstained.push(sure.is_none());
        self.credibility.push(told.credibility);
        self.language.push(Some(if told.english { (0, "en") } else { (1, "other") }));
        self.model_hash.push(Some((0, model_hash)));
    }

    pub fn write(&mut self, mut block: Block) -> Result<(), Fault> {
        block.i32s(&self.taken, None)?;
        self.entity.write(&mut block)?;
        self.symbol.write(&mut block)?;
        block.f64s(&self.ambiguity, None)?;
        self.label.write(&mut block)?;
        for cells in [&mut self.negative, &mut self.neutral, &mut self.positive, &mut self.sentiment, &mut self.confidence] {
            block.f64s(&cells.values, Some(&cells.valid))?;
            cells.clear();
        }
        block.bools(&self.abstained, None)?;
        block.f64s(&self.credibility, None)?;
        self.language.write(&mut block)?;
        self.model_hash.write(&mut block)?;
        block.end()?;
        self.taken.clear();
        self.ambiguity.clear();
        self.abstained.clear();
        self.credibility.clear();
        Ok(())
    }
}
