use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use std::collections::VecDeque;

/// The best bid and ask from a time on.
#[derive(Debug, Clone, Copy)]
pub struct Quote {
    pub ts_ns: i64,
    pub bid: f64,
    pub bid_size: f64,
    pub ask: f64,
    pub ask_size: f64,
}

impl Quote {
    pub fn mid(&self) -> f64 {
        (self.bid + self.ask) / 2.0
    }

    /// What the change from the quote before adds to the demand at the top of the book: e_n of Cont, Kukanov and Stoikov (2014), eq. 3.
    fn flow(&self, before: &Self) -> f64 {
        let mut flow = 0.0;
        if self.bid >= before.bid {
            flow += self.bid_size;
        }
        if self.bid <= before.bid {
            flow -= before.bid_size;
        }
        if self.ask <= before.ask {
            flow -= self.ask_size;
        }
        if self.ask >= before.ask {
            flow += before.ask_size;
        }
        flow
    }

    fn write(&self, into: &mut Writer) {
        into.i64(self.ts_ns);
        into.f64s(&[self.bid, self.bid_size, self.ask, self.ask_size]);
    }

    fn read(from: &mut Reader) -> Result<Self, Fault> {
        let ts_ns = from.i64()?;
        let mut values = [0.0; 4];
        from.f64s(&mut values)?;
        let [bid, bid_size, ask, ask_size] = values;
        Ok(Self { ts_ns, bid, bid_size, ask, ask_size })
    }
}

/// A print: 1 bought, -1 sold, 0 not told.
#[derive(Debug, Clone, Copy)]
pub struct Trade {
    pub ts_ns: i64,
    pub size: f64,
    pub sign: f64,
}

/// Rows that no interval has taken yet, in order of arrival, sorted by time when they are asked for.
#[derive(Debug, Clone)]
pub struct Pending<T> {
    rows: Vec<T>,
    /// Rows before it are taken.
    head: usize,
    sorted: bool,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), head: 0, sorted: true }
    }
}

impl<T: Copy> Pending<T> {
    pub fn push(&mut self, row: T, ts_ns: impl Fn(&T) -> i64) {
        self.sorted &= self.rows.last().is_none_or(|last| ts_ns(last) <= ts_ns(&row));
        self.rows.push(row);
    }

    /// Takes the rows before a time, in order of time, of equal times in order of arrival.
    fn before(&mut self, end_ns: i64, ts_ns: impl Fn(&T) -> i64) -> &[T] {
        if !self.sorted {
            self.rows[self.head..].sort_by_key(&ts_ns);
            self.sorted = true;
        }
        let from = self.head;
        self.head += self.rows[from..].iter().take_while(|row| ts_ns(row) < end_ns).count();
        &self.rows[from..self.head]
    }

    fn forget_taken(&mut self) {
        self.rows.drain(..self.head);
        self.head = 0;
    }

    fn rows(&self) -> &[T] {
        &self.rows[self.head..]
    }
}

/// The state and the flow of one key in one interval.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flow {
    pub quotes: i64,
    pub order_flow: f64,
    pub variance: f64,
    pub trades: i64,
    pub volume: f64,
    pub signed_volume: f64,
}

/// One key.
#[derive(Debug, Clone, Default)]
pub struct Series {
    pub quotes: Pending<Quote>,
    pub trades: Pending<Trade>,
    /// The last quote that an interval has taken.
    pub last: Option<Quote>,
    /// Ends of intervals with quotes and their last quote's time and mid, for returns: oldest first.
    past: VecDeque<(i64, i64, f64)>,
    /// An end that is due already, so that it need not be said for every row.
    pub marked: Option<i64>,
}

impl Series {
    /// Takes what is before the end. A quote whose predecessor is older than `stale_ns` begins anew.
    pub fn take(&mut self, end_ns: i64, stale_ns: i64) -> Flow {
        let mut flow = Flow::default();
        for quote in self.quotes.before(end_ns, |quote| quote.ts_ns) {
            if let Some(before) = &self.last
                && quote.ts_ns.saturating_sub(before.ts_ns) <= stale_ns
            {
                flow.order_flow += quote.flow(before);
                let change = libm::log(quote.mid() / before.mid());
                flow.variance += change * change;
            }
            flow.quotes += 1;
            self.last = Some(*quote);
        }
        for trade in self.trades.before(end_ns, |trade| trade.ts_ns) {
            flow.trades += 1;
            flow.volume += trade.size;
            flow.signed_volume += trade.sign * trade.size;
        }
        flow
    }

    /// Keeps the mid at the end of an interval with quotes; those that no return reaches are forgotten.
    pub fn keep(&mut self, end_ns: i64, quote: &Quote, longest_ns: i64) {
        self.past.push_back((end_ns, quote.ts_ns, quote.mid()));
        let oldest = end_ns.saturating_sub(longest_ns);
        while self.past.get(1).is_some_and(|(end, ..)| *end <= oldest) {
            self.past.pop_front();
        }
    }

    /// The mid that was known at the end of an interval, unless it was older than `stale_ns` then.
    pub fn mid_at(&self, end_ns: i64, stale_ns: i64) -> Option<f64> {
        let at = self.past.partition_point(|(end, ..)| *end <= end_ns);
        let (_, ts_ns, mid) = *self.past.get(at.checked_sub(1)?)?;
        (end_ns.saturating_sub(ts_ns) <= stale_ns).then_some(mid)
    }

    pub fn forget_taken(&mut self) {
        self.quotes.forget_taken();
        self.trades.forget_taken();
    }

    pub fn write(&self, into: &mut Writer) {
        into.count(self.quotes.rows().len());
        self.quotes.rows().iter().for_each(|quote| quote.write(into));
        into.count(self.trades.rows().len());
        for trade in self.trades.rows() {
            into.i64(trade.ts_ns);
            into.f64s(&[trade.size, trade.sign]);
        }
        into.count(usize::from(self.last.is_some()));
        self.last.iter().for_each(|quote| quote.write(into));
        into.count(self.past.len());
        for (end_ns, ts_ns, mid) in &self.past {
            into.i64(*end_ns);
            into.i64(*ts_ns);
            into.f64(*mid);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let mut series = Self::default();
        for _ in 0..from.count()? {
            series.quotes.push(Quote::read(from)?, |quote| quote.ts_ns);
        }
        for _ in 0..from.count()? {
            let trade = Trade { ts_ns: from.i64()?, size: from.f64()?, sign: from.f64()? };
            series.trades.push(trade, |trade| trade.ts_ns);
        }
        for _ in 0..from.count()? {
            series.last = Some(Quote::read(from)?);
        }
        for _ in 0..from.count()? {
            series.past.push_back((from.i64()?, from.i64()?, from.f64()?));
        }
        Ok(series)
    }
}
