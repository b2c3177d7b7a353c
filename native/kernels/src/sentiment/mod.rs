//! Headlines as a row an entity, with what they say of it. The rules are those of `operators/sentiment/RULES.md`.

mod params;
mod rows;

use crate::column::Batch;
use crate::config::{Config, Kind};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::output::Output;
use crate::rejects::Rejects;
use millrace_polarity::{Model, Scratch};
use millrace_text::entities::{Found, Matcher, Matches};
use millrace_text::html;
use millrace_text::language::{Judge, Language};
use params::{Entity, Params};
use rows::{Rows, Told};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

static JUDGE: LazyLock<Judge> = LazyLock::new(Judge::default);

pub struct Sentiment {
    params: Params,
    headline: usize,
    source: Option<usize>,
    out: usize,
    rejected: usize,
    matcher: Matcher,
    model: Arc<Model>,
    rows: Rows,
    rejects: Rejects,
    page: Page,
}

/// What one headline is worked on with; kept and used again.
#[derive(Default)]
struct Page {
    text: String,
    word: String,
    matches: Matches,
    /// The first mention of each entity: which, of how many it might be, where.
    first: Vec<(u32, Found)>,
    others: Vec<Range<usize>>,
    scratch: Scratch,
}

impl Sentiment {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let port = &config.inputs[config.input("in")?];
        let column = |name: &String| port.find(name).ok_or_else(|| Fault::new("kernel-config", format!("there is no column \"{name}\"")));
        port.column("ts_event", Kind::I64)?;
        Ok(Self {
            headline: column(&params.headline)?,
            source: params.source.as_ref().map(column).transpose()?,
            out: config.output("out")?,
            rejected: config.output("rejected")?,
            matcher: params.matcher(),
            model: params.model()?,
            rows: Rows::default(),
            rejects: Rejects::default(),
            page: Page::default(),
            params,
        })
    }

    fn credibility(&self, batch: &Batch, row: usize) -> Result<f64, Fault> {
        let Some(source) = self.source.map(|at| &batch.columns[at]).filter(|column| column.is_valid(row)) else {
            return Ok(self.params.default_credibility);
        };
        let name = std::str::from_utf8(source.bytes(row)?).ok();
        Ok(name.and_then(|name| self.params.sources.get(name)).copied().unwrap_or(self.params.default_credibility))
    }

    /// Writes the rows of a headline, or why it has none.
    fn headline(&mut self, row: usize, bytes: &[u8], credibility: f64) -> Result<(), Fault> {
        let Self { params, page, model, rows, rejects, .. } = self;
        if bytes.len() > params.max_bytes {
            let reason = format!("{} has {} bytes, more than {}", params.headline, bytes.len(), params.max_bytes);
            return rejects.push(row, "headline-too-large", &reason);
        }
        page.text.clear();
        let text = String::from_utf8_lossy(bytes);
        if params.html {
            html::text(&text, &mut page.text)
        } else {
            html::spaced(&text, &mut page.text)
        }
        if page.text.is_empty() {
            return rejects.push(row, "headline-empty", &format!("{} has no text", params.headline));
        }
        self.matcher.find(&page.text, &mut page.matches);
        page.first.clear();
        for found in &page.matches.found {
            let entity = page.matches.entities(found)[0];
            if !page.first.iter().any(|(known, _)| *known == entity) {
                page.first.push((entity, found.clone()));
            }
            if page.first.len() > params.max_entities {
                let reason = format!("{} names more than {} entities", params.headline, params.max_entities);
                return rejects.push(row, "entities-too-many", &reason);
            }
        }
        let english = JUDGE.judge(&page.text, &mut page.word) == Language::English;
        let scored = english || params.score_other;
        if page.first.is_empty() {
            let p = scored.then(|| model.score(&mut page.scratch, &page.text, 0..0, &[]));
            let told = Told { entity: None, symbol: None, ambiguity: 0.0, p, credibility, english };
            rows.push(row, &told, params.abstain, model.hash());
        }
        for (entity, found) in &page.first {
            let of = page.matches.entities(found);
            let p = scored.then(|| {
                page.others.clear();
                let others = page.matches.found.iter().filter(|other| page.matches.entities(other)[0] != *entity);
                page.others.extend(others.map(|other| other.range.clone()));
                model.score(&mut page.scratch, &page.text, found.range.clone(), &page.others)
            });
            let told = Told {
                entity: Some((*entity as usize, &params.entities[*entity as usize].name)),
                symbol: symbol(&params.entities, of).map(|symbol| (*entity as usize, symbol)),
                ambiguity: ambiguity(of.len(), found),
                p,
                credibility,
                english,
            };
            rows.push(row, &told, params.abstain, model.hash());
        }
        Ok(())
    }
}

/// The symbol that all of the entities have, if they do.
fn symbol<'a>(entities: &'a [Entity], of: &[u32]) -> Option<&'a str> {
    let mut symbols = of.iter().map(|entity| entities[*entity as usize].symbol.as_deref());
    let first = symbols.next()??;
    symbols.all(|symbol| symbol == Some(first)).then_some(first)
}

/// How likely a name means something else: one of several entities, half as sure for a common word, three quarters as sure for a short one.
fn ambiguity(of: usize, found: &Found) -> f64 {
    let sure = 1.0 / of as f64 * if found.common { 0.5 } else { 1.0 } * if found.short { 0.75 } else { 1.0 };
    1.0 - sure
}

/// Rows of an emitted batch, about.
const BATCH_ROWS: usize = 32_768;

impl Kernel for Sentiment {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let headlines = &batch.columns[self.headline];
        for row in 0..batch.rows {
            if !headlines.is_valid(row) {
                self.rejects.push(row, "headline-missing", &format!("{} is null", self.params.headline))?;
                continue;
            }
            let credibility = self.credibility(batch, row)?;
            self.headline(row, headlines.bytes(row)?, credibility)?;
            if self.rows.len() >= BATCH_ROWS {
                let block = output.block(self.out, self.rows.len())?;
                self.rows.write(block)?;
            }
        }
        if self.rows.len() > 0 {
            let block = output.block(self.out, self.rows.len())?;
            self.rows.write(block)?;
        }
        self.rejects.flush(self.rejected, output)
    }
}
