use crate::column::{Column, Values};
use crate::fault::Fault;
use serde::Deserialize;

/// What typed columns hold: index of each among the columns that cross.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    ts_event: usize,
    symbol: usize,
    price: usize,
    size: usize,
    ts_recv: Option<usize>,
    venue: Option<usize>,
    sequence: Option<usize>,
    trade_id: Option<usize>,
    aggressor_side: Option<usize>,
    kind: Option<usize>,
}

/// What the words of a column mean: worked out once a code of the batch, and for each row where they are texts.
#[derive(Default)]
pub struct Meanings<T> {
    by_code: Vec<Option<T>>,
}

impl<T: Copy> Meanings<T> {
    /// To be called once a batch.
    fn forget(&mut self) {
        self.by_code.clear();
    }

    #[inline]
    fn of(&mut self, column: &Column, row: usize, mean: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        let Values::Word { codes, dictionary } = column.values else { return column.bytes(row).map(mean) };
        let code = codes[row];
        if let Some(Some(known)) = self.by_code.get(code as usize) {
            return Ok(*known);
        }
        let meaning = mean(dictionary.get(code)?);
        self.by_code.resize(dictionary.len(), None);
        self.by_code[code as usize] = Some(meaning);
        Ok(meaning)
    }
}

/// What was worked out for the codes of a batch; the memory is kept between batches.
#[derive(Default)]
pub struct Known {
    /// Whether the taker sold; None: neither word.
    sells: Meanings<Option<bool>>,
    trades: Meanings<bool>,
    /// Index of an instrument by the codes of venue and symbol.
    instruments: Vec<Option<Option<usize>>>,
}

/// Pairs of venue and symbol that are remembered; rows of a batch with more are looked up one by one.
const PAIRS: usize = 65_536;

impl Known {
    pub fn forget(&mut self) {
        self.sells.forget();
        self.trades.forget();
        self.instruments.clear();
    }

    /// The instrument of a row; `find` is asked once a pair of codes.
    #[inline]
    pub fn instrument(
        &mut self,
        bound: &Bound,
        row: usize,
        given: Option<&[u8]>,
        find: impl FnOnce(&[u8], &[u8]) -> Option<usize>,
    ) -> Result<Option<usize>, Fault> {
        let pair = bound.pair(row, given);
        if let Some((at, _)) = pair
            && let Some(Some(known)) = self.instruments.get(at)
        {
            return Ok(*known);
        }
        let found = find(bound.venue(row, given)?, bound.symbol(row)?);
        if let Some((at, pairs)) = pair {
            self.instruments.resize(pairs, None);
            self.instruments[at] = Some(found);
        }
        Ok(found)
    }
}

/// The columns of one batch by what they hold.
pub struct Bound<'a> {
    ts_event: (Column<'a>, &'a [i64]),
    ts_recv: (Column<'a>, &'a [i64]),
    symbol: Column<'a>,
    venue: Option<Column<'a>>,
    sequence: Option<(Column<'a>, &'a [i64])>,
    trade_id: Option<(Column<'a>, &'a [i64])>,
    price: (Column<'a>, &'a [f64]),
    size: (Column<'a>, &'a [f64]),
    side: Option<Column<'a>>,
    kind: Option<Column<'a>>,
}

impl Roles {
    pub fn bind<'a>(&self, columns: &[Column<'a>]) -> Result<Bound<'a>, Fault> {
        let at = |index: usize| columns.get(index).copied().ok_or_else(|| Fault::new("column-count", "a column of a role did not cross"));
        let ints = |index: usize| at(index).and_then(|column| Ok((column, column.i64s()?)));
        let floats = |index: usize| at(index).and_then(|column| Ok((column, column.f64s()?)));
        Ok(Bound {
            ts_event: ints(self.ts_event)?,
            ts_recv: ints(self.ts_recv.unwrap_or(self.ts_event))?,
            symbol: at(self.symbol)?,
            venue: self.venue.map(at).transpose()?,
            sequence: self.sequence.map(ints).transpose()?,
            trade_id: self.trade_id.map(ints).transpose()?,
            price: floats(self.price)?,
            size: floats(self.size)?,
            side: self.aggressor_side.map(at).transpose()?,
            kind: self.kind.map(at).transpose()?,
        })
    }
}

