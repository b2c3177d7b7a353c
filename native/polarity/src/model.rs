use std::ops::Range;

use crate::base64;
use crate::fault::Fault;
use crate::features::{BLOCKS, Frame};
use crate::hash;
use crate::lexicon::Lexicon;
use crate::model_file::{self, Calibrations, ModelFile};
use crate::scratch::{Kind, Scratch};
use crate::tokens;

/// A model as it was read: immutable, shared between threads.
#[derive(Debug)]
pub struct Model {
    hash: String,
    bits: u32,
    /// What each block is scaled by, times the step of a weight.
    scales: [f64; BLOCKS],
    /// Negative, neutral, positive of each bucket; the fourth byte keeps a bucket in one cache line.
    table: Vec<[i8; 4]>,
    frame: Frame,
    calibration: Calibrations,
}

impl Model {
    /// Reads `operators/sentiment/model.json`; refuses what is truncated, tampered with or of another version.
    pub fn read(text: &str) -> Result<Model, Fault> {
        let (file, hash) = model_file::open(text)?;
        Self::from_file(&file, hash)
    }

    pub(crate) fn from_file(file: &ModelFile, hash: String) -> Result<Model, Fault> {
        let bits = file.features.bits;
        let shape = |message: String| Err(Fault::new("model-shape", message));
        if !(1..=22).contains(&bits) {
            return shape(format!("a table of 2^{bits} buckets; 2^1 to 2^22 are possible"));
        }
        let Some(bytes) = base64::read(&file.weights.bytes) else {
            return shape("the weights are not base64".to_owned());
        };
        if bytes.len() != 3 << bits {
            return shape(format!("{} weights for 2^{bits} buckets of three", bytes.len()));
        }
        let maps = [file.calibration.whole, file.calibration.single, file.calibration.several];
        let numbers = file.features.blocks.iter().chain(maps.iter().flatten().flatten()).chain([&file.weights.step]);
        if !numbers.into_iter().all(|number| number.is_finite() && number.abs() < 1e6) {
            return shape("a factor is out of range".to_owned());
        }
        Ok(Self {
            hash,
            bits,
            scales: file.features.blocks.map(|scale| scale * file.weights.step),
            table: bytes.chunks_exact(3).map(|w| [w[0] as i8, w[1] as i8, w[2] as i8, 0]).collect(),
            frame: Frame::new(Lexicon::parse(&file.lexicon)?),
            calibration: file.calibration,
        })
    }

    /// The sha256 that the file states and `read` has checked, in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Calibrated probabilities of negative, neutral and positive toward `entity`; an empty range means the headline as a whole.
    /// `others` are the other entities' ranges. Ranges are byte offsets; any offset is allowed.
    pub fn score(&self, scratch: &mut Scratch, text: &str, entity: Range<usize>, others: &[Range<usize>]) -> [f64; 3] {
        let raw = self.raw(scratch, text, entity, others);
        probabilities(self.map(scratch), raw)
    }

    /// The classes' scores before calibration.
    pub(crate) fn raw(&self, scratch: &mut Scratch, text: &str, entity: Range<usize>, others: &[Range<usize>]) -> [f64; 3] {
        tokens::cut(scratch, text, entity, others);
        // whole numbers: their sums are exact in any order
        let mut sums = [[0i32; 4]; BLOCKS];
        let mut counts = [0i32; BLOCKS];
        self.frame.each(scratch, |block, feature| {
            let weights = self.table[hash::bucket(feature, self.bits)];
            for (sum, weight) in sums[block].iter_mut().zip(weights) {
                *sum += i32::from(weight);
            }
            counts[block] += 1;
        });
        let mut raw = [0.0; 3];
        for block in 0..BLOCKS {
            let scale = self.scales[block] / f64::from(counts[block].max(1)).sqrt();
            for (score, &sum) in raw.iter_mut().zip(&sums[block]) {
                *score += scale * f64::from(sum);
            }
        }
        raw
    }

    fn map(&self, scratch: &Scratch) -> &[[f64; 4]; 3] {
        let has = |kind| scratch.tokens.iter().any(|token| token.kind == kind);
        match (has(Kind::Target), has(Kind::Other)) {
            (false, _) => &self.calibration.whole,
            (true, false) => &self.calibration.single,
            (true, true) => &self.calibration.several,
        }
    }
}

/// Softmax of an affine map (Guo et al. 2017, matrix scaling).
pub(crate) fn probabilities(map: &[[f64; 4]; 3], raw: [f64; 3]) -> [f64; 3] {
    let odds = map.map(|row| row[0] * raw[0] + row[1] * raw[1] + row[2] * raw[2] + row[3]);
    let most = odds[0].max(odds[1]).max(odds[2]);
    let parts = odds.map(|odd| libm::exp(odd - most));
    let sum = parts[0] + parts[1] + parts[2];
    parts.map(|part| part / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of the shipped file with a change, sealed anew.
    fn refused(change: impl Fn(&mut ModelFile)) -> &'static str {
        let (mut file, _) = model_file::open(include_str!("../../../operators/sentiment/model.json")).unwrap();
        change(&mut file);
        Model::read(&model_file::seal(&file).unwrap()).map_or_else(|fault| fault.code, |_| "none")
    }

    #[test]
    fn a_sealed_file_that_does_not_fit_is_refused() {
        assert_eq!(refused(|_| ()), "none");
        assert_eq!(refused(|file| file.version += 1), "model-version");
        assert_eq!(refused(|file| file.format = "other".to_owned()), "model-version");
        assert_eq!(refused(|file| file.features.bits = 17), "model-shape");
        assert_eq!(refused(|file| file.features.bits = 60), "model-shape");
        assert_eq!(refused(|file| file.weights.bytes.truncate(400)), "model-shape");
        assert_eq!(refused(|file| file.weights.bytes.replace_range(..1, "?")), "model-shape");
        assert_eq!(refused(|file| file.calibration.single[1][2] = 1e300), "model-shape");
        assert_eq!(refused(|file| file.calibration.whole[0][0] = f64::NAN), "model-malformed");
        assert_eq!(refused(|file| file.lexicon = "no class".to_owned()), "model-malformed");
        assert_eq!(refused(|file| file.lexicon = "a: b\n".repeat(33)), "model-malformed");
    }
}
