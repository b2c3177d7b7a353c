//! What prices of the market do: they mark positions and move rates, and show at the ends of intervals.

use super::judge::Refusal;
use super::prices::Prices;
use super::rows::Event;
use super::{BATCH_ROWS, Positions};
use crate::column::{Batch, Column};
use crate::fault::Fault;
use crate::money::rate_of;
use crate::output::Output;

impl Positions {
    pub(super) fn push_prices(&mut self, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(mut prices) = self.prices.take() else { return Ok(()) };
        prices.codes.follow(&batch.columns[prices.symbol])?;
        for row in 0..batch.rows {
            self.pass(&batch.columns[prices.ts], row, floor_ns, output)?;
            let Some((ts_ns, symbol)) = prices.place(batch, row, &self.lexicons)?.unwrap_or_else(|refusal| {
                self.refused.push((row as i32, refusal));
                None
            }) else {
                continue;
            };
            if let Err(refusal) = self.price(&prices, batch, row, (ts_ns, ts_ns.max(floor_ns), symbol))? {
                self.refused.push((row as i32, refusal));
            }
        }
        self.prices = Some(prices);
        Ok(())
    }

    /// A price of a symbol that is known, at its own time and the time it came.
    fn price(
        &mut self,
        prices: &Prices,
        batch: &Batch,
        row: usize,
        (ts_ns, now, symbol): (i64, i64, u32),
    ) -> Result<Result<(), Refusal>, Fault> {
        let every = i128::from(self.params.mark_every);
        let due = (i128::from(now).div_euclid(every) + 1) * every;
        let Ok(due_ns) = i64::try_from(due) else { return Ok(Err(Refusal::TsOutOfRange)) };
        let (thousandths, price) = match prices.read(batch, row, self.params.instruments.get(symbol as usize))? {
            Ok(read) => read,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let crosses = &self.crosses[symbol as usize];
        if crosses.iter().any(|(_, inverse)| rate_of(price, *inverse).is_none()) {
            return Ok(Err(if price > 0.0 { Refusal::PriceOutOfRange } else { Refusal::PriceNotPositive }));
        }
        if self.market.is_old(symbol, ts_ns) {
            return Ok(Ok(()));
        }
        if let Some(thousandths) = thousandths {
            self.market.set_mark(symbol, thousandths, due_ns);
        }
        for (currency, inverse) in crosses {
            if let Some(rate) = rate_of(price, *inverse)
                && self.market.set_rate(*currency, rate, due_ns)
            {
                self.accounts.iter_mut().for_each(|account| account.ledgers[*currency].settle(rate));
            }
        }
        Ok(Ok(()))
    }

    /// A row of any port takes time on with it, whatever becomes of it.
    pub(super) fn pass(&mut self, ts: &Column, row: usize, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        if self.market.due_ns.is_none() || !ts.is_valid(row) {
            return Ok(());
        }
        self.mark_until(ts.i64s()?[row].max(floor_ns), output)
    }

    /// Shows what moved prices did, when an interval that had some is over at that time.
    pub(super) fn mark_until(&mut self, now_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let Some(due_ns) = self.market.due_ns.filter(|due| *due <= now_ns) else { return Ok(()) };
        for id in 0..self.accounts.len() {
            let Self { params, market, accounts, touched, rows, .. } = self;
            let account = &mut accounts[id];
            account.refresh(market, &params.instruments, self.limit);
            let mut any = false;
            for position in account.positions.iter().filter(|position| position.lots != 0) {
                let instrument = &params.instruments[position.symbol as usize];
                if market.has_moved(position.symbol) || market.rate_has_moved(instrument.currency) {
                    rows.push((due_ns, id as u32, Event::Mark), position, instrument, market, 0);
                    touched[instrument.currency] = true;
                    any = true;
                }
            }
            for (currency, touched) in touched.iter_mut().enumerate() {
                if market.rate_has_moved(currency) && !account.ledgers[currency].is_empty() {
                    *touched = true;
                    any = true;
                }
            }
            if any {
                self.show(id as u32, due_ns, Event::Mark);
            }
            if self.rows.len() >= BATCH_ROWS {
                self.flush(output)?;
            }
        }
        self.market.settle();
        Ok(())
    }
}
