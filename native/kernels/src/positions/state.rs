//! The snapshot: symbols and currencies by word, so that an instrument table may grow.

use super::account::Account;
use super::params::Params;
use super::{Positions, slot};
use crate::fault::Fault;
use crate::lexicon::Lexicon;
use crate::money::{read_wide, write_wide};
use crate::snapshot::{Reader, Writer, corrupt};

pub fn write(kernel: &Positions, into: &mut Writer) {
    let Params { method, currencies, instruments, .. } = &kernel.params;
    into.u32(*method as u32);
    into.count(currencies.len());
    currencies.iter().for_each(|word| into.bytes(word.as_bytes()));
    into.count(kernel.symbols.len());
    for (id, word) in kernel.symbols.iter().enumerate() {
        into.bytes(word.as_bytes());
        let listed = instruments.get(id);
        write_wide(listed.map_or(0, |instrument| instrument.point), into);
        into.f64(listed.map_or(0.0, |instrument| instrument.tick));
        into.f64(listed.map_or(0.0, |instrument| instrument.lot));
    }
    kernel.market.write(into);
    into.count(kernel.accounts.len());
    for (account, word) in kernel.accounts.iter().zip(kernel.words.accounts.words()) {
        into.bytes(word);
        account.write(into);
    }
}

pub fn read(kernel: &mut Positions, from: &mut Reader) -> Result<(), Fault> {
    if from.u32()? != kernel.params.method as u32 {
        return Err(Fault::new("snapshot-foreign", "the snapshot is of positions by another method"));
    }
    let currencies = (0..from.count()?).map(|_| currency(from, &kernel.lexicons.currencies)).collect::<Result<Vec<_>, _>>()?;
    let symbols = (0..from.count()?).map(|_| symbol(from, &kernel.params, &kernel.lexicons.symbols)).collect::<Result<Vec<_>, _>>()?;
    kernel.market.read(from, &symbols, &currencies)?;
    let instruments = kernel.params.instruments.len();
    let held: Vec<_> = symbols.iter().map(|id| id.filter(|id| (*id as usize) < instruments)).collect();
    for _ in 0..from.count()? {
        let id = kernel.words.accounts.id(from.bytes()?);
        let account = Account::read(from, kernel.params.currencies.len(), &currencies, &held)?;
        for (at, position) in account.positions.iter().enumerate() {
            kernel.slots.insert(slot(id, position.symbol), at as u32);
        }
        kernel.accounts.push(account);
    }
    if kernel.accounts.len() == kernel.words.accounts.len() { Ok(()) } else { Err(corrupt()) }
}

fn currency(from: &mut Reader, lexicon: &Lexicon) -> Result<usize, Fault> {
    let word = from.bytes()?;
    let found = lexicon.id(word).map(|id| id as usize);
    found.ok_or_else(|| foreign(format!("the snapshot holds currency \"{}\", which is not listed", String::from_utf8_lossy(word))))
}

/// Today's number of a symbol; None where it is not known any more.
fn symbol(from: &mut Reader, params: &Params, lexicon: &Lexicon) -> Result<Option<u32>, Fault> {
    let word = from.bytes()?;
    let (point, tick, lot) = (read_wide(from)?, from.f64()?, from.f64()?);
    let Some(id) = lexicon.id(word) else { return Ok(None) };
    if let Some(now) = params.instruments.get(id as usize)
        && point != 0
        && (now.point, now.tick.to_bits(), now.lot.to_bits()) != (point, tick.to_bits(), lot.to_bits())
    {
        return Err(foreign(format!("the snapshot holds \"{}\" with another tick, lot or contract size", now.symbol)));
    }
    Ok(Some(id))
}

fn foreign(message: String) -> Fault {
    Fault::new("snapshot-foreign", message)
}
