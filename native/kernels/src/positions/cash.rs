use super::judge::{Lexicons, Refusal};
use crate::column::Batch;
use crate::config::{Kind, Port};
use crate::dictionary::Remap;
use crate::fault::Fault;
use crate::lexicon::Codes;
use crate::money::units_of;

/// Where the columns of port `cash` are.
pub struct Cash {
    pub port: usize,
    pub ts: usize,
    pub account: usize,
    pub currency: usize,
    amount: usize,
    pub codes: Codes,
    pub remap: Remap,
}

impl Cash {
    pub fn new(port: usize, spec: &Port) -> Result<Self, Fault> {
        Ok(Self {
            port,
            ts: spec.column("ts_event", Kind::I64)?,
            account: spec.column("account", Kind::Word)?,
            currency: spec.column("currency", Kind::Word)?,
            amount: spec.column("amount", Kind::F64)?,
            codes: Codes::default(),
            remap: Remap::default(),
        })
    }

    /// When, in which currency and how much.
    pub fn read(&mut self, batch: &Batch, row: usize, lexicons: &Lexicons) -> Result<Result<(i64, usize, i128), Refusal>, Fault> {
        let [ts, account, currency, amount] = [self.ts, self.account, self.currency, self.amount].map(|at| &batch.columns[at]);
        if !ts.is_valid(row) {
            return Ok(Err(Refusal::TsMissing));
        }
        if !account.is_valid(row) {
            return Ok(Err(Refusal::AccountMissing));
        }
        if !currency.is_valid(row) {
            return Ok(Err(Refusal::CurrencyMissing));
        }
        let Some(currency) = self.codes.id(currency, row, &lexicons.currencies)? else { return Ok(Err(Refusal::CurrencyUnknown)) };
        if !amount.is_valid(row) {
            return Ok(Err(Refusal::AmountMissing));
        }
        let value = amount.f64s()?[row];
        if !value.is_finite() {
            return Ok(Err(Refusal::AmountNotFinite));
        }
        Ok(match units_of(value) {
            None => Err(Refusal::AmountOutOfRange),
            Some(0) => Err(Refusal::AmountZero),
            Some(units) => Ok((ts.i64s()?[row], currency as usize, units)),
        })
    }
}
