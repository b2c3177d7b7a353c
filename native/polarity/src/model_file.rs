//! The model as one text file: JSON whose last member is the sha256 over all that is before it.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::features::BLOCKS;
use crate::sha256;

pub const FORMAT: &str = "millrace-polarity";
/// Of the features and of the file: another one's weights mean something else.
pub const VERSION: u32 = 1;
const SEAL: &str = ",\n\"sha256\":\"";
const SEAL_END: &str = "\"}\n";

#[derive(Debug, Serialize, Deserialize)]
pub struct ModelFile {
    pub format: String,
    pub version: u32,
    pub features: Features,
    pub lexicon: String,
    pub calibration: Calibrations,
    pub training: serde_json::Value,
    pub metrics: serde_json::Value,
    pub weights: Weights,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Features {
    /// The table has `2^bits` buckets.
    pub bits: u32,
    /// What each block is scaled by.
    pub blocks: [f64; BLOCKS],
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Weights {
    /// A weight is `step` times its byte.
    pub step: f64,
    /// Base64 of signed bytes: negative, neutral and positive of each bucket.
    pub bytes: String,
}

/// Scores to log-odds: for each class three factors and an offset. One map a kind of question.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Calibrations {
    /// No entity: the headline as a whole.
    pub whole: [[f64; 4]; 3],
    /// The only entity.
    pub single: [[f64; 4]; 3],
    /// One of several entities.
    pub several: [[f64; 4]; 3],
}

/// The text of the file, and its hash.
pub fn seal(file: &ModelFile) -> Result<String, Fault> {
    let text = serde_json::to_string(file).map_err(|error| Fault::new("model-malformed", error.to_string()))?;
    let mut body = text.replace(",\"lexicon\":", ",\n\"lexicon\":").replace(",\"calibration\":", ",\n\"calibration\":");
    for member in ["training", "metrics", "weights"] {
        body = body.replacen(&format!(",\"{member}\":{{"), &format!(",\n\"{member}\":{{"), 1);
    }
    body.pop();
    let hash = sha256::hex(body.as_bytes());
    Ok(format!("{body}{SEAL}{hash}{SEAL_END}"))
}

/// The file and its hash, once nothing in it is missing or changed.
pub fn open(text: &str) -> Result<(ModelFile, String), Fault> {
    let sealed = text.strip_suffix(SEAL_END).and_then(|text| text.rsplit_once(SEAL));
    let Some((body, hash)) = sealed.filter(|(_, hash)| hash.len() == 64) else {
        return Err(Fault::new("model-truncated", "the model file does not end with its sha256: it is cut short or no model file"));
    };
    let found = sha256::hex(body.as_bytes());
    if found != hash {
        return Err(Fault::new("model-tampered", format!("the model file says sha256 {hash}, what it holds has {found}")));
    }
    let value: serde_json::Value = serde_json::from_str(&format!("{body}}}")).map_err(malformed)?;
    let known = value["format"] == FORMAT && value["version"] == VERSION;
    if !known {
        let message = format!("the model file is {} version {}; {FORMAT} version {VERSION} is read", value["format"], value["version"]);
        return Err(Fault::new("model-version", message));
    }
    Ok((serde_json::from_value(value).map_err(malformed)?, found))
}

fn malformed(error: serde_json::Error) -> Fault {
    Fault::new("model-malformed", format!("the model file cannot be read: {error}"))
}