impl<'a> Bound<'a> {
    /// The kind of a row that is no trade.
    pub fn other_kind(&self, row: usize, known: &mut Known) -> Result<Option<&'a [u8]>, Fault> {
        let Some(kind) = self.kind else { return Ok(None) };
        if kind.is_valid(row) && known.trades.of(&kind, row, |word| word == b"trade")? {
            return Ok(None);
        }
        let word = if kind.is_valid(row) { kind.bytes(row)? } else { b"null" };
        Ok((word != b"trade").then_some(word))
    }

    /// Whether a value is null that a trade must have.
    pub fn lacks_value(&self, row: usize) -> bool {
        let always = [self.ts_event.0, self.ts_recv.0, self.symbol, self.price.0, self.size.0];
        let mapped = [self.venue, self.side];
        always.iter().any(|column| !column.is_valid(row)) || mapped.iter().flatten().any(|column| !column.is_valid(row))
    }

    pub fn ts_event(&self, row: usize) -> i64 {
        self.ts_event.1[row]
    }

    /// 0 where it is null, which only rows that are no trades can be.
    pub fn ts_recv(&self, row: usize) -> i64 {
        if self.ts_recv.0.is_valid(row) { self.ts_recv.1[row] } else { 0 }
    }

    /// Codes of venue and symbol as one number, and how many such numbers there are; None where they are no codes or too many.
    #[inline]
    fn pair(&self, row: usize, given: Option<&[u8]>) -> Option<(usize, usize)> {
        let code = |column: &Column| match column.values {
            Values::Word { codes, dictionary } => {
                usize::try_from(codes[row]).ok().filter(|code| *code < dictionary.len()).map(|code| (code, dictionary.len()))
            }
            _ => None,
        };
        let (venue, venues) = match (given, &self.venue) {
            (None, Some(column)) => code(column)?,
            _ => (0, 1),
        };
        let (symbol, symbols) = code(&self.symbol)?;
        let pairs = venues.checked_mul(symbols).filter(|pairs| *pairs <= PAIRS)?;
        Some((venue * symbols + symbol, pairs))
    }

    pub fn symbol(&self, row: usize) -> Result<&'a [u8], Fault> {
        self.symbol.bytes(row)
    }

    pub fn venue<'b>(&self, row: usize, given: Option<&'b [u8]>) -> Result<&'b [u8], Fault>
    where
        'a: 'b,
    {
        match (given, self.venue) {
            (Some(venue), _) => Ok(venue),
            (None, Some(column)) => column.bytes(row),
            (None, None) => Ok(b""),
        }
    }

    pub fn sequence(&self, row: usize) -> Option<i64> {
        self.sequence.and_then(|(column, values)| column.is_valid(row).then(|| values[row]))
    }

    pub fn trade_id(&self, row: usize) -> Option<i64> {
        self.trade_id.and_then(|(column, values)| column.is_valid(row).then(|| values[row]))
    }

    pub fn price_and_size(&self, row: usize) -> (f64, f64) {
        (self.price.1[row], self.size.1[row])
    }

    /// Whether the taker sold; `Ok(None)` where the input does not tell, `Err` where it says neither.
    #[inline]
    pub fn sell(&self, row: usize, known: &mut Known) -> Result<Result<Option<bool>, ()>, Fault> {
        let Some(side) = self.side else { return Ok(Ok(None)) };
        let sell = known.sells.of(&side, row, |word| {
            let buys = word.eq_ignore_ascii_case(b"buy");
            (buys || word.eq_ignore_ascii_case(b"sell")).then_some(!buys)
        })?;
        Ok(sell.map(Some).ok_or(()))
    }
}
