use crate::fault::Fault;
use millrace_polarity::Model;
use millrace_text::entities::{Alias, Matcher};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::sync::{Arc, LazyLock};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub headline: String,
    pub source: Option<String>,
    pub entities: Vec<Entity>,
    /// The text of a model file; none: the one that is shipped.
    pub model: Option<String>,
    /// Credibility by source.
    pub sources: FxHashMap<String, f64>,
    pub default_credibility: f64,
    pub html: bool,
    pub max_bytes: usize,
    pub max_entities: usize,
    /// Least confidence that a label is given with.
    pub abstain: f64,
    /// Headlines in other languages are scored.
    pub score_other: bool,
}

/// What an entity table says of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    pub name: String,
    pub symbol: Option<String>,
    pub aliases: Vec<String>,
}

impl Params {
    pub fn matcher(&self) -> Matcher {
        let aliases = self
            .entities
            .iter()
            .zip(0..)
            .flat_map(|(entity, number)| entity.aliases.iter().map(move |text| Alias { text, entity: number }));
        Matcher::new(&aliases.collect::<Vec<_>>())
    }

    pub fn model(&self) -> Result<Arc<Model>, Fault> {
        match &self.model {
            Some(text) => read(text).map(Arc::new),
            None => SHIPPED.clone(),
        }
    }
}

/// The model that is shipped, read once for all kernels.
static SHIPPED: LazyLock<Result<Arc<Model>, Fault>> =
    LazyLock::new(|| read(include_str!("../../../../operators/sentiment/model.json")).map(Arc::new));

fn read(text: &str) -> Result<Model, Fault> {
    Model::read(text).map_err(|fault| Fault::new(fault.code, fault.message))
}
