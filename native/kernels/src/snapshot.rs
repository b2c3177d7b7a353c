use crate::fault::Fault;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a state, little-endian, in the order in which `Reader` takes them back.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn f64(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    pub fn f64s(&mut self, values: &[f64]) {
        values.iter().for_each(|value| self.f64(*value));
    }

    pub fn count(&mut self, value: usize) {
        self.i64(value as i64);
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.count(value.len());
        self.bytes.extend_from_slice(value);
    }
}

/// Takes back what a `Writer` wrote; every read is checked.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(corrupt)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.take(N)?.try_into().map_err(|_| corrupt())
    }

    pub fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn i64(&mut self) -> Result<i64, Fault> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub fn f64(&mut self) -> Result<f64, Fault> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    pub fn f64s(&mut self, into: &mut [f64]) -> Result<(), Fault> {
        into.iter_mut().try_for_each(|value| self.f64().map(|read| *value = read))
    }

    /// A count of things that take at least one byte each, so that a corrupt count cannot ask for memory that is not there.
    pub fn count(&mut self) -> Result<usize, Fault> {
        let length = usize::try_from(self.i64()?).map_err(|_| corrupt())?;
        if length > self.rest.len() { Err(corrupt()) } else { Ok(length) }
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.count()?;
        self.take(length)
    }
}

pub fn corrupt() -> Fault {
    Fault::new("snapshot-corrupt", "the snapshot is cut short or damaged")
}

/// Largest chunk of a snapshot, in bytes; `SNAPSHOT_CHUNK_BYTES` of the kernel contract.
pub const CHUNK_BYTES: usize = 512 * 1024;
const MAGIC: &[u8; 4] = b"MRK1";

/// A kernel's state as chunks, under a head with its name, its version and a checksum.
pub fn seal(name: &str, version: u32, state: Writer) -> Vec<Vec<u8>> {
    let mut head = Writer { bytes: MAGIC.to_vec() };
    head.bytes(name.as_bytes());
    head.u32(version);
    head.i64(xxh3_64(&state.bytes) as i64);
    head.bytes(&state.bytes);
    head.bytes.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect()
}

/// The state inside chunks that `seal` made for the same kernel and version.
pub fn unseal(name: &str, version: u32, chunks: &[&[u8]]) -> Result<Vec<u8>, Fault> {
    let whole = chunks.concat();
    let mut reader = Reader { rest: &whole };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(corrupt());
    }
    let (found, of) = (reader.bytes()?, reader.u32()?);
    if found != name.as_bytes() || of != version {
        let found = String::from_utf8_lossy(found);
        return Err(Fault::new("snapshot-foreign", format!("a snapshot of {found} version {of} does not fit {name} version {version}")));
    }
    let checksum = reader.i64()?;
    let state = reader.bytes()?;
    if xxh3_64(state) as i64 != checksum || !reader.rest.is_empty() { Err(corrupt()) } else { Ok(state.to_vec()) }
}

/// Reads a whole state; bytes left over are damage.
pub fn read_all<T>(state: &[u8], read: impl FnOnce(&mut Reader) -> Result<T, Fault>) -> Result<T, Fault> {
    let mut reader = Reader { rest: state };
    let value = read(&mut reader)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(corrupt()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_state_comes_back_and_any_damage_is_seen() {
        let mut state = Writer::default();
        state.f64s(&vec![1.5; 100_000]);
        state.bytes(b"BTCUSDT");
        let chunks = seal("bars", 3, state);
        assert!(chunks.len() > 1 && chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES));
        let views: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let whole = unseal("bars", 3, &views).unwrap();
        let word = read_all(&whole, |reader| {
            reader.f64s(&mut vec![0.0; 100_000])?;
            Ok(reader.bytes()?.to_vec())
        });
        assert_eq!(word.unwrap(), b"BTCUSDT");
        assert_eq!(unseal("bars", 4, &views).unwrap_err().code, "snapshot-foreign");
        assert_eq!(unseal("bars", 3, &views[..1]).unwrap_err().code, "snapshot-corrupt");
        for at in (0..chunks[0].len()).step_by(4099) {
            let mut damaged = chunks.clone();
            damaged[0][at] ^= 1;
            assert!(unseal("bars", 3, &damaged.iter().map(Vec::as_slice).collect::<Vec<_>>()).is_err(), "byte {at}");
        }
    }
}
