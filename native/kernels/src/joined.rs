use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::output::{ABSENT, BLOCK_INTS, COLUMN_INTS, int};
use bytemuck::{cast_slice, cast_slice_mut};

/// A block of an output: where its header begins.
#[derive(Debug, Clone, Copy)]
struct Head {
    at: usize,
    port: usize,
    from: i32,
}

/// Joins blocks of one port, from one input port, to one block each, in order, so that many small pushes hand back what one large push
/// would. Blocks are not joined over a block of another port that leaves with them (`Port::with`).
pub fn join(ports: &[Port], arena: &mut Vec<u64>, header: &mut Vec<i32>, blocks: &mut i32) -> Result<(), Fault> {
    let heads = heads(header, *blocks);
    let mut groups: Vec<Vec<Head>> = Vec::new();
    let mut last: Vec<(&str, usize)> = Vec::new();
    for head in heads {
        let stream = ports[head.port].stream();
        let open = last.iter_mut().find(|(name, _)| *name == stream);
        match open {
            Some((_, group)) if groups[*group][0].port == head.port && groups[*group][0].from == head.from => groups[*group].push(head),
            Some((_, group)) => {
                *group = groups.len();
                groups.push(vec![head]);
            }
            None => {
                last.push((stream, groups.len()));
                groups.push(vec![head]);
            }
        }
    }
    if groups.iter().all(|group| group.len() == 1) {
        return Ok(());
    }
    let mut fresh = Vec::with_capacity(header.len());
    for group in &groups {
        let port = &ports[group[0].port];
        let ints = BLOCK_INTS + port.columns.len() * COLUMN_INTS;
        if let [only] = group[..] {
            fresh.extend_from_slice(&header[only.at..only.at + ints]);
            continue;
        }
        let rows = group.iter().map(|head| header[head.at + 1] as usize).sum::<usize>();
        fresh.extend([group[0].port as i32, int(rows)?, port.columns.len() as i32, group[0].from]);
        for (i, column) in port.columns.iter().enumerate() {
            let parts: Vec<Part> = group.iter().map(|head| Part::read(header, head.at, i)).collect();
            fresh.extend(Joiner { arena, parts: &parts, rows }.column(column.kind)?);
        }
    }
    *blocks = groups.len() as i32;
    *header = fresh;
    Ok(())
}

fn heads(header: &[i32], blocks: i32) -> Vec<Head> {
    let mut at = 0;
    (0..blocks)
        .map(|_| {
            let head = Head { at, port: header[at] as usize, from: header[at + 3] };
            at += BLOCK_INTS + header[at + 2] as usize * COLUMN_INTS;
            head
        })
        .collect()
}

/// One block's share of a column.
#[derive(Debug, Clone, Copy)]
struct Part {
    rows: usize,
    values: usize,
    bytes: usize,
    valid: i32,
    offsets: i32,
    words: usize,
    word_offsets: i32,
    word_bytes: i32,
    word_length: usize,
}

impl Part {
    fn read(header: &[i32], block: usize, column: usize) -> Self {
        let at = block + BLOCK_INTS + column * COLUMN_INTS;
        let [values, bytes, valid, offsets, words, word_offsets, word_bytes, word_length] = std::array::from_fn(|i| header[at + i]);
        Self {
            rows: header[block + 1] as usize,
            values: values as usize,
            bytes: bytes as usize,
            valid,
            offsets,
            words: words as usize,
            word_offsets,
            word_bytes,
            word_length: word_length as usize,
        }
    }
}

/// Appends joined columns to the arena; gives their place in a header.
struct Joiner<'a> {
    arena: &'a mut Vec<u64>,
    parts: &'a [Part],
    rows: usize,
}

impl Joiner<'_> {
    fn column(&mut self, kind: Kind) -> Result<[i32; COLUMN_INTS], Fault> {
        let (values, bytes, offsets) = match kind {
            Kind::Bool => {
                let at = self.bits(|part| part.values as i32)?;
                (at, int(self.rows.div_ceil(64) * 8)?, ABSENT)
            }
            Kind::Bytes => {
                let spans: Vec<_> = self.parts.iter().map(|part| (part.values, part.bytes)).collect();
                let (at, bytes) = self.bytes(&spans)?;
                let ends: Vec<_> = self.parts.iter().map(|part| (part.offsets, part.rows)).collect();
                (at, bytes, self.ends(&ends)?)
            }
            Kind::F64 | Kind::I64 | Kind::I32 | Kind::Word => {
                let width = if matches!(kind, Kind::F64 | Kind::I64) { 8 } else { 4 };
                let spans: Vec<_> = self.parts.iter().map(|part| (part.values, part.rows * width)).collect();
                let (at, bytes) = self.bytes(&spans)?;
                (at, bytes, ABSENT)
            }
        };
        let valid = if self.parts.iter().any(|part| part.valid != ABSENT) { self.bits(|part| part.valid)? } else { ABSENT };
        let [words, word_offsets, word_bytes, word_length] = self.words()?;
        Ok([values, bytes, valid, offsets, words, word_offsets, word_bytes, word_length])
    }

    /// Spans (byte offset, length) one after the other; where, and how many bytes.
    fn bytes(&mut self, spans: &[(usize, usize)]) -> Result<(i32, i32), Fault> {
        let total: usize = spans.iter().map(|(_, length)| length).sum();
        let start = self.arena.len() * 8;
        self.arena.resize(self.arena.len() + total.div_ceil(8), 0);
        let mut to = start;
        let bytes = cast_slice_mut::<u64, u8>(self.arena);
        for &(from, length) in spans {
            bytes.copy_within(from..from + length, to);
            to += length;
        }
        Ok((int(start)?, int(total)?))
    }

    /// Bitmaps one after the other; one that is absent is all ones.
    fn bits(&mut self, of: impl Fn(&Part) -> i32) -> Result<i32, Fault> {
        let start = self.arena.len();
        self.arena.resize(start + self.rows.div_ceil(64), 0);
        let mut row = 0;
        for part in self.parts {
            let at = of(part);
            for i in 0..part.rows {
                let is_set = at == ABSENT || cast_slice::<u64, u8>(self.arena)[at as usize + (i >> 3)] >> (i & 7) & 1 == 1;
                if is_set {
                    self.arena[start + (row >> 6)] |= 1 << (row & 63);
                }
                row += 1;
            }
        }
        int(start * 8)
    }

    /// Offsets (place, entries without the first) as those of the joined bytes.
    fn ends(&mut self, of: &[(i32, usize)]) -> Result<i32, Fault> {
        let mut ends = vec![0_i32];
        for &(at, count) in of {
            let ints = &cast_slice::<u64, i32>(self.arena)[at as usize / 4..][..=count];
            let base = ends.last().copied().unwrap_or_default() - ints[0];
            ends.extend(ints[1..].iter().map(|end| end + base));
        }
        let start = self.arena.len();
        self.arena.resize(start + ends.len().div_ceil(2), 0);
        cast_slice_mut::<u64, i32>(&mut self.arena[start..])[..ends.len()].copy_from_slice(&ends);
        int(start * 8)
    }

    /// Strings that are new since the last call.
    fn words(&mut self) -> Result<[i32; 4], Fault> {
        let told: Vec<Part> = self.parts.iter().filter(|part| part.words > 0).copied().collect();
        if told.is_empty() {
            return Ok([0, ABSENT, ABSENT, 0]);
        }
        let spans: Vec<_> = told.iter().map(|part| (part.word_bytes as usize, part.word_length)).collect();
        let (at, bytes) = self.bytes(&spans)?;
        let ends: Vec<_> = told.iter().map(|part| (part.word_offsets, part.words)).collect();
        Ok([int(told.iter().map(|part| part.words).sum())?, self.ends(&ends)?, at, bytes])
    }
}
